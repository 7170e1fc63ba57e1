// TLS: who is trusted, who is not, and how certificates change.

#include <httplib.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "gate/adapters/beast_http_client.h"
#include "tests/support/raw_server.h"
#include "tests/support/test_certificates.h"
#include "tests/unit/adapters/http_test_helpers.h"

namespace gate {
namespace {

class HttpClientTlsTest : public testing::Test {
 protected:
  HttpClientTlsTest() {
    std::string pattern = testing::TempDir() + "http-tls-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~HttpClientTlsTest() override { std::filesystem::remove_all(directory_); }

  // Replaces the file as a whole, as Kubernetes does.
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
    return path;
  }

  HttpClientOptions Trusting(const TestAuthority& authority) const {
    HttpClientOptions options;
    options.tls.ca_pem = authority.cert_pem();
    return options;
  }

  static Result<HttpResponse, HttpError> Get(const HttpClientOptions& options,
                                             const std::string& url) {
    return BeastHttpClient(options).Send(GetOf(url), In(kPlenty));
  }

  static void ExpectOk(const Result<HttpResponse, HttpError>& result) {
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result.value().body, "ok");
  }

  static void ExpectRefused(const Result<HttpResponse, HttpError>& result,
                            const std::string& reason) {
    const HttpError error = ErrorOf(result);
    EXPECT_EQ(error.kind, HttpErrorKind::kTls) << error.message;
    EXPECT_NE(error.message.find(reason), std::string::npos) << error.message;
  }

  RawServer::Tls Tls(const TestAuthority::Issued& issued, const std::string& client_ca = "") const {
    return {issued.cert_pem, issued.key_pem, client_ca};
  }

  std::string directory_;
  const TestAuthority authority_;
  const TestAuthority stranger_{"another authority"};
};

TEST_F(HttpClientTlsTest, TalksToAPeerWithATrustedCertificateForItsAddress) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"})));
  ExpectOk(Get(Trusting(authority_), server.Url()));
}

TEST_F(HttpClientTlsTest, TalksToAPeerWithATrustedCertificateForItsName) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"localhost"})));
  ExpectOk(Get(Trusting(authority_), "https://localhost:" + std::to_string(server.port()) + "/"));
}

TEST_F(HttpClientTlsTest, UnderstandsAnIndependentServer) {
  const auto issued = authority_.Issue({"127.0.0.1"});
  const std::string cert = Write("cert", issued.cert_pem);
  const std::string key = Write("key", issued.key_pem);
  httplib::SSLServer server(cert.c_str(), key.c_str());
  server.Post("/", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.body, "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&] { server.listen_after_bind(); });
  const std::string large(300'000, 'x');
  const auto response =
      BeastHttpClient(Trusting(authority_))
          .Send(PostOf("https://127.0.0.1:" + std::to_string(port) + "/", large), In(kPlenty));
  server.stop();
  thread.join();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response.value().body, large);
}

TEST_F(HttpClientTlsTest, RefusesAnUnknownAuthority) {
  const RawServer server(AnswerAll, Tls(stranger_.Issue({"127.0.0.1"})));
  ExpectRefused(Get(Trusting(authority_), server.Url()), "local issuer certificate");
}

TEST_F(HttpClientTlsTest, RefusesASelfSignedCertificate) {
  const RawServer server(AnswerAll, Tls(TestAuthority::SelfSigned({"127.0.0.1"})));
  ExpectRefused(Get(Trusting(authority_), server.Url()), "self-signed certificate");
}

TEST_F(HttpClientTlsTest, RefusesAnExpiredCertificate) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"}, std::chrono::minutes(59))));
  ExpectRefused(Get(Trusting(authority_), server.Url()), "certificate has expired");
}

TEST_F(HttpClientTlsTest, RefusesACertificateForAnotherAddress) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.2", "localhost"})));
  ExpectRefused(Get(Trusting(authority_), server.Url()), "IP address mismatch");
}

