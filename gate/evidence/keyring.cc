#include "gate/evidence/keyring.h"

#include <fmt/format.h>

#include <algorithm>

#include "gate/base/encoding.h"
#include "gate/evidence/text.h"
#include "gate/yaml/strict_yaml.h"

namespace gate::evidence {
namespace {

constexpr std::string_view kApiVersion = "rollout-gate/keyring/v1";
constexpr std::size_t kMaxIdBytes = 253;

struct KnownId {
  std::string id;
  std::string where;
};

// Complains about a missing, unusable or repeated id, and remembers a new one.
std::string ReadId(yaml::MapReader& map, std::vector<KnownId>& known, yaml::Mistakes& mistakes) {
  const auto node = map.Require("id");
  if (!node) return "";
  const auto id = node->String(mistakes);
  if (!id) return "";
  if (id->empty() || id->size() > kMaxIdBytes || !IsValidUtf8(*id) || HasControlCharacters(*id)) {
    node->Complain(
        mistakes, fmt::format("a key id has 1 to {} bytes and no control characters", kMaxIdBytes));
    return "";
  }
  const auto same =
      std::find_if(known.begin(), known.end(), [&](const KnownId& one) { return one.id == *id; });
  if (same != known.end()) {
    node->Complain(mistakes, fmt::format("duplicate id {}, already used at {}; give each key its "
                                         "own",
                                         Quote(*id), same->where));
    return "";
  }
  known.push_back({*id, node->Where()});
  return *id;
}

std::optional<Algorithm> ReadAlgorithm(yaml::MapReader& map, yaml::Mistakes& mistakes) {
  const auto node = map.Require("algorithm");
  if (!node) return std::nullopt;
  const auto name = node->String(mistakes);
  if (!name) return std::nullopt;
  const auto algorithm = AlgorithmFromString(*name);
  if (!algorithm) {
    node->Complain(mistakes,
                   fmt::format("unknown algorithm {}; use ed25519 or ecdsa-p256", Quote(*name)));
  }
  return algorithm;
}

std::optional<PublicKey> ReadPublicKey(yaml::MapReader& map, std::optional<Algorithm> algorithm,
                                       yaml::Mistakes& mistakes) {
  const auto node = map.Require("publicKey");
  if (!node) return std::nullopt;
  const auto pem = node->String(mistakes);
  if (!pem || !algorithm) return std::nullopt;
  auto key = PublicKey::FromPem(*pem, *algorithm);
  if (key) return *std::move(key);
  node->Complain(mistakes, key.error().message);
  return std::nullopt;
}

std::optional<WallTime> ReadTime(yaml::MapReader& map, std::string_view name,
                                 yaml::Mistakes& mistakes) {
  const auto node = map.Find(name);
  if (!node) return std::nullopt;
  const auto text = node->String(mistakes);
  if (!text) return std::nullopt;
  const auto time = ParseRfc3339(*text);
  if (time) return *time;
  node->Complain(mistakes, time.error().message);
  return std::nullopt;
}

// Nothing if the entry has a mistake, which is then in `mistakes`.
std::optional<Key> ReadKey(const yaml::Node& node, std::vector<KnownId>& known,
                           yaml::Mistakes& mistakes) {
  yaml::MapReader map(node, mistakes);
  if (!node.IsMap()) return std::nullopt;
  std::string id = ReadId(map, known, mistakes);
  const auto algorithm = ReadAlgorithm(map, mistakes);
  auto public_key = ReadPublicKey(map, algorithm, mistakes);
  const auto not_before = ReadTime(map, "notBefore", mistakes);
  const auto not_after = ReadTime(map, "notAfter", mistakes);
  if (not_before && not_after && *not_after < *not_before) {
    map.Complain("notAfter", "notAfter lies before notBefore, so the key would never count");
  }
  map.Finish();
  if (!mistakes.empty()) return std::nullopt;
  return Key{std::move(id), *std::move(public_key), not_before, not_after};
}

std::vector<Key> ReadKeys(const yaml::Node& list, yaml::Mistakes& mistakes) {
  const std::vector<yaml::Node> items = list.Items(mistakes);
  if (list.IsSequence() && items.empty()) {
    list.Complain(mistakes, "the keyring holds no keys, so no answer could ever be trusted");
  }
  std::vector<Key> keys;
  std::vector<KnownId> known;
  for (const yaml::Node& item : items) {
    if (auto key = ReadKey(item, known, mistakes)) keys.push_back(*std::move(key));
  }
  return keys;
}

void CheckApiVersion(yaml::MapReader& map, yaml::Mistakes& mistakes) {
  const auto node = map.Require("apiVersion");
  if (!node) return;
  const auto version = node->String(mistakes);
  if (version && *version != kApiVersion) {
    node->Complain(mistakes,
                   fmt::format("apiVersion is {}, expected {}", Quote(*version), kApiVersion));
  }
}

}  // namespace

Result<Keyring> Keyring::Parse(std::string_view yaml, std::string_view file) {
  const auto document = yaml::Document::Parse(yaml, file);
  if (!document) return document.error();
  yaml::Mistakes mistakes;
  yaml::MapReader map(document->root(), mistakes);
  CheckApiVersion(map, mistakes);
  std::vector<Key> keys;
  if (const auto list = map.Require("keys")) keys = ReadKeys(*list, mistakes);
  map.Finish();
  if (!mistakes.empty()) return mistakes.ToError();
  return Keyring(std::move(keys));
}

const Key* Keyring::Find(std::string_view id) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.id == id; });
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace gate::evidence
