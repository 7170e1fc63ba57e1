#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <optional>
#include <string>

#include "mock-mc/wire/certificates.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/mock_mc/raw_client.h"
#include "tests/unit/mock_mc/support.h"
#include "tests/unit/mock_mc/test_server.h"

namespace mock_mc::testing {
namespace {

using gate::Json;
using TlsEnd = TlsOutcome::End;

constexpr std::string_view kRules = "\nrules: [{id: a, match: {path: /a}, body: A}]\n";

std::string Listeners(const std::string& list) {
  return "listeners:\n" + list + std::string(kRules);
}

// The only journal entry about a connection of this listener.
Json EntryOf(TestServer& server, const std::string& listener, const std::string& ended) {
  return server.Ended("listener/" + listener, ended);
}

bool IsAnswered(RawClient& client) {
  client.Get("/a");
  return client.ReadAnswer().ends_with("\r\n\r\nA");
}

TEST(ListenerTest, RefusesConnections) {
  TestServer server(Listeners("  - {name: gone, address: \"127.0.0.1:0\", accept: refuse}\n"));
  EXPECT_EQ(TryConnect(server.listener("gone"), std::chrono::seconds(10)), ECONNREFUSED);
  RawClient client(server.http());
  EXPECT_TRUE(IsAnswered(client));
}

TEST(ListenerTest, LetsConnectionsTimeOut) {
  TestServer server(Listeners("  - {name: dark, address: \"127.0.0.1:0\", accept: timeout}\n"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(TryConnect(server.listener("dark"), std::chrono::milliseconds(200)), ETIMEDOUT);
  }
}

// Over TLS it happens before there is any TLS.
class AcceptFaultTest : public ::testing::TestWithParam<std::string> {
 protected:
  static std::string Listener(const std::string& fault) {
    return Listeners("  - {name: x, address: \"127.0.0.1:0\", accept: " + fault + GetParam() +
                     "}\n");
  }
};

INSTANTIATE_TEST_SUITE_P(Transports, AcceptFaultTest, ::testing::Values("", ", tls: {}"),
                         [](const auto& suite) { return suite.param.empty() ? "Plain" : "Tls"; });

TEST_P(AcceptFaultTest, Resets) {
  TestServer server(Listener("reset"));
  RawClient client(server.listener("x"));
  EXPECT_EQ(client.ReadToEnd().end, End::kReset);
  const Json entry = EntryOf(server, "x", "rst");
  EXPECT_EQ(entry.at("response"), "accept");
  EXPECT_EQ(entry.at("fault"), "reset");
}

TEST_P(AcceptFaultTest, Closes) {
  TestServer server(Listener("close"));
  RawClient client(server.listener("x"));
  const Received received = client.ReadToEnd();
  EXPECT_EQ(received.end, End::kEof);
  EXPECT_EQ(received.bytes, "");
  EntryOf(server, "x", "fin");
}

TEST_P(AcceptFaultTest, SendsGarbage) {
  TestServer server(Listener("{garbage: {bytes: 100}}"));
  RawClient client(server.listener("x"));
  const Received received = client.ReadToEnd();
  EXPECT_EQ(received.end, End::kEof);
  EXPECT_EQ(received.bytes.size(), 100U);
}

TEST_P(AcceptFaultTest, StallsUntilTheClientGoes) {
  TestServer server(Listener("stall"));
  RawClient client(server.listener("x"));
  client.Get("/a");
  EXPECT_TRUE(server.Admin("GET", "/wait?timeout=10s&rule=listener/x").at("reached").get<bool>());
  client.Reset();
  const Json entry = EntryOf(server, "x", "client-went-first");
  EXPECT_EQ(entry.at("endDetail"), "the client reset");
  EXPECT_EQ(entry.at("bytesWritten"), 0);
}

TEST_P(AcceptFaultTest, HalfCloses) {
  TestServer server(Listener("halfClose"));
  RawClient client(server.listener("x"));
  EXPECT_EQ(client.ReadToEnd().end, End::kEof);
  client.Send("12345");
  client.ShutdownSend();
  EXPECT_EQ(EntryOf(server, "x", "fin").at("bytesRead"), 5);
}

TEST_P(AcceptFaultTest, DelaysAndThenServes) {
  TestServer server(Listener("{delay: {for: 50ms}}"));
  RawClient client(server.listener("x"));
  if (!GetParam().empty()) client.StartTls();
  EXPECT_TRUE(IsAnswered(client));
  const Json entry = EntryOf(server, "x", "complete");
  EXPECT_GE(entry.at("endedNs").get<std::int64_t>() - entry.at("arrivedNs").get<std::int64_t>(),
            50'000'000);
}

// ---- certificates

TlsOutcome Verify(const std::string& address, const std::string& ca, const std::string& name) {
  RawClient client(address);
  TlsOptions options;
  options.server_name = name;
  options.ca_pem = ca;
  return client.TryTls(options);
}

TEST(TlsListenerTest, ShowsTheCertificateThatTheServerNameAsksFor) {
  TestServer server(
      Listeners("  - name: tls\n    address: \"127.0.0.1:0\"\n    tls:\n"
                "      names: [good.test]\n"
                "      sni:\n"
                "        expired.test: {certificate: expired}\n"
                "        early.test: {certificate: notYetValid}\n"
                "        other.test: {certificate: wrongName}\n"
                "        unknown.test: {certificate: unknownCa}\n"
                "        self.test: {certificate: selfSigned}\n"));
  const std::string ca = server.AdminText("/ca.pem");
  const auto error_of = [&](const std::string& name) {
    return Verify(server.listener("tls"), ca, name).verify_error;
  };
  EXPECT_EQ(error_of("good.test"), X509_V_OK);
  EXPECT_EQ(error_of("GOOD.TEST"), X509_V_OK);
  EXPECT_EQ(error_of("expired.test"), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(error_of("Early.Test"), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(error_of("other.test"), X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(error_of("unknown.test"), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  EXPECT_EQ(error_of("self.test"), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  EXPECT_EQ(error_of("stranger.test"), X509_V_ERR_HOSTNAME_MISMATCH);
}

TEST(TlsListenerTest, ShowsTheCertificateOfThePort) {
  TestServer server(
      Listeners("  - {name: old, address: \"127.0.0.1:0\", tls: {certificate: expired}}\n"
                "  - {name: good, address: \"127.0.0.1:0\", tls: {}}\n"));
  const std::string ca = server.AdminText("/ca.pem");
  EXPECT_EQ(Verify(server.listener("old"), ca, "localhost").verify_error,
            X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(Verify(server.listener("good"), ca, "localhost").end, TlsEnd::kGood);
  // A client that turns away says why.
  const Json entry = EntryOf(server, "old", "handshake-failed");
  EXPECT_EQ(entry.at("key"), "localhost");
  EXPECT_NE(entry.at("endDetail").get<std::string>().find("expired"), std::string::npos);
}

// ---- handshake

std::string WithHandshake(const std::string& fault) {
  return Listeners("  - {name: x, address: \"127.0.0.1:0\", tls: {sni: {bad.test: {handshake: " +
                   fault + "}}}}\n");
}

TlsOutcome HandshakeWith(const std::string& address, const std::string& name,
                         std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  RawClient client(address);
  TlsOptions options;
  options.server_name = name;
  options.patience = patience;
  return client.TryTls(options);
}

TEST(TlsListenerTest, EndsTheHandshakeAsScripted) {
  struct Case {
    const char* fault;
    TlsEnd end;
    const char* ended;
  };
  for (const Case& one :
       {Case{"reset", TlsEnd::kReset, "rst"}, Case{"close", TlsEnd::kEof, "fin"},
        Case{"abort", TlsEnd::kAlert, "fin"}, Case{"garbage", TlsEnd::kNoTls, "fin"}}) {
    SCOPED_TRACE(one.fault);
    TestServer server(WithHandshake(one.fault));
    EXPECT_EQ(HandshakeWith(server.listener("x"), "bad.test").end, one.end);
    const Json entry = EntryOf(server, "x", one.ended);
    EXPECT_EQ(entry.at("response"), "handshake");
    EXPECT_EQ(entry.at("key"), "bad.test");
    EXPECT_EQ(entry.at("fault"), one.fault);
    EXPECT_EQ(HandshakeWith(server.listener("x"), "good.test").end, TlsEnd::kGood);
  }
}

TEST(TlsListenerTest, StallsTheHandshake) {
  TestServer server(WithHandshake("stall"));
  EXPECT_EQ(HandshakeWith(server.listener("x"), "bad.test", std::chrono::milliseconds(200)).end,
            TlsEnd::kTimeOver);
  EntryOf(server, "x", "client-went-first");
}

TEST(TlsListenerTest, DelaysTheHandshakeAndThenServes) {
  TestServer server(WithHandshake("{delay: {for: 50ms}}"));
  RawClient client(server.listener("x"));
  TlsOptions options;
  options.server_name = "bad.test";
  EXPECT_EQ(client.TryTls(options).end, TlsEnd::kGood);
  EXPECT_TRUE(IsAnswered(client));
  EXPECT_EQ(EntryOf(server, "x", "complete").at("delayNs"), 50'000'000);
}

TEST(TlsListenerTest, SpeaksOldProtocolsOnly) {
  TestServer server(Listeners(
      "  - {name: x, address: \"127.0.0.1:0\", tls: {sni: {old.test: {protocols: old}}}}\n"));
  // Whether the server or the client turns away depends on what the client's OpenSSL still allows.
  EXPECT_NE(HandshakeWith(server.listener("x"), "old.test").end, TlsEnd::kGood);
  EXPECT_EQ(HandshakeWith(server.listener("x"), "new.test").protocol, "TLSv1.3");
  RawClient client(server.listener("x"));
  TlsOptions options;
  options.server_name = "old.test";
  options.old_protocols = true;
  EXPECT_EQ(client.TryTls(options).protocol, "TLSv1.1");
  EXPECT_TRUE(IsAnswered(client));
}

TEST(TlsListenerTest, ClosesWithoutCloseNotify) {
  TestServer server(
      Listeners("  - {name: rude, address: \"127.0.0.1:0\", tls: {closeNotify: false}}\n"
                "  - {name: polite, address: \"127.0.0.1:0\", tls: {}}\n"));
  const auto end_of = [&](const std::string& listener) {
    RawClient client(server.listener(listener));
    client.StartTls();
    client.Get("/a", "Connection: close\r\n");
    const Received received = client.ReadToEnd();
    EXPECT_TRUE(received.bytes.ends_with("\r\n\r\nA"));
    return received.end;
  };
  EXPECT_EQ(end_of("rude"), End::kTlsTruncated);
  EXPECT_EQ(end_of("polite"), End::kEof);
}

TEST(TlsListenerTest, ChecksClientCertificates) {
  const test_support::TempFolder folder;
  const Authority authority = *Authority::Make("clients");
  const CertifiedKey own = *authority.Pem();
  folder.Add("ca.pem", own.cert_pem);
  folder.Add("ca-key.pem", own.key_pem);
  TestServer server("authority: {certFile: " + folder.path() +
                    "/ca.pem, keyFile: " + folder.path() + "/ca-key.pem}\n" +
                    Listeners("  - {name: x, address: \"127.0.0.1:0\", tls: {clientCertificate: "
                              "required}}\n"));
  EXPECT_EQ(server.AdminText("/ca.pem"), own.cert_pem);
  const auto status = [&](const std::optional<CertifiedKey>& shown) {
    RawClient client(server.listener("x"));
    TlsOptions options;
    if (shown) {
      options.cert_pem = shown->cert_pem;
      options.key_pem = shown->key_pem;
    }
    // In TLS 1.3 a client is ready before it knows what the server thinks of its certificate.
    EXPECT_EQ(client.TryTls(options).end, TlsEnd::kGood);
    client.Get("/a", "Connection: close\r\n");
    return client.ReadToEnd().bytes.substr(0, 15);
  };
  EXPECT_EQ(status(authority.IssueClient("me").value()), "HTTP/1.1 200 OK");
  EXPECT_EQ(status(std::nullopt), "");
  EXPECT_EQ(status(Authority::Make("others")->IssueClient("me").value()), "");
  EXPECT_TRUE(server.Admin("GET", "/wait?timeout=10s&count=2&ended=handshake-failed")
                  .at("reached")
                  .get<bool>());
  EXPECT_EQ(server.Admin("GET", "/verify?min=2&max=2&ended=handshake-failed").at("result"), "true");
}

TEST(TlsListenerTest, SaysWhichFilesAreBad) {
  ServerOptions options;
  options.http = options.admin = "127.0.0.1:0";
  const auto server = Server::Start(
      options,
      GoodScript(Listeners("  - {name: x, address: \"127.0.0.1:0\", tls: {certFile: nowhere.pem, "
                           "keyFile: nowhere.pem}}\n")),
      "script.yaml");
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("nowhere.pem"), std::string::npos);
}

}  // namespace
}  // namespace mock_mc::testing