TEST_F(HttpClientTlsTest, RefusesACertificateForAnotherName) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"other.example", "127.0.0.1"})));
  ExpectRefused(
      Get(Trusting(authority_), "https://localhost:" + std::to_string(server.port()) + "/"),
      "ostname mismatch");
}

TEST_F(HttpClientTlsTest, ByDefaultTrustsOnlyTheSystemsAuthorities) {
  if (!std::filesystem::exists(kSystemCaFile)) GTEST_SKIP() << kSystemCaFile << " is missing";
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"})));
  ExpectRefused(Get({}, server.Url()), "local issuer certificate");
}

TEST_F(HttpClientTlsTest, TheServerNameOptionReplacesTheUrlsHost) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"api.internal"})));
  HttpClientOptions options = Trusting(authority_);
  options.tls.server_name = "api.internal";
  ExpectOk(Get(options, server.Url()));
  options.tls.server_name = "api.external";
  ExpectRefused(Get(options, server.Url()), "ostname mismatch");
}

TEST_F(HttpClientTlsTest, RefusesVersionsBeforeTls12) {
  const auto issued = authority_.Issue({"127.0.0.1"});
  const std::string cert = Write("cert", issued.cert_pem);
  const std::string key = Write("key", issued.key_pem);
  httplib::SSLServer server(cert.c_str(), key.c_str());
  SSL_CTX_set_security_level(server.ssl_context(), 0);
  SSL_CTX_set_min_proto_version(server.ssl_context(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(server.ssl_context(), TLS1_1_VERSION);
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&] { server.listen_after_bind(); });
  const HttpError error =
      ErrorOf(Get(Trusting(authority_), "https://127.0.0.1:" + std::to_string(port) + "/"));
  server.stop();
  thread.join();
  EXPECT_EQ(error.kind, HttpErrorKind::kTls) << error.message;
}

TEST_F(HttpClientTlsTest, APeerWithoutTlsIsATlsError) {
  const RawServer server([](RawPeer& peer) {
    peer.Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.AwaitClose();
  });
  const HttpError error = ErrorOf(
      Get(Trusting(authority_), "https://127.0.0.1:" + std::to_string(server.port()) + "/"));
  EXPECT_EQ(error.kind, HttpErrorKind::kTls) << error.message;
}

TEST_F(HttpClientTlsTest, APeerThatClosesInTheHandshakeIsAReset) {
  const RawServer server([](RawPeer& peer) {
    peer.AwaitData();
    peer.Reset();
  });
  EXPECT_EQ(
      ErrorOf(Get(Trusting(authority_), "https://127.0.0.1:" + std::to_string(server.port()) + "/"))
          .kind,
      HttpErrorKind::kReset);
}

// --- Client certificates

TEST_F(HttpClientTlsTest, ShowsItsCertificateFromFiles) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"}), stranger_.cert_pem()));
  const auto mine = stranger_.Issue({"gate"});
  HttpClientOptions options = Trusting(authority_);
  options.tls.client_cert_file = Write("cert", mine.cert_pem);
  options.tls.client_key_file = Write("key", mine.key_pem);
  ExpectOk(Get(options, server.Url()));
}

TEST_F(HttpClientTlsTest, ShowsItsCertificateFromMemory) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"}), stranger_.cert_pem()));
  const auto mine = stranger_.Issue({"gate"});
  HttpClientOptions options = Trusting(authority_);
  options.tls.client_cert_pem = mine.cert_pem;
  options.tls.client_key_pem = Secret(mine.key_pem);
  ExpectOk(Get(options, server.Url()));
}

TEST_F(HttpClientTlsTest, WithoutTheCertificateThatIsDemandedTheErrorIsTls) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"}), stranger_.cert_pem()));
  ExpectRefused(Get(Trusting(authority_), server.Url()), "certificate required");
}

TEST_F(HttpClientTlsTest, WithACertificateThatThePeerDoesNotTrustTheErrorIsTls) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"}), stranger_.cert_pem()));
  const auto mine = authority_.Issue({"gate"});
  HttpClientOptions options = Trusting(authority_);
  options.tls.client_cert_pem = mine.cert_pem;
  options.tls.client_key_pem = Secret(mine.key_pem);
  ExpectRefused(Get(options, server.Url()), "unknown ca");
}

