#include "harness/scenario/parse_timeline.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "harness/scenario/parse_common.h"
#include "harness/scenario/parse_fault.h"
#include "harness/scenario/parse_pattern.h"
#include "harness/scenario/parse_replay.h"
#include "harness/scenario/scenario.h"

namespace drill {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

constexpr std::size_t kMostEntries = 50;

// `RELEASE` or `{release: RELEASE, image: missing, releaseLabel: absent}`.
Deploy ParseDeploy(const Node& node, Mistakes& mistakes) {
  Deploy deploy;
  if (!node.IsMap()) {
    deploy.release = ReadRelease(node, mistakes);
    return deploy;
  }
  MapReader map(node, mistakes);
  if (const auto release = map.Require("release")) deploy.release = ReadRelease(*release, mistakes);
  if (ReadChoice(map, "image", "present", "missing")) deploy.image = Deploy::Image::kMissing;
  if (ReadChoice(map, "releaseLabel", "present", "absent")) {
    deploy.release_label = Deploy::Label::kAbsent;
  }
  map.Finish();
  return deploy;
}

OverrideEvidence ParseEvidence(const Node& node, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  OverrideEvidence evidence;
  if (const auto release = map.Require("release")) {
    evidence.release = ReadRelease(*release, mistakes);
  }
  if (const auto stage = map.Find("stage")) evidence.stage = ReadStage(*stage, mistakes);
  if (const auto ok = map.Require("ok")) evidence.ok = ok->Bool(mistakes).value_or(false);
  map.Finish();
  return evidence;
}

// Becomes the name of a ServiceAccount.
std::string ReadPerson(const Node& node, Mistakes& mistakes) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  constexpr std::size_t kLongest = 20;
  const std::string name = node.String(mistakes).value_or("");
  if (name.empty() || name.size() > kLongest ||
      name.find_first_not_of(kLetters) != std::string::npos) {
    node.Complain(mistakes, fmt::format("must be a name of 1 to {} small letters", kLongest));
  }
  return name;
}

// As for `rollout-gate override`; that it may name another release than the deployed one is for
// what must not count.
OverrideGate ParseOverride(const Node& node, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  OverrideGate word;
  if (const auto decision = map.Require("decision")) {
    if (decision->Text() == "approve") word.decision = OverrideGate::Decision::kApprove;
    if (decision->Text() != "approve" && decision->Text() != "reject") {
      decision->Complain(mistakes, "expected approve or reject");
    }
  }
  if (const auto stage = map.Require("stage")) word.stage = ReadStage(*stage, mistakes);
  if (const auto release = map.Find("release")) word.release = ReadRelease(*release, mistakes);
  if (const auto by = map.Find("by")) word.by = ReadPerson(*by, mistakes);
  map.Read("overRefusal", word.over_refusal);
  if (const auto reason = map.Require("reason")) {
    word.reason = reason->String(mistakes).value_or("");
    constexpr std::size_t kShortest = 10;
    constexpr std::size_t kLongest = 500;
    if (word.reason.size() < kShortest || word.reason.size() > kLongest) {
      reason->Complain(mistakes, "must have 10 to 500 characters");
    }
  }
  if (const auto expires = map.Find("expires")) {
    word.expires = expires->Duration(mistakes).value_or(word.expires);
    if (word.expires < std::chrono::minutes(1) || word.expires > std::chrono::hours(24)) {
      expires->Complain(mistakes, "must be from 1m to 24h");
    }
  }
  if (word.over_refusal && word.decision != OverrideGate::Decision::kApprove) {
    node.Complain(mistakes, "overRefusal goes with approve only");
  }
  map.Finish();
  return word;
}

void ComplainAboutAction(const Node& node, Mistakes& mistakes) {
  node.Complain(mistakes, fmt::format("unknown action \"{}\"{}", node.Text(),
                                      Hint(node.Text(), ActionNames())));
}

