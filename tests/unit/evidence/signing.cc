#include "tests/unit/evidence/signing.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>

#include "gate/base/check.h"

namespace gate::evidence::testing {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string TextOf(BIO* bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string HexSha256(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  GATE_CHECK(EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(), text.size(), digest.data(),
                          nullptr) == 1);
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace

Signer::Signer(evp_pkey_st* key) : key_(key, EVP_PKEY_free) { GATE_CHECK(key != nullptr); }

Signer Signer::Ed25519() { return Signer(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

Signer Signer::Ec(const char* curve) {
  return Signer(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
}

Signer Signer::Rsa() {
  return Signer(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}));
}

std::string Signer::PublicPem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  GATE_CHECK(PEM_write_bio_PUBKEY(bio, key_.get()) == 1);
  return TextOf(bio);
}

std::string Signer::PrivatePem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  GATE_CHECK(PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return TextOf(bio);
}

std::string Signer::PublicDer() const {
  BIO* bio = BIO_new(BIO_s_mem());
  GATE_CHECK(i2d_PUBKEY_bio(bio, key_.get()) == 1);
  return TextOf(bio);
}

std::string Signer::Sign(std::string_view message) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const char* digest = EVP_PKEY_is_a(key_.get(), "ED25519") == 1 ? nullptr : "SHA256";
  GATE_CHECK(
      EVP_DigestSignInit_ex(context, nullptr, digest, nullptr, nullptr, key_.get(), nullptr) == 1);
  std::string signature(512, '\0');
  std::size_t size = signature.size();
  GATE_CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                            Bytes(message), message.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return signature;
}

std::string Signer::RawFromDer(std::string_view der) {
  const unsigned char* at = Bytes(der);
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  GATE_CHECK(signature != nullptr);
  std::string raw(64, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  GATE_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32) == 32);
  GATE_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32) == 32);
  ECDSA_SIG_free(signature);
  return raw;
}

std::string Signer::DerFromRaw(std::string_view raw) {
  ECDSA_SIG* signature = ECDSA_SIG_new();
  GATE_CHECK(ECDSA_SIG_set0(signature, BN_bin2bn(Bytes(raw), 32, nullptr),
                            BN_bin2bn(Bytes(raw) + 32, 32, nullptr)) == 1);
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(signature, &out);
  GATE_CHECK(size > 0);
  std::string der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  OPENSSL_free(out);
  ECDSA_SIG_free(signature);
  return der;
}

std::string Base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), Bytes(bytes),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string Base64Url(std::string_view bytes) {
  std::string text = Base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string HmacSha256(std::string_view key, std::string_view message) {
  std::string mac(32, '\0');
  GATE_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(message),
                  message.size(), reinterpret_cast<unsigned char*>(mac.data()),
                  nullptr) != nullptr);
  return mac;
}

std::string Pae(std::string_view type, std::string_view body) {
  std::string text = "DSSEv1 ";
  text += std::to_string(type.size()) + " ";
  text.append(type);
  text += " " + std::to_string(body.size()) + " ";
  text.append(body);
  return text;
}

WallTime Noon() {
  return std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + std::chrono::hours(12);
}

Json AStatement() {
  return {{"_type", "https://in-toto.io/Statement/v1"},
          {"subject",
           {{{"name", "shop-1.5.0"}, {"digest", {{"sha256", HexSha256("shop-1.5.0")}}}},
            {{"name", "registry.example/shop"}, {"digest", {{"sha256", kImageDigest}}}}}},
          {"predicateType", "urn:rollout-gate:evidence:v1"},
          {"predicate",
           {{"evidenceOk", true},
            {"reasons", Json::array({"error rate 0.2 % below 1 %"})},
            {"environment", "staging"},
            {"stage", "20"},
            {"nonce", kNonce},
            {"issuedAt", "2026-03-01T12:00:00Z"},
            {"expiresAt", "2026-03-01T12:05:00Z"}}}};
}

Json APlainAnswer() {
  Json answer = AStatement()["predicate"];
  answer["releaseId"] = "shop-1.5.0";
  answer["digests"] = Json::array({fmt::format("sha256:{}", kImageDigest)});
  return answer;
}

Json AnEnvelope(std::string_view payload, const std::vector<DsseSignature>& signatures) {
  Json envelope = {
      {"payload", Base64(payload)}, {"payloadType", kPayloadType}, {"signatures", Json::array()}};
  for (const auto& [key_id, signer] : signatures) {
    envelope["signatures"].push_back(
        {{"keyid", key_id}, {"sig", Base64(signer.Sign(Pae(kPayloadType, payload)))}});
  }
  return envelope;
}

Json AJwsHeader(std::string_view algorithm, std::string_view key_id) {
  return {{"alg", algorithm}, {"kid", key_id}, {"b64", false}, {"crit", Json::array({"b64"})}};
}

std::string AJws(std::string_view header, std::string_view body, const Signer& signer) {
  const std::string encoded = Base64Url(header);
  std::string signature = signer.Sign(encoded + "." + std::string(body));
  if (signature.size() != 64) signature = Signer::RawFromDer(signature);
  return encoded + ".." + Base64Url(signature);
}

Answer AnAnswer(std::string body, std::optional<std::string> signature) {
  Answer answer;
  answer.status = 200;
  answer.content_type = "application/json";
  answer.body = std::move(body);
  answer.signature_count = signature ? 1 : 0;
  answer.signature = std::move(signature);
  return answer;
}

Expected AnExpectation(Scheme scheme) {
  Expected expected;
  expected.query = {"shop-1.5.0", "staging", "20", std::string(kNonce)};
  expected.scheme = scheme;
  expected.now = Noon();
  expected.max_skew = std::chrono::seconds(30);
  expected.max_age = std::chrono::minutes(2);
  return expected;
}

std::string KeyEntry(std::string_view id, std::string_view algorithm, std::string_view pem,
                     std::string_view more) {
  std::string entry =
      fmt::format("  - id: {}\n    algorithm: {}\n    publicKey: |\n", id, algorithm);
  std::string_view rest = pem;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    entry += fmt::format("      {}\n", line);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return entry.append(more);
}

std::string KeyringYaml(const std::vector<std::string>& entries) {
  return fmt::format("apiVersion: rollout-gate/keyring/v1\nkeys:\n{}", fmt::join(entries, ""));
}

Keyring ParseKeyring(const std::vector<std::string>& entries) {
  auto keyring = Keyring::Parse(KeyringYaml(entries), "keyring.yaml");
  if (!keyring) fmt::print(stderr, "{}\n", keyring.error().message);
  return std::move(keyring).value();
}

Keyring AKeyring(const Signer& ed, const Signer& ec) {
  return ParseKeyring(
      {KeyEntry("ed", "ed25519", ed.PublicPem()), KeyEntry("ec", "ecdsa-p256", ec.PublicPem())});
}

}  // namespace gate::evidence::testing