// --- Settings

TEST_F(HttpClientTlsTest, NamesTheFileThatCannotBeUsed) {
  const auto mine = authority_.Issue({"gate"});
  const std::string good_cert = Write("good-cert", mine.cert_pem);
  const std::string good_key = Write("good-key", mine.key_pem);
  const std::string empty = Write("empty", "");
  const std::string broken =
      Write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const std::string other_key = Write("other-key", authority_.Issue({"gate"}).key_pem);
  const std::string missing = directory_ + "/missing";
  const auto refused = [&](const std::string& path, const TlsOptions& tls) {
    HttpClientOptions options;
    options.tls = tls;
    const HttpError error = ErrorOf(Get(options, "https://127.0.0.1:1/"));
    EXPECT_EQ(error.kind, HttpErrorKind::kInvalidRequest) << error.message;
    EXPECT_NE(error.message.find(path), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find("BEGIN"), std::string::npos);
  };
  for (const std::string& ca : {missing, empty, broken, directory_, good_key}) {
    TlsOptions tls;
    tls.ca_file = ca;
    refused(ca, tls);
  }
  for (const std::string& cert : {missing, empty, broken}) {
    TlsOptions tls;
    tls.ca_pem = authority_.cert_pem();
    tls.client_cert_file = cert;
    tls.client_key_file = good_key;
    refused(cert, tls);
  }
  for (const std::string& key : {missing, empty, broken, good_cert, other_key}) {
    TlsOptions tls;
    tls.ca_pem = authority_.cert_pem();
    tls.client_cert_file = good_cert;
    tls.client_key_file = key;
    refused(key, tls);
  }
}

TEST_F(HttpClientTlsTest, RefusesContradictorySettings) {
  const auto refused = [&](const TlsOptions& tls) {
    HttpClientOptions options;
    options.tls = tls;
    EXPECT_EQ(ErrorOf(Get(options, "https://127.0.0.1:1/")).kind, HttpErrorKind::kInvalidRequest);
  };
  const auto mine = authority_.Issue({"gate"});
  const std::string ca = authority_.cert_pem();
  const std::string ca_file = Write("ca", ca);
  const std::string cert = Write("cert", mine.cert_pem);
  const std::string key = Write("key", mine.key_pem);
  refused({.ca_file = ca_file, .ca_pem = ca});
  refused({.ca_pem = ca, .client_cert_file = cert});
  refused({.ca_pem = ca, .client_key_file = key});
  refused({.ca_pem = ca,
           .client_cert_file = cert,
           .client_cert_pem = mine.cert_pem,
           .client_key_file = key});
  refused({.ca_pem = ca,
           .client_cert_file = cert,
           .client_key_file = key,
           .client_key_pem = Secret(mine.key_pem)});
}

