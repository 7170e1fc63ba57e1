#include "mock-mc/behaviour/evidence.h"

#include <fmt/format.h>

#include <utility>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/base/strict_json.h"

namespace mock_mc {
namespace {

using gate::Json;
using gate::Result;

constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
constexpr std::string_view kEnvelopeType = "application/vnd.in-toto+dsse";
constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::string_view kPredicateType = "urn:rollout-gate:evidence:v1";

// The fields that both schemes carry.
Json Claims(const Evidence& evidence, const EvidenceSubject& subject, bool ok) {
  const std::string& nonce = evidence.replay_nonce ? subject.first_nonce : subject.nonce;
  return {{"evidenceOk", ok},
          {"reasons", evidence.reasons},
          {"environment", evidence.environment.value_or(subject.environment)},
          {"stage", evidence.stage.value_or(subject.stage)},
          {"nonce", evidence.nonce.value_or(nonce)},
          {"issuedAt", gate::FormatRfc3339(subject.now + evidence.issued_at)},
          {"expiresAt", gate::FormatRfc3339(subject.now + evidence.expires_in)}};
}

Json Statement(const Evidence& evidence, const EvidenceSubject& subject, bool ok) {
  const std::string release = evidence.release.value_or(subject.release);
  Json subjects = Json::array();
  subjects.push_back({{"name", release}, {"digest", {{"sha256", gate::Sha256Hex(release)}}}});
  for (const auto& [name, digest] : evidence.images) {
    const std::string hex = digest.substr(digest.find(':') + 1);
    subjects.push_back({{"name", name}, {"digest", {{"sha256", hex}}}});
  }
  return {{"_type", kStatementType},
          {"subject", std::move(subjects)},
          {"predicateType", kPredicateType},
          {"predicate", Claims(evidence, subject, ok)}};
}

Json PlainAnswer(const Evidence& evidence, const EvidenceSubject& subject, bool ok) {
  Json answer = Claims(evidence, subject, ok);
  answer["releaseId"] = evidence.release.value_or(subject.release);
  for (const auto& [name, digest] : evidence.images) answer["digests"].push_back(digest);
  return answer;
}

// The JSON of one answer, with breakages that stay valid under the signature. The member name
// cannot occur inside a string value: its quotes would be escaped there.
std::string Document(const Json& value, Malformed malformed, bool ok) {
  std::string text = gate::DumpJson(value);
  const std::size_t member = text.find("\"evidenceOk\":");
  if (malformed == Malformed::kDuplicateKeys) {
    text.insert(member, fmt::format("\"evidenceOk\":{},", !ok));
  } else if (malformed == Malformed::kNotUtf8) {
    text.insert(member, "\"note\":\"\xff\xfe\",");
  }
  return text;
}

// Pre-authentication encoding (DSSE v1.0.2).
std::string Pae(std::string_view type, std::string_view body) {
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, body.size(), body);
}

Result<HttpAnswer> BuildDsse(const Evidence& evidence, const EvidenceSubject& subject,
                             Malformed malformed) {
  const std::string sent =
      Document(Statement(evidence, subject, evidence.ok), malformed, evidence.ok);
  Json signatures = Json::array();
  if (evidence.signer) {
    const bool signed_ok = evidence.ok != evidence.tamper;
    const std::string signed_text =
        Document(Statement(evidence, subject, signed_ok), malformed, signed_ok);
    auto signature = evidence.signer->Sign(Pae(kPayloadType, signed_text));
    if (!signature) return std::move(signature).error();
    signatures.push_back({{"keyid", evidence.key_id}, {"sig", gate::Base64Encode(*signature)}});
  }
  const Json envelope = {{"payload", gate::Base64Encode(sent)},
                         {"payloadType", kPayloadType},
                         {"signatures", std::move(signatures)}};
  return HttpAnswer{200, {{"Content-Type", std::string(kEnvelopeType)}}, gate::DumpJson(envelope)};
}

// Detached JWS with an unencoded payload (RFC 7797 section 5.2).
Result<HttpAnswer> BuildJws(const Evidence& evidence, const EvidenceSubject& subject,
                            Malformed malformed) {
  HttpAnswer answer{200,
                    {{"Content-Type", "application/json"}},
                    Document(PlainAnswer(evidence, subject, evidence.ok), malformed, evidence.ok)};
  if (!evidence.signer) return answer;
  const bool is_ed25519 = evidence.signer->algorithm() == Algorithm::kEd25519;
  const Json header = {{"alg", is_ed25519 ? "EdDSA" : "ES256"},
                       {"kid", evidence.key_id},
                       {"b64", false},
                       {"crit", {"b64"}}};
  const std::string protected_header = gate::Base64UrlEncode(gate::DumpJson(header));
  const bool signed_ok = evidence.ok != evidence.tamper;
  const std::string signed_text =
      Document(PlainAnswer(evidence, subject, signed_ok), malformed, signed_ok);
  auto signature = evidence.signer->SignFixedWidth(protected_header + "." + signed_text);
  if (!signature) return std::move(signature).error();
  answer.headers.emplace_back("X-Evidence-Signature",
                              protected_header + ".." + gate::Base64UrlEncode(*signature));
  return answer;
}

}  // namespace

Result<HttpAnswer> BuildEvidence(const Evidence& evidence, const EvidenceSubject& subject,
                                 Malformed malformed) {
  return evidence.scheme.value_or(subject.scheme) == Scheme::kDsse
             ? BuildDsse(evidence, subject, malformed)
             : BuildJws(evidence, subject, malformed);
}

}  // namespace mock_mc
