#include "gate/lint/fields.h"

namespace gate::lint {

Place PlaceOf(const yaml::Node& node) { return {node.File(), node.Line(), node.Column()}; }

Fields::Fields(const std::optional<yaml::Node>& node, yaml::Mistakes& mistakes)
    : mistakes_(&mistakes) {
  if (!node) return;
  entries_ = node->Entries(mistakes);
  place_ = PlaceOf(*node);
}

std::optional<yaml::Node> Fields::Find(std::string_view key) const {
  for (const auto& [name, value] : entries_) {
    if (name.Text() == key && !value.IsNull()) return value;
  }
  return std::nullopt;
}

std::vector<yaml::Node> Fields::Items(std::string_view key) const {
  const auto node = Find(key);
  return node ? node->Items(*mistakes_) : std::vector<yaml::Node>();
}

std::vector<std::string> Fields::Keys() const {
  std::vector<std::string> keys;
  for (const auto& [name, value] : entries_) {
    if (!value.IsNull()) keys.push_back(name.Text());
  }
  return keys;
}

std::optional<Text> Fields::FindText(std::string_view key) const {
  const auto node = Find(key);
  if (!node) return std::nullopt;
  auto text = node->String(*mistakes_);
  if (!text) return std::nullopt;
  return Text{*std::move(text), PlaceOf(*node)};
}

std::optional<Number> Fields::FindNumber(std::string_view key) const {
  const auto node = Find(key);
  if (!node) return std::nullopt;
  const auto number = node->Int(*mistakes_);
  if (!number) return std::nullopt;
  return Number{*number, PlaceOf(*node)};
}

std::optional<Flag> Fields::FindFlag(std::string_view key) const {
  const auto node = Find(key);
  if (!node) return std::nullopt;
  const auto flag = node->Bool(*mistakes_);
  if (!flag) return std::nullopt;
  return Flag{*flag, PlaceOf(*node)};
}

std::string Fields::TextOrEmpty(std::string_view key) const {
  const auto text = FindText(key);
  return text ? text->value : "";
}

bool Fields::IsTrue(std::string_view key) const {
  const auto flag = FindFlag(key);
  return flag && flag->value;
}

std::map<std::string, Text> Fields::Texts() const {
  std::map<std::string, Text> texts;
  for (const auto& [name, value] : entries_) {
    if (value.IsScalar() && !value.IsNull()) {
      texts.emplace(name.Text(), Text{value.Text(), PlaceOf(value)});
    }
  }
  return texts;
}

std::vector<Text> Fields::TextItems(std::string_view key) const {
  std::vector<Text> texts;
  for (const yaml::Node& item : Items(key)) {
    if (auto text = item.String(*mistakes_)) texts.push_back({*std::move(text), PlaceOf(item)});
  }
  return texts;
}

}  // namespace gate::lint
