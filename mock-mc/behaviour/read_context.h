#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gate/yaml/strict_yaml.h"
#include "mock-mc/behaviour/script.h"

// What the readers of a script's parts share. Included by their .cc files and headers only.
namespace mock_mc {

struct NamedKey {
  std::string id;
  SigningKey key;
  std::optional<gate::WallTime> not_before;  // when keyrings let it count
  std::optional<gate::WallTime> not_after;
};

// What the reader of a response can refer to.
struct ReadContext {
  const std::vector<NamedKey>& keys;
  const std::map<std::string, Response>& responses;
  // One key per algorithm that no keyring holds, for `wrongKey: true`.
  const std::map<Algorithm, SigningKey>& rogues;
  gate::yaml::Mistakes& mistakes;
};

// "\"rset\" is not one of hang, reset"
std::string UnknownWord(const std::string& word, const std::vector<std::string>& known);

// One of `values`, whose names ToString knows.
template <typename Enum, std::size_t size>
std::optional<Enum> ParseWord(const gate::yaml::Node& node, const std::array<Enum, size>& values,
                              gate::yaml::Mistakes& mistakes) {
  const auto text = node.String(mistakes);
  if (!text) return std::nullopt;
  std::vector<std::string> words;
  for (const Enum value : values) {
    if (*text == ToString(value)) return value;
    words.emplace_back(ToString(value));
  }
  node.Complain(mistakes, UnknownWord(*text, words));
  return std::nullopt;
}

}  // namespace mock_mc
