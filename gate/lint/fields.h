#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "gate/lint/objects.h"
#include "gate/yaml/strict_yaml.h"

namespace gate::lint {

Place PlaceOf(const yaml::Node& node);

// A map of a manifest, of which only some fields matter. As in Kubernetes null counts as absent.
// Values of the wrong type become mistakes and count as absent.
class Fields {
 public:
  // Holds nothing if `node` is absent.
  Fields(const std::optional<yaml::Node>& node, yaml::Mistakes& mistakes);

  std::optional<yaml::Node> Find(std::string_view key) const;
  bool Has(std::string_view key) const { return Find(key).has_value(); }
  Fields Child(std::string_view key) const { return {Find(key), *mistakes_}; }
  std::vector<yaml::Node> Items(std::string_view key) const;
  std::vector<std::string> Keys() const;  // of values that are not null

  std::optional<Text> FindText(std::string_view key) const;
  std::optional<Number> FindNumber(std::string_view key) const;
  std::optional<Flag> FindFlag(std::string_view key) const;
  std::string TextOrEmpty(std::string_view key) const;
  bool IsTrue(std::string_view key) const;
  // The fields that are scalars.
  std::map<std::string, Text> Texts() const;
  std::vector<Text> TextItems(std::string_view key) const;

  const Place& place() const { return place_; }  // of the map, if there is one
  yaml::Mistakes& mistakes() const { return *mistakes_; }

 private:
  std::vector<std::pair<yaml::Node, yaml::Node>> entries_;
  Place place_;
  yaml::Mistakes* mistakes_;
};

}  // namespace gate::lint
