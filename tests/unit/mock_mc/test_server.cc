#include "tests/unit/mock_mc/test_server.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "tests/unit/mock_mc/raw_client.h"
#include "tests/unit/mock_mc/support.h"

namespace mock_mc::testing {

TestServer::TestServer(std::string_view rest, ServerOptions options) {
  options.http = "127.0.0.1:0";
  options.admin = "127.0.0.1:0";
  auto server = Server::Start(options, GoodScript(rest), "script.yaml");
  EXPECT_TRUE(server) << server.error().message;
  server_ = *std::move(server);
  thread_ = std::thread([this] { server_->Run(Server::Signals::kIgnore); });
}

TestServer::~TestServer() {
  server_->Stop();
  thread_.join();
}

gate::Json TestServer::Admin(std::string_view method, std::string_view target,
                             std::string_view body, int status) {
  RawClient client(admin());
  client.Send(std::string(method) + " " + std::string(target) +
              " HTTP/1.1\r\nHost: mc\r\nConnection: close\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  const ParsedAnswer answer = ParseAnswer(client.ReadToEnd().bytes);
  EXPECT_EQ(answer.status, status) << target << ": " << answer.body;
  const auto json = gate::ParseStrictJson(answer.body, {std::size_t{64} << 20U, 32});
  EXPECT_TRUE(json) << answer.body;
  return json ? *json : gate::Json();
}

std::string TestServer::AdminText(std::string_view target) {
  RawClient client(admin());
  client.Get(target, "Connection: close\r\n");
  const ParsedAnswer answer = ParseAnswer(client.ReadToEnd().bytes);
  EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
  return answer.body;
}

std::string TestServer::listener(const std::string& name) const {
  for (const auto& [known, address] : server_->addresses().listeners) {
    if (known == name) return address;
  }
  ADD_FAILURE() << "no listener " << name;
  return "";
}

gate::Json TestServer::Ended(std::string_view rule, std::string_view ending) {
  const std::string filter = "rule=" + std::string(rule) + "&ended=" + std::string(ending);
  EXPECT_TRUE(Admin("GET", "/wait?count=1&timeout=10s&" + filter).at("reached").get<bool>());
  const gate::Json journal = Admin("GET", "/journal?" + filter);
  return journal.at("entries").back();
}

TestCertificate::TestCertificate() {
  char pattern[] = "/tmp/mock_mc_tls_XXXXXX";
  directory_ = mkdtemp(pattern);
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_sign(certificate, key, EVP_sha256());
  std::FILE* file = std::fopen(files().cert.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(files().key.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TestCertificate::~TestCertificate() { std::filesystem::remove_all(directory_); }

}  // namespace mock_mc::testing
