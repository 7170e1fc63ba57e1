#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/yaml/strict_yaml.h"

// What the parts of the scenario parser share.
namespace drill {

inline constexpr std::size_t kLongestLabel = 63;  // of a Kubernetes label value

// Letters, digits and the characters in `also`, at most `limit`, first and last a letter or digit.
bool IsWord(std::string_view text, std::size_t limit, std::string_view also);

// "; did you mean ...?", or the list of what is known.
std::string Hint(std::string_view word, const std::vector<std::string_view>& known);

// The text of `key`; complains if it is absent.
std::string RequireText(gate::yaml::MapReader& map, std::string_view key,
                        gate::yaml::Mistakes& mistakes);

// A duration that must be positive; complains about others.
std::optional<gate::Nanos> ReadPositive(const gate::yaml::Node& node,
                                        gate::yaml::Mistakes& mistakes);

// The same, and it must be whole seconds, as Kubernetes counts them.
std::optional<gate::Nanos> ReadWholeSeconds(const gate::yaml::Node& node,
                                            gate::yaml::Mistakes& mistakes);

// A release id, which travels as a label's value; complains about what cannot be one.
std::string ReadRelease(const gate::yaml::Node& node, gate::yaml::Mistakes& mistakes);

// A stage as MC is asked about it (docs/evidence-api.md).
std::string ReadStage(const gate::yaml::Node& node, gate::yaml::Mistakes& mistakes);

// A whole number from `least` to `most`; complains about others and gives `fallback`.
int ReadIntBetween(const gate::yaml::Node& node, int least, int most, int fallback,
                   gate::yaml::Mistakes& mistakes);

// True if `key` is there and says `second`; complains if it is neither `first` nor `second`.
bool ReadChoice(gate::yaml::MapReader& map, std::string_view key, std::string_view first,
                std::string_view second);

}  // namespace drill
