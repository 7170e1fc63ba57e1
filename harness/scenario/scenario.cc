#include "harness/scenario/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "gate/base/digest.h"
#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/text_regex.h"
#include "harness/scenario/vocabulary.h"

namespace drill {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t kLongestId = 40;     // it becomes part of a namespace's name
constexpr std::size_t kLongestLabel = 63;  // of a Kubernetes label value
constexpr int kMostReplicas = 100;
constexpr gate::Nanos kLongestHorizon = hours(1);

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsWord(std::string_view text, std::size_t limit, std::string_view also) {
  return !text.empty() && text.size() <= limit && IsAlnum(text.front()) && IsAlnum(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return IsAlnum(c) || also.find(c) != std::string_view::npos; });
}

std::string OneOf(const std::vector<std::string_view>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> Strings(const std::vector<std::string_view>& words) {
  return {words.begin(), words.end()};
}

// "; did you mean ...?", or the list of what is known.
std::string Hint(std::string_view word, const std::vector<std::string_view>& known) {
  const auto nearest = gate::yaml::NearestWord(word, Strings(known));
  return nearest ? fmt::format("; did you mean \"{}\"?", *nearest)
                 : fmt::format("; known here: {}", OneOf(known));
}

// The text of `key`; complains if it is absent.
std::string RequireText(MapReader& map, std::string_view key, Mistakes& mistakes) {
  const auto node = map.Require(key);
  return node ? node->String(mistakes).value_or("") : "";
}

void RequireConstant(MapReader& map, std::string_view key, std::string_view allowed,
                     Mistakes& mistakes) {
  const std::string value = RequireText(map, key, mistakes);
  if (!value.empty() && value != allowed) {
    map.Complain(key, fmt::format("expected {}, found \"{}\"", allowed, value));
  }
}

// --- Event patterns -----------------------------------------------------------------------------

void CheckFieldValue(const EventField& field, const std::string& value, const Node& node,
                     Mistakes& mistakes) {
  const auto& values = field.values;
  if (values.empty() || std::find(values.begin(), values.end(), value) != values.end()) return;
  node.Complain(mistakes, fmt::format("\"{}\" can never be \"{}\"{}", field.name, value,
                                      Hint(value, values)));
}

// `field: text`, `field: {not: text}` or `field: {matches: regex}`.
std::optional<EventPattern::FieldTest> ParseFieldTest(const EventField& field, const Node& node,
                                                      Mistakes& mistakes) {
  using Kind = EventPattern::FieldTest::Kind;
  EventPattern::FieldTest test{std::string(field.name), Kind::kEquals, ""};
  if (!node.IsMap()) {
    if (node.IsSequence() || (node.IsNull() && !node.IsQuoted())) {
      node.Complain(mistakes, "expected a text, {not: text} or {matches: \"regex\"}");
      return std::nullopt;
    }
    test.value = node.Text();
    CheckFieldValue(field, test.value, node, mistakes);
    return test;
  }
  const auto entries = node.Entries(mistakes);
  if (entries.size() != 1 ||
      (entries[0].first.Text() != "not" && entries[0].first.Text() != "matches")) {
    node.Complain(mistakes, "expected exactly one of \"not\" and \"matches\"");
    return std::nullopt;
  }
  const Node& value = entries[0].second;
  if (!value.IsScalar()) {
    value.Complain(mistakes, "expected a text");
    return std::nullopt;
  }
  test.value = value.Text();
  if (entries[0].first.Text() == "not") {
    test.kind = Kind::kNotEquals;
    CheckFieldValue(field, test.value, value, mistakes);
    return test;
  }
  test.kind = Kind::kMatches;
  if (const auto regex = TextRegex::Compile(test.value); !regex) {
    value.Complain(mistakes, regex.error().message);
  }
  return test;
}

const EventKind* ParseEventName(const Node& node, Mistakes& mistakes) {
  const auto name = node.String(mistakes);
  if (!name) return nullptr;
  const EventKind* kind = FindEventKind(*name);
  if (kind == nullptr) {
    std::vector<std::string_view> known;
    for (const EventKind& each : KnownEvents()) known.push_back(each.name);
    node.Complain(mistakes, fmt::format("unknown event \"{}\"{}", *name, Hint(*name, known)));
  }
  return kind;
}

void ParseFields(const EventKind& kind, const std::vector<std::pair<Node, Node>>& entries,
                 EventPattern& pattern, Mistakes& mistakes) {
  for (const auto& [key, value] : entries) {
    const std::string name = key.Text();
    if (name == "event") continue;
    const auto field = std::find_if(kind.fields.begin(), kind.fields.end(),
                                    [&](const EventField& each) { return each.name == name; });
    if (field == kind.fields.end()) {
      std::vector<std::string_view> known;
      for (const EventField& each : kind.fields) known.push_back(each.name);
      key.Complain(mistakes, known.empty() ? fmt::format("event \"{}\" has no fields", kind.name)
                                           : fmt::format("event \"{}\" has no field \"{}\"{}",
                                                         kind.name, name, Hint(name, known)));
      continue;
    }
    if (auto test = ParseFieldTest(*field, value, mistakes)) {
      pattern.fields.push_back(*std::move(test));
    }
  }
}

EventPattern ParsePattern(const Node& node, Mistakes& mistakes) {
  EventPattern pattern;
  const auto entries = node.Entries(mistakes);
  const auto event = std::find_if(entries.begin(), entries.end(),
                                  [](const auto& each) { return each.first.Text() == "event"; });
  if (event == entries.end()) {
    if (node.IsMap()) node.Complain(mistakes, "\"event\" is missing");
    return pattern;
  }
  pattern.event = event->second.Text();
  if (const EventKind* kind = ParseEventName(event->second, mistakes)) {
    ParseFields(*kind, entries, pattern, mistakes);
  }
  return pattern;
}

std::vector<EventPattern> ParsePatterns(const Node& node, std::size_t at_least,
                                        Mistakes& mistakes) {
  std::vector<EventPattern> patterns;
  const auto items = node.Items(mistakes);
  if (node.IsSequence() && items.size() < at_least) {
    node.Complain(mistakes,
                  fmt::format("expected at least {} event{}", at_least, at_least == 1 ? "" : "s"));
  }
  for (const Node& item : items) patterns.push_back(ParsePattern(item, mistakes));
  return patterns;
}

// --- Expectations and measures ------------------------------------------------------------------

// A duration that must be positive; complains about others.
std::optional<gate::Nanos> ReadPositive(const Node& node, Mistakes& mistakes) {
  const auto value = node.Duration(mistakes);
  if (!value) return std::nullopt;
  if (*value > gate::Nanos(0)) return value;
  node.Complain(mistakes, "must be longer than 0s");
  return std::nullopt;
}

std::string ReadUniqueId(MapReader& map, std::set<std::string>& ids, Mistakes& mistakes) {
  std::string id = RequireText(map, "id", mistakes);
  if (!id.empty() && !ids.insert(id).second) {
    map.Complain("id", fmt::format("\"{}\" is used twice in this scenario", id));
  }
  return id;
}

Expectation ParseExpectation(const Node& node, std::set<std::string>& ids, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  Expectation result;
  result.line = node.Line();
  result.id = ReadUniqueId(map, ids, mistakes);
  int kinds = 0;
  if (const auto found = map.Find("eventually")) {
    ++kinds;
    result.kind = Expectation::Kind::kEventually;
    result.patterns = {ParsePattern(*found, mistakes)};
  }
  if (const auto found = map.Find("never")) {
    ++kinds;
    result.kind = Expectation::Kind::kNever;
    result.patterns = {ParsePattern(*found, mistakes)};
  }
  if (const auto found = map.Find("sequence")) {
    ++kinds;
    result.kind = Expectation::Kind::kSequence;
    result.patterns = ParsePatterns(*found, 2, mistakes);
  }
  if (node.IsMap() && kinds != 1) {
    node.Complain(mistakes, "expected exactly one of \"eventually\", \"never\" and \"sequence\"");
  }
  const auto within = map.Find("within");
  if (within) {
    result.within = ReadPositive(*within, mistakes);
    if (result.kind != Expectation::Kind::kEventually) {
      within->Complain(mistakes, "\"within\" goes with \"eventually\" only");
    }
  }
  if (const auto of = map.Find("of")) {
    result.of = ParsePattern(*of, mistakes);
    if (!within) of->Complain(mistakes, "\"of\" needs \"within\"");
  }
  map.Finish();
  return result;
}

Measure ParseMeasure(const Node& node, std::set<std::string>& ids, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  Measure result;
  result.line = node.Line();
  result.id = ReadUniqueId(map, ids, mistakes);
  if (const auto from = map.Require("from")) result.from = ParsePattern(*from, mistakes);
  if (const auto to = map.Require("to")) result.to = ParsePattern(*to, mistakes);
  if (const auto max = map.Require("max")) {
    result.max = ReadPositive(*max, mistakes).value_or(gate::Nanos(0));
  }
  map.Finish();
  return result;
}

// --- World --------------------------------------------------------------------------------------

std::string ReadRelease(MapReader& map, std::string_view key, Mistakes& mistakes) {
  std::string release = RequireText(map, key, mistakes);
  if (!release.empty() && !IsWord(release, kLongestLabel, "-_.")) {
    map.Complain(key, fmt::format("\"{}\" cannot be a label value: up to {} letters, digits, "
                                  "'-', '_' and '.', first and last a letter or digit",
                                  release, kLongestLabel));
  }
  return release;
}

void ParseReleases(const Node& node, Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  scenario.stable_release = ReadRelease(map, "stable", mistakes);
  scenario.canary_release = ReadRelease(map, "canary", mistakes);
  if (!scenario.canary_release.empty() && scenario.canary_release == scenario.stable_release) {
    map.Complain("canary", "stable and canary must be different releases");
  }
  map.Finish();
}

// "25%" or "2": what a Rollout's strategy takes.
void ReadAmount(MapReader& map, std::string_view key, std::string& amount) {
  if (!map.Read(key, amount)) return;
  std::string_view digits = amount;
  if (digits.ends_with('%')) digits.remove_suffix(1);
  if (digits.empty() || digits.size() > 3 ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    map.Complain(key, fmt::format("expected a number or a percentage, found \"{}\"", amount));
  }
}

void ParseRollout(const Node& node, Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  if (map.Read("replicas", scenario.replicas) &&
      (scenario.replicas < 1 || scenario.replicas > kMostReplicas)) {
    map.Complain("replicas", fmt::format("must be between 1 and {}", kMostReplicas));
  }
  ReadAmount(map, "maxSurge", scenario.max_surge);
  ReadAmount(map, "maxUnavailable", scenario.max_unavailable);
  std::string label = "present";
  if (map.Read("releaseLabel", label) && label != "present" && label != "absent") {
    map.Complain("releaseLabel", fmt::format("expected present or absent, found \"{}\"", label));
  }
  scenario.release_label = label != "absent";
  map.Finish();
}

// A free-form map, checked by whoever interprets it.
gate::Json ReadFreeForm(const Node& node, Mistakes& mistakes) {
  if (!node.IsMap() && !node.IsNull()) {
    node.Complain(mistakes, "expected a map");
    return gate::Json::object();
  }
  if (node.IsNull()) return gate::Json::object();
  auto parsed = gate::ParseStrictJson(node.ToJsonText(mistakes));
  if (parsed) return *std::move(parsed);
  node.Complain(mistakes, parsed.error().message);
  return gate::Json::object();
}

void ParseGate(const Node& node, Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  map.Read("dryRun", scenario.dry_run);
  if (const auto config = map.Find("config")) {
    scenario.gate_config = ReadFreeForm(*config, mistakes);
  }
  map.Finish();
}

void ParseWorld(const Node& node, Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  if (const auto releases = map.Require("releases")) ParseReleases(*releases, scenario, mistakes);
  if (const auto rollout = map.Find("rollout")) ParseRollout(*rollout, scenario, mistakes);
  if (const auto gate = map.Find("gate")) ParseGate(*gate, scenario, mistakes);
  if (const auto mc = map.Require("mc")) scenario.mc_script = ReadFreeForm(*mc, mistakes);
  map.Finish();
}

// --- The whole file -----------------------------------------------------------------------------

void ParseIdentity(MapReader& map, Scenario& scenario, Mistakes& mistakes) {
  scenario.id = RequireText(map, "id", mistakes);
  if (!scenario.id.empty() && !IsWord(scenario.id, kLongestId, "-")) {
    map.Complain("id", fmt::format("\"{}\" is not an id: up to {} letters, digits and '-', "
                                   "first and last a letter or digit",
                                   scenario.id, kLongestId));
  }
  scenario.title = RequireText(map, "title", mistakes);
  map.Read("hypothesis", scenario.hypothesis);
  map.Read("required", scenario.required);
  map.Read("requirements", scenario.requirements);
}

void ParseBackends(MapReader& map, Scenario& scenario, Mistakes& mistakes) {
  const std::vector<std::string_view> known = {"sim", "kind", "cluster"};
  const auto node = map.Find("backends");
  if (!node) {
    scenario.backends = {"sim", "kind"};
    return;
  }
  const auto items = node->Items(mistakes);
  if (node->IsSequence() && items.empty()) node->Complain(mistakes, "names no backend");
  for (const Node& item : items) {
    const auto name = item.String(mistakes);
    if (!name) continue;
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      item.Complain(mistakes, fmt::format("unknown backend \"{}\"{}", *name, Hint(*name, known)));
      continue;
    }
    scenario.backends.push_back(*name);
  }
}

