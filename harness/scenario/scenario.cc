#include "harness/scenario/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "gate/base/digest.h"
#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/parse_common.h"
#include "harness/scenario/parse_pattern.h"
#include "harness/scenario/parse_replay.h"
#include "harness/scenario/parse_timeline.h"
#include "harness/scenario/parse_world.h"

namespace drill {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;
using std::chrono::hours;

constexpr std::size_t kLongestId = 40;  // it becomes part of a namespace's name
constexpr gate::Nanos kLongestHorizon = hours(1);

void RequireConstant(MapReader& map, std::string_view key, std::string_view allowed,
                     Mistakes& mistakes) {
  const std::string value = RequireText(map, key, mistakes);
  if (!value.empty() && value != allowed) {
    map.Complain(key, fmt::format("expected {}, found \"{}\"", allowed, value));
  }
}

// --- Expectations and measures ------------------------------------------------------------------

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
  if (const auto found = map.Find("once")) {
    ++kinds;
    result.kind = Expectation::Kind::kOnce;
    result.patterns = {ParsePattern(*found, mistakes)};
  }
  if (const auto found = map.Find("sequence")) {
    ++kinds;
    result.kind = Expectation::Kind::kSequence;
    result.patterns = ParsePatterns(*found, 2, mistakes);
  }
  if (node.IsMap() && kinds != 1) {
    node.Complain(mistakes,
                  "expected exactly one of \"eventually\", \"never\", \"once\" and \"sequence\"");
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

bool IsAbout(std::string_view event, const std::vector<EventPattern>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const EventPattern& pattern) { return pattern.event == event; });
}

void ReadReplay(MapReader& map, Scenario& scenario, Mistakes& mistakes) {
  const auto node = map.Find("replay");
  if (!node) return;
  scenario.replay = ParseReplay(*node, mistakes);
  scenario.horizon = kLongestHorizon;
  if (scenario.backends != std::vector<std::string>{"sim"}) {
    node->Complain(mistakes, "is for the simulator: the scenario needs `backends: [sim]`");
  }
  for (const char* key : {"horizon", "until"}) {
    if (const auto other = map.Find(key)) {
      other->Complain(mistakes, fmt::format("\"{}\" has no place beside \"replay\", which ends "
                                            "when the campaign would end it",
                                            key));
    }
  }
}

void ParseJudgement(MapReader& map, Scenario& scenario, Mistakes& mistakes) {
  if (const auto node = map.Find("horizon"); node && !scenario.replay) {
    scenario.horizon = ReadPositive(*node, mistakes).value_or(scenario.horizon);
    if (scenario.horizon > kLongestHorizon) node->Complain(mistakes, "is longer than 1h");
  }
  if (const auto until = map.Find("until"); until && !scenario.replay) {
    scenario.until = ParsePatterns(*until, 1, mistakes);
    for (const EventPattern& pattern : scenario.until) {
      CheckKnownInTime(pattern, *until, "end the scenario", mistakes);
    }
  }
  std::set<std::string> ids;
  if (const auto expect = map.Require("expect")) {
    const auto items = expect->Items(mistakes);
    if (expect->IsSequence() && items.empty()) {
      expect->Complain(mistakes, "a scenario without an expectation shows nothing");
    }
    for (const Node& item : items) {
      scenario.expectations.push_back(ParseExpectation(item, ids, mistakes));
      if (!scenario.replay && IsAbout("broken", scenario.expectations.back().patterns)) {
        item.Complain(mistakes, "invariants are watched only in a scenario with \"replay\"");
      }
    }
  }
  if (const auto measure = map.Find("measure")) {
    for (const Node& item : measure->Items(mistakes)) {
      scenario.measures.push_back(ParseMeasure(item, ids, mistakes));
    }
  }
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
  ReadReplay(map, scenario, mistakes);
  if (const auto world = map.Require("world")) ParseWorld(*world, scenario, mistakes);
  ParseJudgement(map, scenario, mistakes);
  if (const auto timeline = map.Find("timeline")) {
    scenario.timeline = ParseTimeline(*timeline, scenario, mistakes);
  }
  map.Finish();
  if (!mistakes.empty()) return mistakes.ToError();
  return scenario;
}

std::string Describe(const Expectation& expectation) {
  std::vector<std::string> patterns;
  for (const EventPattern& pattern : expectation.patterns) patterns.push_back(Describe(pattern));
  switch (expectation.kind) {
    case Expectation::Kind::kNever:
      return "never " + patterns.front();
    case Expectation::Kind::kOnce:
      return "once " + patterns.front();
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

bool PlaysAlone(const Scenario& scenario) {
  return std::any_of(scenario.timeline.begin(), scenario.timeline.end(),
                     [](const TimelineEntry& entry) { return DisturbsOthers(entry.action); });
}

}  // namespace drill
