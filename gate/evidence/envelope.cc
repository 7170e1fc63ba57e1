#include "gate/evidence/envelope.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "gate/base/encoding.h"
#include "gate/base/strict_json.h"
#include "gate/evidence/request.h"
#include "gate/evidence/text.h"

namespace gate::evidence {
namespace {

constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
constexpr std::size_t kMaxSignatures = 8;
constexpr std::size_t kMaxJwsBytes = 4096;

Flaw Malformed(std::string detail) { return Flaw{Reason::kMalformed, std::move(detail)}; }

// The value of `key` if `object` has one and it is a string.
const std::string* FindString(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

Result<Json, Flaw> ParseObject(std::string_view text, std::string_view what) {
  auto parsed = ParseStrictJson(text, {.max_bytes = kMaxBodyBytes});
  if (!parsed) return Malformed(fmt::format("{} is not JSON: {}", what, parsed.error().message));
  if (!parsed->is_object()) return Malformed(fmt::format("{} is not a JSON object", what));
  return *std::move(parsed);
}

// --- DSSE ---

struct Signature {
  std::string key_id;
  std::string bytes;
};

Result<Signature, Flaw> ReadSignature(const Json& entry) {
  if (!entry.is_object()) return Malformed("an entry of \"signatures\" is not an object");
  const std::string* key_id = FindString(entry, "keyid");
  const std::string* sig = FindString(entry, "sig");
  if (key_id == nullptr || sig == nullptr) {
    return Malformed("an entry of \"signatures\" has no \"keyid\" or no \"sig\" that is a string");
  }
  auto bytes = Base64Decode(*sig);
  if (!bytes) {
    return Malformed(fmt::format("the signature under key {} is not base64", Quote(*key_id)));
  }
  return Signature{*key_id, *std::move(bytes)};
}

Result<std::vector<Signature>, Flaw> ReadSignatures(const Json& envelope) {
  const auto list = envelope.find("signatures");
  if (list == envelope.end()) return Flaw{Reason::kSignatureMissing, "the answer is not signed"};
  if (!list->is_array()) return Malformed("\"signatures\" is not a list");
  if (list->empty()) return Flaw{Reason::kSignatureMissing, "the answer is not signed"};
  if (list->size() > kMaxSignatures) {
    return Malformed(
        fmt::format("{} signatures, more than the {} allowed", list->size(), kMaxSignatures));
  }
  std::vector<Signature> signatures;
  for (const Json& entry : *list) {
    auto signature = ReadSignature(entry);
    if (!signature) return std::move(signature).error();
    const bool repeated =
        std::any_of(signatures.begin(), signatures.end(),
                    [&](const Signature& other) { return other.key_id == signature->key_id; });
    if (repeated) {
      return Malformed(fmt::format("two signatures under key {}", Quote(signature->key_id)));
    }
    signatures.push_back(*std::move(signature));
  }
  return signatures;
}

struct Envelope {
  std::string payload;
  std::vector<Signature> signatures;
};

Result<Envelope, Flaw> ReadEnvelope(std::string_view body) {
  const auto json = ParseObject(body, "the envelope");
  if (!json) return json.error();
  const std::string* type = FindString(*json, "payloadType");
  const std::string* payload = FindString(*json, "payload");
  if (type == nullptr || payload == nullptr) {
    return Malformed("the envelope has no \"payload\" or no \"payloadType\" that is a string");
  }
  if (*type != kPayloadType) {
    return Malformed(fmt::format("payloadType is {}, expected {}", Quote(*type), kPayloadType));
  }
  auto bytes = Base64Decode(*payload);
  if (!bytes) return Malformed("the payload is not base64");
  auto signatures = ReadSignatures(*json);
  if (!signatures) return std::move(signatures).error();
  return Envelope{*std::move(bytes), *std::move(signatures)};
}

Flaw DoesNotVerify(const Key& key) {
  return Flaw{Reason::kSignatureInvalid,
              fmt::format("the signature under key {} does not verify", Quote(key.id))};
}

// --- JWS ---

struct Jws {
  std::string protected_header;  // as sent: it is part of what is signed
  std::string algorithm;
  std::string key_id;
  std::string signature;
};

std::string_view JwsName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEd25519:
      return "EdDSA";  // RFC 8037
    case Algorithm::kEcdsaP256:
      return "ES256";  // RFC 7518
  }
  GATE_CHECK(false);
}

Result<Jws, Flaw> ReadJwsHeader(std::string_view encoded) {
  const auto text = Base64UrlDecode(encoded);
  if (!text) return Malformed("the JWS header is not base64url");
  const auto header = ParseObject(*text, "the JWS header");
  if (!header) return header.error();
  const std::string* algorithm = FindString(*header, "alg");
  const std::string* key_id = FindString(*header, "kid");
  if (algorithm == nullptr || key_id == nullptr) {
    return Malformed("the JWS header has no \"alg\" or no \"kid\" that is a string");
  }
  if (header->value("b64", Json()) != Json(false) ||
      header->value("crit", Json()) != Json::array({"b64"})) {
    return Malformed("the JWS header needs \"b64\": false and \"crit\": [\"b64\"]");
  }
  return Jws{std::string(encoded), *algorithm, *key_id, ""};
}

// Of the form header..signature: a compact serialization whose payload is left out.
Result<Jws, Flaw> ReadJws(std::string_view text) {
  if (text.size() > kMaxJwsBytes) {
    return Malformed(fmt::format("{} has {} bytes, more than the {} allowed", kSignatureHeader,
                                 text.size(), kMaxJwsBytes));
  }
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) {
    return Malformed(fmt::format("{} is not of the form header..signature", kSignatureHeader));
  }
  auto jws = ReadJwsHeader(text.substr(0, dots));
  if (!jws) return jws;
  auto signature = Base64UrlDecode(text.substr(dots + 2));
  if (!signature) return Malformed("the JWS signature is not base64url");
  jws->signature = *std::move(signature);
  return jws;
}

}  // namespace

