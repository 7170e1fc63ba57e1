#include "tests/unit/mock_mc/support.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <utility>

#include "gate/base/encoding.h"
#include "tests/unit/mock_mc/schema.h"

namespace mock_mc::testing {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

std::map<std::string, SigningKey> MakeKeys() {
  std::map<std::string, SigningKey> keys;
  keys.emplace("mc-1", *SigningKey::Generate(Algorithm::kEd25519));
  keys.emplace("mc-2", *SigningKey::Generate(Algorithm::kEd25519));
  keys.emplace("mc-p256", *SigningKey::Generate(Algorithm::kEcdsaP256));
  return keys;
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// r‖s to DER, with OpenSSL's own encoder.
std::string ToDer(const std::string& fixed) {
  if (fixed.size() != 64) return "";
  ECDSA_SIG* signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_bin2bn(Bytes(fixed), 32, nullptr),
                 BN_bin2bn(Bytes(fixed) + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature, &der);
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return text;
}

}  // namespace

const SigningKey& TestKey(const std::string& id) {
  static const std::map<std::string, SigningKey> kKeys = MakeKeys();
  return kKeys.at(id);
}

MemoryFiles::MemoryFiles() : files_(std::make_shared<std::map<std::string, std::string>>()) {
  for (const char* id : {"mc-1", "mc-2", "mc-p256"}) {
    (*files_)[std::string("keys/") + id + ".pem"] = *TestKey(id).PrivatePem();
  }
}

FileReader MemoryFiles::Reader() const {
  return [files = files_](const std::string& path) -> Result<std::string> {
    const auto found = files->find(path);
    if (found == files->end()) return Error{ErrorCode::kNotFound, "cannot read " + path};
    return found->second;
  };
}

std::string ScriptText(std::string_view rest) {
  return "apiVersion: mock-mc/v1\nseed: 7\nkeys:\n"
         "  - {id: mc-1, algorithm: ed25519, privateKeyFile: keys/mc-1.pem}\n"
         "  - {id: mc-2, algorithm: ed25519, privateKeyFile: keys/mc-2.pem}\n"
         "  - {id: mc-p256, algorithm: ecdsa-p256, privateKeyFile: keys/mc-p256.pem}\n" +
         std::string(rest);
}

Script GoodScript(std::string_view rest) {
  const std::string text = ScriptText(rest);
  auto script = ReadScript(text, "script.yaml", MemoryFiles().Reader());
  EXPECT_TRUE(script) << script.error().message;
  EXPECT_EQ(ScriptSchema::Get().MistakesIn(text), "") << text;
  return *std::move(script);
}

std::string MistakesOf(std::string_view text) {
  const auto script = ReadScript(text, "script.yaml", MemoryFiles().Reader());
  if (!script) return script.error().message;
  EXPECT_EQ(ScriptSchema::Get().MistakesIn(text), "") << text;
  return "";
}

Moment At(gate::Nanos offset) {
  return {gate::Instant(std::chrono::hours(1) + offset),
          *gate::ParseRfc3339("2026-03-01T12:00:00Z") + offset};
}

Request Get(std::string target, Fields headers) {
  return {"GET", std::move(target), std::move(headers), "", true};
}

Request Ask(const std::string& release, const std::string& stage, const std::string& nonce) {
  return Get("/v1/evidence/" + release + "?environment=test&stage=" + stage + "&nonce=" + nonce);
}

Engine NewEngine(std::string_view rest) {
  return Engine(GoodScript(rest), MemoryFiles().Reader(), At(gate::Nanos(0)));
}

std::string WithGoodAndBad(std::string_view rules) {
  return "responses:\n"
         "  good: {evidence: {ok: true}}\n"
         "  bad: {evidence: {ok: false}}\n" +
         std::string(rules);
}

Decision DecisionOf(Engine& engine, const Request& request, gate::Nanos at) {
  return engine.Handle(request, At(at)).decision;
}

std::string ResponseTo(Engine& engine, const Request& request, gate::Nanos at) {
  return DecisionOf(engine, request, at).response;
}

const JournalEntry& Put(Journal& journal, JournalEntry entry) {
  std::vector<WeighedEntry> dropped;
  return journal.Arrive(Weigh(std::move(entry)), dropped);
}

ParsedAnswer ParseAnswer(const std::string& bytes) {
  ParsedAnswer answer;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.1 ") || end == std::string::npos) {
    ADD_FAILURE() << "not an HTTP answer: " << bytes;
    return answer;
  }
  answer.status = std::stoi(bytes.substr(9, 3));
  answer.body = bytes.substr(end + 4);
  std::size_t line = bytes.find("\r\n") + 2;
  while (line < end + 2) {
    const std::size_t stop = bytes.find("\r\n", line);
    const std::size_t colon = bytes.find(": ", line);
    answer.headers.emplace_back(bytes.substr(line, colon - line),
                                bytes.substr(colon + 2, stop - colon - 2));
    line = stop + 2;
  }
  return answer;
}

std::string BytesOf(const Plan& plan) {
  std::string bytes;
  for (const Step& step : plan.steps) {
    if (const auto* send = std::get_if<Send>(&step)) bytes += send->bytes;
    if (const auto* drip = std::get_if<Drip>(&step)) bytes += drip->bytes;
  }
  return bytes;
}

ParsedAnswer AnswerOf(const Plan& plan) { return ParseAnswer(BytesOf(plan)); }

bool Verifies(const SigningKey& key, std::string_view message, std::string signature,
              Encoding encoding) {
  const bool is_ecdsa = key.algorithm() == Algorithm::kEcdsaP256;
  if (is_ecdsa && encoding == Encoding::kFixedWidth) signature = ToDer(signature);
  const std::string pem = *key.PublicPem();
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* public_key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, is_ecdsa ? EVP_sha256() : nullptr, nullptr, public_key);
  const int good =
      EVP_DigestVerify(context, Bytes(signature), signature.size(), Bytes(message), message.size());
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(public_key);
  return good == 1;
}

gate::Json PayloadOf(const std::string& body) {
  const auto envelope = gate::ParseStrictJson(body);
  if (!envelope) {
    ADD_FAILURE() << envelope.error().message << ": " << body;
    return {};
  }
  const auto payload =
      gate::ParseStrictJson(*gate::Base64Decode(envelope->at("payload").get<std::string>()));
  if (!payload) {
    ADD_FAILURE() << payload.error().message;
    return {};
  }
  return *payload;
}

bool DsseVerifies(const std::string& body, const SigningKey& key) {
  const gate::Json envelope = *gate::ParseStrictJson(body);
  const std::string payload = *gate::Base64Decode(envelope.at("payload").get<std::string>());
  const std::string signature =
      *gate::Base64Decode(envelope.at("signatures").at(0).at("sig").get<std::string>());
  return Verifies(
      key,
      "DSSEv1 28 application/vnd.in-toto+json " + std::to_string(payload.size()) + " " + payload,
      signature, Encoding::kDer);
}

}  // namespace mock_mc::testing
