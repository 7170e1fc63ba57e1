#include "gate/yaml/strict_yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

namespace gate::yaml {

struct Node::Rep {
  YAML::Node node;
  std::string file;
};

namespace {

std::optional<std::int64_t> ParseInt(std::string_view text) {
  std::int64_t value = 0;
  if (text.starts_with("+")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) {
    return std::nullopt;
  }
  double value = 0;
  if (text.starts_with("+")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

bool IsNullWord(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

nlohmann::json ScalarToJson(const Node& node) {
  const std::string text = node.Text();
  if (node.IsQuoted()) return text;
  if (IsNullWord(text)) return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto integer = ParseInt(text)) return *integer;
  if (const auto real = ParseDouble(text)) return *real;
  return text;
}

nlohmann::json ToJson(const Node& node, Mistakes& mistakes) {
  if (node.IsSequence()) {
    nlohmann::json array = nlohmann::json::array();
    for (const Node& item : node.Items(mistakes)) array.push_back(ToJson(item, mistakes));
    return array;
  }
  if (node.IsMap()) {
    nlohmann::json object = nlohmann::json::object();
    for (const auto& [key, value] : node.Entries(mistakes)) {
      object[key.Text()] = ToJson(value, mistakes);
    }
    return object;
  }
  return ScalarToJson(node);
}

std::string_view KindOf(const Node& node) {
  if (node.IsNull()) return "nothing";
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return "a scalar";
}

// How many letters must be left out, added, changed or swapped with their neighbour to make `to` of
// `from`, no letter being touched twice (optimal string alignment).
std::size_t EditDistance(std::string_view from, std::string_view to) {
  // Distances of the first i letters of `from` to the beginnings of `to`: for i - 2, i - 1 and i.
  std::vector<std::size_t> before_last(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row.back();
}

Result<std::vector<YAML::Node>> Load(std::string_view text, std::string_view file) {
  try {
    return YAML::LoadAll(std::string(text));
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 1 : error.mark.line + 1;
    const int column = error.mark.is_null() ? 1 : error.mark.column + 1;
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{}:{}:{}: not valid YAML: {}", file, line, column, error.msg)};
  }
}

}  // namespace

Error Mistakes::ToError() const {
  return Error{ErrorCode::kInvalidArgument, fmt::format("{}", fmt::join(texts_, "\n"))};
}

bool Node::IsMap() const { return rep_->node.IsMap(); }
bool Node::IsSequence() const { return rep_->node.IsSequence(); }
bool Node::IsScalar() const { return rep_->node.IsScalar(); }
bool Node::IsNull() const {
  return rep_->node.IsNull() || (IsScalar() && !IsQuoted() && IsNullWord(rep_->node.Scalar()));
}
bool Node::IsQuoted() const { return rep_->node.Tag() == "!"; }
std::string Node::Text() const { return IsScalar() ? rep_->node.Scalar() : ""; }
std::string Node::File() const { return rep_->file; }
int Node::Line() const { return rep_->node.Mark().line + 1; }
int Node::Column() const { return rep_->node.Mark().column + 1; }

std::string Node::Where() const {
  const YAML::Mark mark = rep_->node.Mark();
  return fmt::format("{}:{}:{}", rep_->file, mark.line + 1, mark.column + 1);
}

void Node::Complain(Mistakes& mistakes, std::string_view message) const {
  mistakes.Add(fmt::format("{}: {}", Where(), message));
}

std::optional<std::string> Node::String(Mistakes& mistakes) const {
  if (IsScalar() && !IsNull()) return Text();
  Complain(mistakes, fmt::format("expected text, found {}", KindOf(*this)));
  return std::nullopt;
}

std::optional<bool> Node::Bool(Mistakes& mistakes) const {
  if (IsScalar() && !IsQuoted()) {
    if (Text() == "true") return true;
    if (Text() == "false") return false;
  }
  Complain(mistakes, IsScalar() ? fmt::format("expected true or false, found \"{}\"", Text())
                                : fmt::format("expected true or false, found {}", KindOf(*this)));
  return std::nullopt;
}

std::optional<std::int64_t> Node::Int(Mistakes& mistakes) const {
  if (IsScalar() && !IsQuoted()) {
    if (const auto value = ParseInt(Text())) return value;
  }
  Complain(mistakes, IsScalar() ? fmt::format("expected a whole number, found \"{}\"", Text())
                                : fmt::format("expected a whole number, found {}", KindOf(*this)));
  return std::nullopt;
}

std::optional<double> Node::Double(Mistakes& mistakes) const {
  if (IsScalar() && !IsQuoted()) {
    if (const auto value = ParseDouble(Text())) return value;
  }
  Complain(mistakes, IsScalar() ? fmt::format("expected a number, found \"{}\"", Text())
                                : fmt::format("expected a number, found {}", KindOf(*this)));
  return std::nullopt;
}

std::optional<Nanos> Node::Duration(Mistakes& mistakes) const {
  if (!IsScalar() || IsNull()) {
    Complain(mistakes, fmt::format("expected a duration such as 30s, found {}", KindOf(*this)));
    return std::nullopt;
  }
  auto value = ParseDuration(Text());
  if (value) return *value;
  Complain(mistakes, value.error().message);
  return std::nullopt;
}

std::vector<Node> Node::Items(Mistakes& mistakes) const {
  std::vector<Node> items;
  if (!IsSequence()) {
    Complain(mistakes, fmt::format("expected a list, found {}", KindOf(*this)));
    return items;
  }
  items.reserve(rep_->node.size());
  for (const YAML::Node& item : rep_->node) {
    items.push_back(Node(std::make_shared<Rep>(Rep{item, rep_->file})));
  }
  return items;
}

std::vector<std::pair<Node, Node>> Node::Entries(Mistakes& mistakes) const {
  std::vector<std::pair<Node, Node>> entries;
  if (IsNull()) return entries;
  if (!IsMap()) {
    Complain(mistakes, fmt::format("expected a map, found {}", KindOf(*this)));
    return entries;
  }
  std::vector<std::string> seen;
  for (const auto& entry : rep_->node) {
    Node key(std::make_shared<Rep>(Rep{entry.first, rep_->file}));
    if (!key.IsScalar()) {
      key.Complain(mistakes, fmt::format("a key must be text, not {}", KindOf(key)));
      continue;
    }
    if (std::find(seen.begin(), seen.end(), key.Text()) != seen.end()) {
      key.Complain(mistakes, fmt::format("duplicate key \"{}\"", key.Text()));
      continue;
    }
    seen.push_back(key.Text());
    entries.emplace_back(std::move(key),
                         Node(std::make_shared<Rep>(Rep{entry.second, rep_->file})));
  }
  return entries;
}

std::string Node::ToJsonText(Mistakes& mistakes) const {
  return ToJson(*this, mistakes)
      .dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

Result<Document> Document::Parse(std::string_view text, std::string_view file) {
  auto documents = Load(text, file);
  if (!documents) return std::move(documents).error();
  if (documents->size() > 1) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{}: holds {} documents, expected one", file, documents->size())};
  }
  YAML::Node root = documents->empty() ? YAML::Node() : documents->front();
  return Document(Node(std::make_shared<Node::Rep>(Node::Rep{root, std::string(file)})));
}

Result<std::vector<Document>> Document::ParseAll(std::string_view text, std::string_view file) {
  auto loaded = Load(text, file);
  if (!loaded) return std::move(loaded).error();
  std::vector<Document> documents;
  for (const YAML::Node& root : *loaded) {
    if (root.IsNull()) continue;
    documents.push_back(
        Document(Node(std::make_shared<Node::Rep>(Node::Rep{root, std::string(file)}))));
  }
  return documents;
}

MapReader::MapReader(const Node& node, Mistakes& mistakes)
    : node_(node), mistakes_(mistakes), entries_(node.Entries(mistakes)) {}

std::optional<Node> MapReader::Find(std::string_view key) {
  known_.emplace_back(key);
  for (const auto& [name, value] : entries_) {
    if (name.Text() == key) return value;
  }
  return std::nullopt;
}

std::optional<Node> MapReader::Require(std::string_view key) {
  auto found = Find(key);
  if (!found) node_.Complain(mistakes_, fmt::format("\"{}\" is missing", key));
  return found;
}

void MapReader::Complain(std::string_view key, std::string_view message) {
  for (const auto& [name, value] : entries_) {
    if (name.Text() == key) {
      value.Complain(mistakes_, message);
      return;
    }
  }
  node_.Complain(mistakes_, message);
}

template <typename T, typename Method>
bool MapReader::ReadWith(std::string_view key, T& value, Method method) {
  const auto found = Find(key);
  if (!found) return false;
  auto parsed = ((*found).*method)(mistakes_);
  if (!parsed) return false;
  value = *std::move(parsed);
  return true;
}

bool MapReader::Read(std::string_view key, std::string& value) {
  return ReadWith(key, value, &Node::String);
}
bool MapReader::Read(std::string_view key, bool& value) {
  return ReadWith(key, value, &Node::Bool);
}
bool MapReader::Read(std::string_view key, std::int64_t& value) {
  return ReadWith(key, value, &Node::Int);
}
bool MapReader::Read(std::string_view key, double& value) {
  return ReadWith(key, value, &Node::Double);
}
bool MapReader::Read(std::string_view key, Nanos& value) {
  return ReadWith(key, value, &Node::Duration);
}

bool MapReader::Read(std::string_view key, int& value) {
  std::int64_t wide = 0;
  if (!Read(key, wide)) return false;
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    Complain(key, fmt::format("{} is out of range", wide));
    return false;
  }
  value = static_cast<int>(wide);
  return true;
}

bool MapReader::Read(std::string_view key, std::vector<std::string>& value) {
  const auto found = Find(key);
  if (!found) return false;
  std::vector<std::string> texts;
  for (const Node& item : found->Items(mistakes_)) {
    if (auto text = item.String(mistakes_)) texts.push_back(*std::move(text));
  }
  value = std::move(texts);
  return true;
}

void MapReader::Finish() {
  for (const auto& [name, value] : entries_) {
    const std::string key = name.Text();
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto nearest = NearestWord(key, known_);
    name.Complain(
        mistakes_,
        nearest ? fmt::format("unknown key \"{}\"; did you mean \"{}\"?", key, *nearest)
                : fmt::format("unknown key \"{}\"; known here: {}", key, fmt::join(known_, ", ")));
  }
}

std::optional<std::string> NearestWord(std::string_view word,
                                       const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = EditDistance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

}  // namespace gate::yaml