std::string PreAuthEncoding(std::string_view payload_type, std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", payload_type.size(), payload_type, payload.size(),
                     payload);
}

Result<Opened, Flaw> OpenDsse(std::string_view body, const Keyring& keyring) {
  auto envelope = ReadEnvelope(body);
  if (!envelope) return std::move(envelope).error();
  const std::string message = PreAuthEncoding(kPayloadType, envelope->payload);
  std::vector<const Key*> signers;
  for (const Signature& signature : envelope->signatures) {
    const Key* key = keyring.Find(signature.key_id);
    if (key == nullptr) continue;
    if (!key->public_key.Verifies(message, signature.bytes, SignatureForm::kDer)) {
      return DoesNotVerify(*key);
    }
    signers.push_back(key);
  }
  if (signers.empty()) {
    return Flaw{Reason::kKeyUnknown,
                fmt::format("no signature is under a key of the keyring; the first is under {}",
                            Quote(envelope->signatures.front().key_id))};
  }
  return Opened{std::move(envelope->payload), std::move(signers)};
}

Result<Opened, Flaw> OpenJws(std::string_view body, const std::optional<std::string>& signature,
                             const Keyring& keyring) {
  // First, so that the page of some proxy is not taken for an unsigned answer of MC's.
  if (const auto json = ParseObject(body, "the answer"); !json) return json.error();
  if (!signature) {
    return Flaw{Reason::kSignatureMissing,
                fmt::format("the answer has no header {}", kSignatureHeader)};
  }
  const auto jws = ReadJws(*signature);
  if (!jws) return jws.error();
  const Key* key = keyring.Find(jws->key_id);
  if (key == nullptr) {
    return Flaw{
        Reason::kKeyUnknown,
        fmt::format("signed under key {}, which the keyring does not hold", Quote(jws->key_id))};
  }
  const std::string_view expected = JwsName(key->public_key.algorithm());
  if (jws->algorithm != expected) {
    return Flaw{Reason::kAlgorithmMismatch,
                fmt::format("the JWS says algorithm {}, but key {} is for {}",
                            Quote(jws->algorithm), Quote(key->id), expected)};
  }
  const std::string message = fmt::format("{}.{}", jws->protected_header, body);
  if (!key->public_key.Verifies(message, jws->signature, SignatureForm::kRaw)) {
    return DoesNotVerify(*key);
  }
  return Opened{std::string(body), {key}};
}

}  // namespace gate::evidence