// What is known only at the end cannot bring it about.
void CheckUntil(const std::vector<EventPattern>& until, const Node& node, Mistakes& mistakes) {
  for (const EventPattern& pattern : until) {
    const EventKind* kind = FindEventKind(pattern.event);
    if (kind == nullptr || kind->known == EventKind::Known::kAsItHappens) continue;
    node.Complain(mistakes, fmt::format("event \"{}\" is known only when all is over and cannot "
                                        "end the scenario",
                                        kind->name));
  }
}

void ParseJudgement(MapReader& map, Scenario& scenario, Mistakes& mistakes) {
  if (const auto node = map.Find("horizon")) {
    scenario.horizon = ReadPositive(*node, mistakes).value_or(scenario.horizon);
    if (scenario.horizon > kLongestHorizon) node->Complain(mistakes, "is longer than 1h");
  }
  if (const auto until = map.Find("until")) {
    scenario.until = ParsePatterns(*until, 1, mistakes);
    CheckUntil(scenario.until, *until, mistakes);
  }
  std::set<std::string> ids;
  if (const auto expect = map.Require("expect")) {
    const auto items = expect->Items(mistakes);
    if (expect->IsSequence() && items.empty()) {
      expect->Complain(mistakes, "a scenario without an expectation shows nothing");
    }
    for (const Node& item : items) {
      scenario.expectations.push_back(ParseExpectation(item, ids, mistakes));
    }
  }
  if (const auto measure = map.Find("measure")) {
    for (const Node& item : measure->Items(mistakes)) {
      scenario.measures.push_back(ParseMeasure(item, ids, mistakes));
    }
  }
}