// The name of a command, or one of `{deploy: ...}`, `{scale: N}`, `{pod-quota: N}`, `{evidence:
// {...}}`, `{override: {...}}`, `{fault: {...}}`.
Action ParseAction(const Node& node, Mistakes& mistakes) {
  if (!node.IsMap()) {
    if (const auto command = ParseCommand(node.Text())) return *command;
    ComplainAboutAction(node, mistakes);
    return {};
  }
  const auto entries = node.Entries(mistakes);
  if (entries.size() != 1) {
    node.Complain(mistakes, "expected exactly one action");
    return {};
  }
  const auto& [name, value] = entries.front();
  if (name.Text() == NameOf(Deploy())) return ParseDeploy(value, mistakes);
  if (name.Text() == NameOf(Scale())) {
    return Scale{ReadIntBetween(value, 0, kMostReplicas, 0, mistakes)};
  }
  if (name.Text() == NameOf(PodQuota())) {
    return PodQuota{ReadIntBetween(value, 0, kMostReplicas, 0, mistakes)};
  }
  if (name.Text() == NameOf(OverrideEvidence())) return ParseEvidence(value, mistakes);
  if (name.Text() == NameOf(OverrideGate())) return ParseOverride(value, mistakes);
  if (name.Text() == NameOf(Fault())) return ParseFault(value, mistakes);
  if (ParseCommand(name.Text())) {
    name.Complain(mistakes, fmt::format("\"{}\" has no parameters: write `do: {}`", name.Text(),
                                        name.Text()));
  } else {
    ComplainAboutAction(name, mistakes);
  }
  return {};
}

// A point in time may be 0s.
gate::Nanos ReadOffset(const Node& node, Mistakes& mistakes) {
  const gate::Nanos offset = node.Duration(mistakes).value_or(gate::Nanos(0));
  if (offset < gate::Nanos(0)) node.Complain(mistakes, "must not be negative");
  return offset;
}

void CheckFault(const Fault& fault, const TimelineEntry& entry, const Scenario& scenario,
                const Node& node, Mistakes& mistakes) {
  const FaultInfo& info = InfoOf(fault.kind);
  if (scenario.backends != std::vector<std::string>{"sim"}) {
    node.Complain(mistakes, fmt::format("{} exists only in the simulator: a scenario with it needs "
                                        "`backends: [sim]`",
                                        info.name));
  }
  if (IsFromTheStart(info) && (entry.on || entry.after > gate::Nanos(0))) {
    node.Complain(mistakes, fmt::format("{} is there from the start: write `at: 0s`", info.name));
  }
}

void CheckCommand(Command command, const Scenario& scenario, const Node& node, Mistakes& mistakes) {
  if (command == Command::kRestartGate && scenario.gate_mode != GateMode::kService) {
    node.Complain(mistakes, "a gate as a Job cannot be restarted: it needs `mode: service`");
  }
}

TimelineEntry ParseEntry(const Node& node, const Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  TimelineEntry entry;
  entry.line = node.Line();
  const auto at = map.Find("at");
  const auto on = map.Find("on");
  const auto after = map.Find("after");
  if (node.IsMap() && at.has_value() == on.has_value()) {
    node.Complain(mistakes, "expected exactly one of \"at\" and \"on\"");
  }
  if (at) {
    entry.after = ReadOffset(*at, mistakes);
    if (entry.after >= scenario.horizon) at->Complain(mistakes, "is not before the horizon");
  }
  if (on) {
    entry.on = ParsePattern(*on, mistakes);
    CheckKnownInTime(*entry.on, *on, "bring about an action", mistakes);
  }
  if (after) {
    entry.after = ReadOffset(*after, mistakes);
    if (!on) after->Complain(mistakes, "\"after\" goes with \"on\" only");
  }
  if (const auto action = map.Require("do")) {
    entry.action = ParseAction(*action, mistakes);
    if (const auto* fault = std::get_if<Fault>(&entry.action)) {
      CheckFault(*fault, entry, scenario, *action, mistakes);
    }
    if (const auto* command = std::get_if<Command>(&entry.action)) {
      CheckCommand(*command, scenario, *action, mistakes);
    }
    if (scenario.replay) CheckReplayed(entry, *action, mistakes);
  }
  map.Finish();
  return entry;
}

}  // namespace

std::vector<TimelineEntry> ParseTimeline(const Node& node, const Scenario& scenario,
                                         Mistakes& mistakes) {
  std::vector<TimelineEntry> timeline;
  const auto items = node.Items(mistakes);
  // A campaign's failure may have more, before it is shrunk.
  if (items.size() > kMostEntries && !scenario.replay) {
    node.Complain(mistakes, fmt::format("has more than {} entries", kMostEntries));
  }
  for (const Node& item : items) timeline.push_back(ParseEntry(item, scenario, mistakes));
  return timeline;
}

}  // namespace drill
