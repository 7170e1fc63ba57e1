#include "mock-mc/behaviour/evidence_reader.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "gate/base/strict_json.h"

namespace mock_mc {
namespace {

using gate::Nanos;
using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

const NamedKey* FindKey(const Node& name, const ReadContext& context) {
  const auto id = name.String(context.mistakes);
  if (!id) return nullptr;
  std::vector<std::string> known;
  for (const NamedKey& key : context.keys) {
    if (key.id == *id) return &key;
    known.push_back(key.id);
  }
  name.Complain(context.mistakes, fmt::format("no key \"{}\" under keys; there are: {}", *id,
                                              fmt::join(known, ", ")));
  return nullptr;
}

// The signature is one of another algorithm than that of the key under whose id it stands.
void ReadClaimedAlgorithm(const Node& node, Evidence& evidence, const ReadContext& context) {
  using Claimed = ClaimedAlgorithm;
  constexpr std::array kAlgorithms = {Claimed::kNone, Claimed::kHs256, Claimed::kEs256,
                                      Claimed::kEdDsa};
  const auto claimed = ParseWord(node, kAlgorithms, context.mistakes);
  if (!claimed) return;
  const auto real =
      evidence.signer->algorithm() == Algorithm::kEd25519 ? Claimed::kEdDsa : Claimed::kEs256;
  if (*claimed == real) {
    node.Complain(context.mistakes, "this is the key's own algorithm; name another");
  }
  evidence.claimed_algorithm = claimed;
  if (*claimed == Claimed::kEs256) evidence.signer = context.rogues.at(Algorithm::kEcdsaP256);
  if (*claimed == Claimed::kEdDsa) evidence.signer = context.rogues.at(Algorithm::kEd25519);
  evidence.deliberate.emplace_back("claimAlgorithm");
}

// Which key signs, and under what id.
void ReadSigner(MapReader& map, const Node& node, Evidence& evidence, const ReadContext& context) {
  const auto sign = map.Find("sign");
  const auto wrong = map.Find("wrongKey");
  const auto unknown = map.Find("unknownKeyId");
  const auto claimed = map.Find("claimAlgorithm");
  bool none = false;
  map.Read("noSignature", none);
  map.Read("doubleSignature", evidence.double_signature);
  if (evidence.double_signature) evidence.deliberate.emplace_back("doubleSignature");
  if (none && evidence.double_signature) {
    map.Complain("doubleSignature", "there is none to double; remove noSignature");
  }
  if (context.keys.empty()) {
    node.Complain(context.mistakes, "evidence is signed: list at least one key under keys");
    return;
  }
  const NamedKey* key = sign ? FindKey(*sign, context) : &context.keys.front();
  if (key == nullptr) return;
  SignWith(*key, evidence);
  if (wrong && wrong->Text() != "false") {
    if (wrong->Text() == "true") {
      evidence.signer = context.rogues.at(key->key.algorithm());
    } else if (const NamedKey* other = FindKey(*wrong, context)) {
      evidence.signer = other->key;
    }
    if (wrong->Text() == evidence.key_id) {
      wrong->Complain(context.mistakes, "this is the right key; name another, or write true");
    }
    evidence.deliberate.emplace_back("wrongKey");
  }
  if (unknown && unknown->Text() != "false") {
    evidence.key_id = unknown->Text() == "true" ? "mock-mc-unknown-key"
                                                : unknown->String(context.mistakes).value_or("");
    evidence.deliberate.emplace_back("unknownKeyId");
  }
  if (claimed) ReadClaimedAlgorithm(*claimed, evidence, context);
  if (none) {
    evidence.signer.reset();
    evidence.deliberate.emplace_back("noSignature");
  }
}

void ReadImages(const Node& node, Evidence& evidence, Mistakes& mistakes) {
  constexpr std::string_view kPrefix = "sha256:";
  for (const auto& [name, digest] : node.Entries(mistakes)) {
    const std::string text = digest.String(mistakes).value_or("");
    if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 64 ||
        text.find_first_not_of("0123456789abcdef", kPrefix.size()) != std::string::npos) {
      digest.Complain(mistakes, "an image digest is sha256: and 64 lower-case hex digits");
    }
    evidence.images.emplace_back(name.Text(), text);
  }
}

void ReadOverride(MapReader& map, std::string_view key, std::optional<std::string>& value,
                  Evidence& evidence) {
  std::string text;
  if (!map.Read(key, text)) return;
  value = std::move(text);
  evidence.deliberate.emplace_back(key);
}

void ReadLies(MapReader& map, Evidence& evidence) {
  map.Read("tamper", evidence.tamper);
  if (evidence.tamper) evidence.deliberate.emplace_back("tamper");
  ReadOverride(map, "release", evidence.release, evidence);
  ReadOverride(map, "environment", evidence.environment, evidence);
  ReadOverride(map, "stage", evidence.stage, evidence);
  ReadOverride(map, "nonce", evidence.nonce, evidence);
  if (evidence.nonce == "replay") {
    evidence.nonce.reset();
    evidence.replay_nonce = true;
  }
  if (map.Read("issuedAt", evidence.issued_at)) evidence.deliberate.emplace_back("issuedAt");
  // A lifetime in the future is no lie.
  if (map.Read("expiresIn", evidence.expires_in) && evidence.expires_in <= Nanos(0)) {
    evidence.deliberate.emplace_back("expiresIn");
  }
}

// Members of the payload that are of a wrong type, or not there.
void ReadMembers(MapReader& map, Evidence& evidence, Mistakes& mistakes) {
  if (const auto set = map.Find("set")) {
    for (const auto& [name, value] : set->Entries(mistakes)) {
      std::string json = value.ToJsonText(mistakes);
      if (!gate::ParseStrictJson(json)) value.Complain(mistakes, "cannot be written as JSON");
      evidence.set.emplace_back(name.Text(), std::move(json));
    }
    if (!evidence.set.empty()) evidence.deliberate.emplace_back("set");
  }
  map.Read("omit", evidence.omit);
  if (!evidence.omit.empty()) evidence.deliberate.emplace_back("omit");
}

}  // namespace

void SignWith(const NamedKey& key, Evidence& evidence) {
  evidence.key_id = key.id;
  evidence.signer = key.key;
  evidence.key_not_before = key.not_before;
  evidence.key_not_after = key.not_after;
}

Evidence ReadEvidence(const Node& node, const ReadContext& context) {
  Evidence evidence;
  MapReader map(node, context.mistakes);
  if (const auto ok = map.Require("ok")) evidence.ok = ok->Bool(context.mistakes).value_or(true);
  map.Read("reasons", evidence.reasons);
  if (const auto images = map.Find("images")) ReadImages(*images, evidence, context.mistakes);
  if (const auto scheme = map.Find("scheme")) {
    evidence.scheme = ParseWord(*scheme, std::array{Scheme::kDsse, Scheme::kJws}, context.mistakes);
  }
  ReadSigner(map, node, evidence, context);
  ReadLies(map, evidence);
  ReadMembers(map, evidence, context.mistakes);
  map.Finish();
  return evidence;
}

}  // namespace mock_mc
