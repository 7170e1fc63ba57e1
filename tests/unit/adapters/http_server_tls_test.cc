#include <gmock/gmock.h>

#include <thread>

#include "gate/adapters/beast_http_client.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_certificates.h"
#include "tests/unit/adapters/http_server_fixture.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HttpServerTlsTest : public HttpServerFixture {
 protected:
  void Present(const TestAuthority::Issued& issued) {
    options_.cert_file = folder_.Add("tls.crt", issued.cert_pem);
    options_.key_file = folder_.Add("tls.key", issued.key_pem);
  }

  // What a new client that trusts `authority` gets.
  Result<HttpResponse, HttpError> Ask(const TestAuthority& authority) {
    BeastHttpClient client({.tls = {.ca_pem = authority.cert_pem()}});
    return client.Send(PostOf(Url("/x"), "body"), In(kPlenty));
  }

  test_support::TempFolder folder_;
  TestAuthority authority_;
};

TEST_F(HttpServerTlsTest, ServesInTls) {
  Present(authority_.Issue({"127.0.0.1"}));
  Start();
  EXPECT_TRUE(server_->url().starts_with("https://127.0.0.1:"));
  const auto response = Ask(authority_);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "POST /x body");
}

TEST_F(HttpServerTlsTest, KeepsConnectionsAndSaysGoodbye) {
  Present(authority_.Issue({"127.0.0.1"}));
  Start();
  RawClient client(Address());
  client.StartTls();
  client.Get("/1");
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /1"));
  client.Get("/2", "Connection: close\r\n");
  const Received received = client.ReadToEnd();
  EXPECT_THAT(received.bytes, HasSubstr("GET /2"));
  EXPECT_EQ(received.end, End::kEof) << "an answer must not look cut off";
}

TEST_F(HttpServerTlsTest, ARefusalIsSeenInTlsToo) {
  Present(authority_.Issue({"127.0.0.1"}));
  Start();
  BeastHttpClient client({.tls = {.ca_pem = authority_.cert_pem()}});
  const auto response =
      client.Send(PostOf(Url("/"), std::string(std::size_t{1} << 20U, 'x')), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 413);
}

TEST_F(HttpServerTlsTest, ARotatedCertificateIsPresentedToNewConnections) {
  Present(authority_.Issue({"127.0.0.1"}));
  Start();
  RawClient old_connection(Address());
  old_connection.StartTls();
  old_connection.Get("/1");
  old_connection.ReadAnswer();
  const TestAuthority other("another authority");
  Present(other.Issue({"127.0.0.1"}));
  EXPECT_TRUE(Ask(other));
  EXPECT_EQ(ErrorOf(Ask(authority_)).kind, HttpErrorKind::kTls);
  old_connection.Get("/2");
  EXPECT_THAT(old_connection.ReadAnswer(), HasSubstr("GET /2"));
  EXPECT_THAT(warnings(), ::testing::IsEmpty());
}

TEST_F(HttpServerTlsTest, ARotationThatIsNoGoodChangesNothingAndIsTold) {
  Present(authority_.Issue({"127.0.0.1"}));
  Start();
  folder_.Add("tls.crt", "no certificate");
  EXPECT_TRUE(Ask(authority_));
  EXPECT_TRUE(Ask(authority_));
  EXPECT_THAT(warnings(), ElementsAre("the former certificate stays in use: certificate in " +
                                      options_.cert_file + ": no PEM certificate found"));
  const TestAuthority other("another authority");
  Present(other.Issue({"127.0.0.1"}));
  EXPECT_TRUE(Ask(other)) << "the next good one is taken";
}

TEST_F(HttpServerTlsTest, CertificateAndKeyMustBelongTogether) {
  Present(authority_.Issue({"127.0.0.1"}));
  folder_.Add("tls.key", authority_.Issue({"127.0.0.1"}).key_pem);
  const auto started = BeastHttpServer::Start(handler_, options_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(started.error().message, HasSubstr("key in " + options_.key_file));
}

TEST_F(HttpServerTlsTest, WhoeverDoesNotShakeHandsIsCutOff) {
  options_.handshake_timeout = milliseconds(100);
  Present(authority_.Issue({"127.0.0.1"}));
  Start();
  EXPECT_EQ(Exchange("").bytes, "");
  const std::string plain = Exchange("GET / HTTP/1.1\r\nHost: g\r\n\r\n").bytes;
  EXPECT_EQ(StatusOf(plain), 0) << plain;
  EXPECT_TRUE(Ask(authority_));
}

TEST_F(HttpServerTlsTest, StopEndsIdleAndUnfinishedConnections) {
  Present(authority_.Issue({"127.0.0.1"}));
  options_.grace = milliseconds(100);
  Start();
  std::jthread stopper;
  RawClient used(Address());
  used.StartTls();
  used.Get("/");
  used.ReadAnswer();
  RawClient silent(Address());
  stopper = std::jthread([&] { server_->Stop(); });
  EXPECT_EQ(used.ReadToEnd().end, End::kEof);
  EXPECT_EQ(silent.ReadToEnd().bytes, "");
}

}  // namespace
}  // namespace gate
