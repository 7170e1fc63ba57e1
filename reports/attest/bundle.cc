#include "reports/attest/bundle.h"

#include <fmt/format.h>

#include <utility>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/base/strict_json.h"
#include "gate/evidence/envelope.h"

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;
using gate::evidence::Algorithm;
using gate::evidence::PublicKey;
using gate::evidence::SignatureForm;

constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";

// Empty lists are left out by some writers and demanded by some readers: they are written.
std::string WriteBundle(const Bundle& bundle) {
  const Json json = {{"mediaType", kMediaType},
                     {"verificationMaterial",
                      {{"publicKey", {{"hint", bundle.key_id}}},
                       {"tlogEntries", Json::array()},
                       {"timestampVerificationData", {{"rfc3161Timestamps", Json::array()}}}}},
                     {"dsseEnvelope",
                      {{"payload", gate::Base64Encode(bundle.payload)},
                       {"payloadType", kPayloadType},
                       {"signatures", Json::array({{{"sig", gate::Base64Encode(bundle.signature)},
                                                    {"keyid", bundle.key_id}}})}}}};
  return gate::DumpJson(json) + "\n";
}

// The base64 in a PEM block.
std::string ArmoredText(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----";
  const std::size_t begin = pem.find(kBegin);
  if (begin == std::string_view::npos) return "";
  pem.remove_prefix(begin + kBegin.size());
  std::string text(pem.substr(0, pem.find("-----END")));
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
  return text;
}

}  // namespace

Result<VerifyingKey> VerifyingKey::FromPem(std::string_view pem) {
  auto key = PublicKey::FromPem(pem, Algorithm::kEd25519);
  if (!key) key = PublicKey::FromPem(pem, Algorithm::kEcdsaP256);
  if (!key) return std::move(key).error();
  // The block was just decoded, and there is one: what is between its first and last line is
  // base64.
  const auto der = gate::Base64Decode(ArmoredText(pem));
  if (!der) return Error{ErrorCode::kInvalidArgument, "not a PEM block in its usual form"};
  return VerifyingKey{*std::move(key), gate::Sha256Hex(*der)};
}

Result<VerifyingKey> VerifyingKey::Of(const gate::signing::SigningKey& key) {
  const auto pem = key.PublicPem();
  if (!pem) return pem.error();
  return FromPem(*pem);
}

Result<std::string> SealBundle(std::string_view payload, const gate::signing::SigningKey& key) {
  const auto own = VerifyingKey::Of(key);
  if (!own) return own.error();
  auto signature = key.Sign(gate::evidence::PreAuthEncoding(kPayloadType, payload));
  if (!signature) return std::move(signature).error();
  return WriteBundle({std::string(payload), *std::move(signature), own->id});
}

Result<Bundle> ReadBundle(std::string_view text) {
  const auto json = gate::ParseStrictJson(text, {.max_bytes = kLargestBundle});
  if (!json) return gate::ProtocolError("is not JSON: " + json.error().message);
  if (gate::JsonString(*json, "/mediaType") != kMediaType) {
    return gate::ProtocolError(
        fmt::format("is not a Sigstore bundle v0.3 (its mediaType is not {})", kMediaType));
  }
  if (gate::JsonString(*json, "/dsseEnvelope/payloadType") != kPayloadType) {
    return gate::ProtocolError(
        fmt::format("holds no in-toto statement (its payloadType is not {})", kPayloadType));
  }
  if (gate::JsonArray(*json, "/dsseEnvelope/signatures").size() != 1) {
    return gate::ProtocolError("does not have exactly one signature");
  }
  auto payload = gate::Base64Decode(gate::JsonString(*json, "/dsseEnvelope/payload"));
  if (!payload) return gate::ProtocolError("its payload is not base64");
  auto signature = gate::Base64Decode(gate::JsonString(*json, "/dsseEnvelope/signatures/0/sig"));
  if (!signature) return gate::ProtocolError("its signature is not base64");
  Bundle bundle{*std::move(payload), *std::move(signature),
                gate::JsonString(*json, "/verificationMaterial/publicKey/hint")};
  if (WriteBundle(bundle) == text) return bundle;
  return gate::ProtocolError(
      "is not as it was written: something outside of what is signed was changed");
}

Result<void> CheckSignature(const Bundle& bundle, const VerifyingKey& key) {
  const std::string& own = key.id;
  const bool verifies =
      key.key.Verifies(gate::evidence::PreAuthEncoding(kPayloadType, bundle.payload),
                       bundle.signature, SignatureForm::kDer);
  if (verifies && bundle.key_id == own) return {};
  if (verifies) {
    return gate::ProtocolError(
        fmt::format("says that key \"{}\" signed it, but it was {}", bundle.key_id, own));
  }
  if (bundle.key_id != own) {
    return gate::ProtocolError(
        fmt::format("is signed with another key: \"{}\", not {}", bundle.key_id, own));
  }
  return gate::ProtocolError(
      "the signature does not verify: the statement or the signature was changed");
}

}  // namespace reports
