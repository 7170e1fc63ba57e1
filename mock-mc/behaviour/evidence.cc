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

// What the script wants to have said in other ways, or not at all.
void Distort(const Evidence& evidence, Json& payload) {
  for (const auto& [name, json] : evidence.set) payload[name] = *gate::ParseStrictJson(json);
  for (const std::string& name : evidence.omit) payload.erase(name);
}

Json Statement(const Evidence& evidence, const EvidenceSubject& subject, bool ok) {
  const std::string release = evidence.release.value_or(subject.release);
  Json subjects = Json::array();
  subjects.push_back({{"name", release}, {"digest", {{"sha256", gate::Sha256Hex(release)}}}});
  for (const auto& [name, digest] : evidence.images) {
    const std::string hex = digest.substr(digest.find(':') + 1);
    subjects.push_back({{"name", name}, {"digest", {{"sha256", hex}}}});
  }
  Json predicate = Claims(evidence, subject, ok);
  Distort(evidence, predicate);
  return {{"_type", kStatementType},
          {"subject", std::move(subjects)},
          {"predicateType", kPredicateType},
          {"predicate", std::move(predicate)}};
}

Json PlainAnswer(const Evidence& evidence, const EvidenceSubject& subject, bool ok) {
  Json answer = Claims(evidence, subject, ok);
  answer["releaseId"] = evidence.release.value_or(subject.release);
  for (const auto& [name, digest] : evidence.images) answer["digests"].push_back(digest);
  Distort(evidence, answer);
  return answer;
}

// The text of a payload, with breakages that stay valid under the signature.
std::string Document(const Json& value, const Breakage& malformed) {
  std::string text = gate::DumpJson(value);
  if (malformed.layer != Breakage::Layer::kPayload) return text;
  return BreakJson(malformed.how, std::move(text));
}

// Pre-authentication encoding (DSSE v1.0.2).
std::string Pae(std::string_view type, std::string_view body) {
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, body.size(), body);
}

// What stands where a signature over `message` is due.
enum class Form { kDer, kFixedWidth };
Result<std::string> SignatureOf(const Evidence& evidence, const std::string& message, Form form) {
  if (evidence.claimed_algorithm == ClaimedAlgorithm::kNone) return std::string();
  if (evidence.claimed_algorithm == ClaimedAlgorithm::kHs256) {
    return MacWithPublicKey(*evidence.signer, message);
  }
  return form == Form::kDer ? evidence.signer->Sign(message)
                            : evidence.signer->SignFixedWidth(message);
}

// As the header of a JWS names it.
std::string_view AlgorithmName(const Evidence& evidence) {
  if (evidence.claimed_algorithm) return ToString(*evidence.claimed_algorithm);
  const bool is_ed25519 = evidence.signer->algorithm() == Algorithm::kEd25519;
  return ToString(is_ed25519 ? ClaimedAlgorithm::kEdDsa : ClaimedAlgorithm::kEs256);
}

Result<HttpAnswer> BuildDsse(const Evidence& evidence, const EvidenceSubject& subject,
                             const Breakage& malformed) {
  const std::string sent = Document(Statement(evidence, subject, evidence.ok), malformed);
  Json signatures = Json::array();
  if (evidence.signer) {
    const bool signed_ok = evidence.ok != evidence.tamper;
    const std::string signed_text = Document(Statement(evidence, subject, signed_ok), malformed);
    auto signature = SignatureOf(evidence, Pae(kPayloadType, signed_text), Form::kDer);
    if (!signature) return std::move(signature).error();
    const Json entry = {{"keyid", evidence.key_id}, {"sig", gate::Base64Encode(*signature)}};
    signatures.push_back(entry);
    if (evidence.double_signature) signatures.push_back(entry);
  }
  const Json envelope = {{"payload", gate::Base64Encode(sent)},
                         {"payloadType", kPayloadType},
                         {"signatures", std::move(signatures)}};
  return HttpAnswer{200, {{"Content-Type", std::string(kEnvelopeType)}}, gate::DumpJson(envelope)};
}

// Detached JWS with an unencoded payload (RFC 7797 section 5.2).
Result<HttpAnswer> BuildJws(const Evidence& evidence, const EvidenceSubject& subject,
                            const Breakage& malformed) {
  HttpAnswer answer{200,
                    {{"Content-Type", "application/json"}},
                    Document(PlainAnswer(evidence, subject, evidence.ok), malformed)};
  if (!evidence.signer) return answer;
  const Json header = {{"alg", AlgorithmName(evidence)},
                       {"kid", evidence.key_id},
                       {"b64", false},
                       {"crit", {"b64"}}};
  const std::string protected_header = gate::Base64UrlEncode(gate::DumpJson(header));
  const bool signed_ok = evidence.ok != evidence.tamper;
  const std::string signed_text = Document(PlainAnswer(evidence, subject, signed_ok), malformed);
  auto signature = SignatureOf(evidence, protected_header + "." + signed_text, Form::kFixedWidth);
  if (!signature) return std::move(signature).error();
  const std::string value = protected_header + ".." + gate::Base64UrlEncode(*signature);
  answer.headers.emplace_back("X-Evidence-Signature", value);
  if (evidence.double_signature) answer.headers.emplace_back("X-Evidence-Signature", value);
  return answer;
}

}  // namespace

Result<HttpAnswer> BuildEvidence(const Evidence& evidence, const EvidenceSubject& subject,
                                 const Breakage& malformed) {
  return evidence.scheme.value_or(subject.scheme) == Scheme::kDsse
             ? BuildDsse(evidence, subject, malformed)
             : BuildJws(evidence, subject, malformed);
}

}  // namespace mock_mc