std::string Describe(const EventPattern::FieldTest& test) {
  using Kind = EventPattern::FieldTest::Kind;
  const std::string_view relation = test.kind == Kind::kEquals      ? "="
                                    : test.kind == Kind::kNotEquals ? "is not"
                                                                    : "matches";
  return fmt::format("{} {} \"{}\"", test.field, relation, test.value);
}

}  // namespace

gate::Result<Scenario> ParseScenario(std::string_view text, const std::string& file) {
  const auto document = gate::yaml::Document::Parse(text, file);
  if (!document) return document.error();
  Mistakes mistakes;
  MapReader map(document->root(), mistakes);
  Scenario scenario;
  scenario.file = file;
  scenario.sha256 = gate::Sha256Hex(text);
  scenario.gate_config = gate::Json::object();
  scenario.mc_script = gate::Json::object();
  RequireConstant(map, "apiVersion", "drill/v1", mistakes);
  RequireConstant(map, "kind", "Scenario", mistakes);
  ParseIdentity(map, scenario, mistakes);
  ParseBackends(map, scenario, mistakes);
  if (const auto world = map.Require("world")) ParseWorld(*world, scenario, mistakes);
  ParseJudgement(map, scenario, mistakes);
  map.Finish();
  if (!mistakes.empty()) return mistakes.ToError();
  return scenario;
}

std::string Describe(const EventPattern& pattern) {
  if (pattern.fields.empty()) return pattern.event;
  std::vector<std::string> tests;
  for (const auto& test : pattern.fields) tests.push_back(Describe(test));
  return fmt::format("{} ({})", pattern.event, fmt::join(tests, ", "));
}

std::string Describe(const Expectation& expectation) {
  std::vector<std::string> patterns;
  for (const EventPattern& pattern : expectation.patterns) patterns.push_back(Describe(pattern));
  switch (expectation.kind) {
    case Expectation::Kind::kNever:
      return "never " + patterns.front();
    case Expectation::Kind::kSequence:
      return fmt::format("in this order: {}", fmt::join(patterns, ", then "));
    case Expectation::Kind::kEventually:
      break;
  }
  if (!expectation.within) return "eventually " + patterns.front();
  return fmt::format("{} within {} of {}", patterns.front(),
                     gate::FormatDuration(*expectation.within),
                     expectation.of ? Describe(*expectation.of) : "deployed");
}

}  // namespace drill