TEST_F(HttpClientTlsTest, NeverAsksForThePasswordOfAKey) {
  const auto mine = authority_.Issue({"gate"});
  BIO* in = BIO_new_mem_buf(mine.key_pem.data(), static_cast<int>(mine.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  BIO* out = BIO_new(BIO_s_mem());
  const unsigned char password[] = "hunter2";
  ASSERT_EQ(PEM_write_bio_PrivateKey(out, key, EVP_aes_128_cbc(), password, 7, nullptr, nullptr),
            1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  HttpClientOptions options = Trusting(authority_);
  options.tls.client_cert_pem = mine.cert_pem;
  options.tls.client_key_pem = Secret(std::string(data, static_cast<std::size_t>(size)));
  EVP_PKEY_free(key);
  BIO_free(in);
  BIO_free(out);
  EXPECT_EQ(ErrorOf(Get(options, "https://127.0.0.1:1/")).kind, HttpErrorKind::kInvalidRequest);
}

TEST_F(HttpClientTlsTest, PlainHttpNeedsNoTlsSettings) {
  const RawServer server(AnswerAll);
  HttpClientOptions options;
  options.tls.ca_file = directory_ + "/missing";
  ExpectOk(Get(options, server.Url()));
}

// --- Rotation

TEST_F(HttpClientTlsTest, TrustsANewAuthorityOnceItsFileHasChanged) {
  RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"})));
  HttpClientOptions options;
  options.tls.ca_file = Write("ca", authority_.cert_pem());
  BeastHttpClient client(options);
  ExpectOk(client.Send(GetOf(server.Url()), In(kPlenty)));

  Write("ca", stranger_.cert_pem());
  // Also the connection that was kept is not used any more.
  ExpectRefused(client.Send(GetOf(server.Url()), In(kPlenty)), "local issuer certificate");

  server.UseTls(Tls(stranger_.Issue({"127.0.0.1"})));
  ExpectOk(client.Send(GetOf(server.Url()), In(kPlenty)));
  ExpectOk(client.Send(GetOf(server.Url()), In(kPlenty)));
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(HttpClientTlsTest, ShowsANewCertificateOnceItsFileHasChanged) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"}), stranger_.cert_pem()));
  const auto bad = authority_.Issue({"gate"});
  const auto good = stranger_.Issue({"gate"});
  HttpClientOptions options = Trusting(authority_);
  options.tls.client_cert_file = Write("cert", bad.cert_pem);
  options.tls.client_key_file = Write("key", bad.key_pem);
  BeastHttpClient client(options);
  ExpectRefused(client.Send(GetOf(server.Url()), In(kPlenty)), "unknown ca");
  Write("cert", good.cert_pem);
  // In the middle of a rotation the two do not match: an error, but not for good.
  EXPECT_EQ(ErrorOf(client.Send(GetOf(server.Url()), In(kPlenty))).kind,
            HttpErrorKind::kInvalidRequest);
  Write("key", good.key_pem);
  ExpectOk(client.Send(GetOf(server.Url()), In(kPlenty)));
}

// --- What an attacker in between could cut off

TEST_F(HttpClientTlsTest, UsesAConnectionAgain) {
  const RawServer server(AnswerAll, Tls(authority_.Issue({"127.0.0.1"})));
  BeastHttpClient client(Trusting(authority_));
  for (int i = 0; i < 3; ++i) ExpectOk(client.Send(GetOf(server.Url()), In(kPlenty)));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTlsTest, ABodyWithoutLengthThatIsCutOffIsAReset) {
  const RawServer server(
      [](RawPeer& peer) {
        peer.ReadRequest();
        peer.Send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of i");
      },
      Tls(authority_.Issue({"127.0.0.1"})));
  EXPECT_EQ(ErrorOf(Get(Trusting(authority_), server.Url())).kind, HttpErrorKind::kReset);
}

TEST_F(HttpClientTlsTest, ABodyWithoutLengthThatEndsProperlyIsComplete) {
  const RawServer server(
      [](RawPeer& peer) {
        peer.ReadRequest();
        peer.Send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok");
        peer.CloseNotify();
      },
      Tls(authority_.Issue({"127.0.0.1"})));
  ExpectOk(Get(Trusting(authority_), server.Url()));
}

TEST_F(HttpClientTlsTest, ABodyWithLengthThatIsCutOffIsAReset) {
  const RawServer server(
      [](RawPeer& peer) {
        peer.ReadRequest();
        peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        peer.CloseNotify();
      },
      Tls(authority_.Issue({"127.0.0.1"})));
  EXPECT_EQ(ErrorOf(Get(Trusting(authority_), server.Url())).kind, HttpErrorKind::kReset);
}

TEST_F(HttpClientTlsTest, TheDeadlineHoldsInTls) {
  const RawServer server(
      [](RawPeer& peer) {
        peer.ReadRequest();
        peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
        peer.Drip(std::string(10'000, 'x'), std::chrono::milliseconds(10));
      },
      Tls(authority_.Issue({"127.0.0.1"})));
  BeastHttpClient client(Trusting(authority_));
  ExpectTimeout(client, GetOf(server.Url()), "reading");
  ExpectCancelled(client, GetOf(server.Url()), "reading");
}

}  // namespace
}  // namespace gate
