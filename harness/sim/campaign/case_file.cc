#include "harness/sim/campaign/case_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/parse_common.h"
#include "harness/scenario/parse_world.h"
#include "harness/sim/campaign/tally.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::Nanos;
using gate::Result;
using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;
using Extent = FaultInfo::Extent;
using Parameter = FaultInfo::Parameter;

constexpr std::size_t kMostFaults = 100;

// --- Writing. JSON is YAML, so that no text needs other quoting.

std::string Quoted(const std::string& text) { return Json(text).dump(); }

std::string FormatStep(const CanaryStep& step) {
  switch (step.kind) {
    case CanaryStep::Kind::kSetWeight:
      return fmt::format("{{setWeight: {}}}", step.weight);
    case CanaryStep::Kind::kPause:
      return fmt::format("{{pause: {}}}", step.time ? gate::FormatDuration(*step.time) : "forever");
    case CanaryStep::Kind::kGate:
      return fmt::format("{{gate: {}}}", Quoted(step.stage));
  }
  return "";
}

std::string FormatShape(const RolloutShape& shape) {
  std::string text;
  if (shape.steps) {
    std::vector<std::string> steps;
    for (const CanaryStep& step : *shape.steps) steps.push_back(FormatStep(step));
    text += fmt::format("    steps: [{}]\n", fmt::join(steps, ", "));
  }
  const auto duration = [&text](const char* key, const std::optional<Nanos>& value) {
    if (value) text += fmt::format("    {}: {}\n", key, gate::FormatDuration(*value));
  };
  duration("minReady", shape.min_ready);
  duration("progressDeadline", shape.progress_deadline);
  if (shape.progress_deadline_abort) {
    text += fmt::format("    progressDeadlineAbort: {}\n", *shape.progress_deadline_abort);
  }
  if (shape.rollback_window) {
    text += fmt::format("    rollbackWindow: {}\n", *shape.rollback_window);
  }
  if (shape.background) {
    text += fmt::format("    background: {{stage: {}, startingStep: {}}}\n",
                        Quoted(shape.background->stage), shape.background->starting_step);
  }
  return text;
}

std::string FormatWorld(const Case& one) {
  const Scenario& scenario = one.scenario;
  std::string text = fmt::format(
      "world:\n  releases: {{stable: {}, canary: {}}}\n  rollout:\n    replicas: {}\n"
      "    maxSurge: {}\n    maxUnavailable: {}\n",
      Quoted(scenario.stable_release), Quoted(scenario.canary_release), scenario.replicas,
      Quoted(scenario.max_surge), Quoted(scenario.max_unavailable));
  if (!scenario.release_label) text += "    releaseLabel: absent\n";
  if (scenario.canary_image == Deploy::Image::kMissing) text += "    canaryImage: missing\n";
  text += FormatShape(scenario.shape);
  std::string gate;
  if (scenario.dry_run) gate += "    dryRun: true\n";
  if (!scenario.gate_image) gate += "    image: missing\n";
  if (scenario.job_deadline) {
    gate += fmt::format("    jobDeadline: {}\n", gate::FormatDuration(*scenario.job_deadline));
  }
  if (scenario.gate_config.is_object() && !scenario.gate_config.empty()) {
    gate += fmt::format("    config: {}\n", scenario.gate_config.dump());
  }
  if (!gate.empty()) text += "  gate:\n" + gate;
  const Json script = McScriptOf(one);
  text += "  mc:\n";
  for (const auto& [key, value] : script.items()) {
    if (!value.is_array()) {
      text += fmt::format("    {}: {}\n", key, value.dump());
      continue;
    }
    text += fmt::format("    {}:\n", key);
    for (const Json& item : value) text += fmt::format("      - {}\n", item.dump());
  }
  if (script.empty()) text += "    rules: []\n";
  return text;
}

std::string FormatFault(const Fault& fault) {
  const FaultInfo& info = InfoOf(fault.kind);
  std::string text = fmt::format("kind: {}", info.name);
  if (info.parameter == Parameter::kSeam) {
    return text + fmt::format(", process: {}, call: {}", fault.process, fault.amount);
  }
  if (info.extent != Extent::kWholeRun) {
    text += fmt::format(", at: {}", gate::FormatDuration(fault.at));
  }
  if (info.extent == Extent::kSpan) {
    text += fmt::format(", for: {}", gate::FormatDuration(fault.length));
  }
  switch (info.parameter) {
    case Parameter::kShare:
      return text + fmt::format(", share: {}", fault.amount);
    case Parameter::kSkew:
      return text + fmt::format(", skew: {}", gate::FormatDuration(Nanos(fault.amount)));
    case Parameter::kSlowness:
      return text + fmt::format(", percent: {}", fault.amount);
    case Parameter::kNone:
    case Parameter::kSeam:
      return text;
  }
  return text;
}

// --- Reading.

std::optional<std::uint64_t> Hex(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, 16);
  if (text.empty() || error != std::errc() || rest != end) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> ReadHex(MapReader& map, std::string_view key) {
  std::string text;
  if (!map.Read(key, text)) return std::nullopt;
  const auto value = Hex(text);
  if (!value) map.Complain(key, "expected up to 16 hexadecimal digits in quotes");
  return value;
}

std::vector<std::string_view> FaultNames() {
  std::vector<std::string_view> names;
  for (const FaultInfo& info : KnownFaults()) names.push_back(info.name);
  return names;
}

void ReadAmount(MapReader& map, Parameter parameter, Fault& fault) {
  const auto number = [&](const char* key, std::int64_t least, std::int64_t most) {
    if (!map.Require(key)) return;
    std::int64_t value = 0;
    if (!map.Read(key, value)) return;
    if (value < least || value > most) {
      map.Complain(key, fmt::format("must be between {} and {}", least, most));
    }
    fault.amount = value;
  };
  constexpr std::int64_t kMostSlowness = 100'000;
  constexpr std::int64_t kMostCalls = 1'000'000;
  switch (parameter) {
    case Parameter::kNone:
      return;
    case Parameter::kShare:
      return number("share", 0, kMillion);
    case Parameter::kSlowness:
      return number("percent", 1, kMostSlowness);
    case Parameter::kSkew:
      if (Nanos skew{0}; map.Require("skew") && map.Read("skew", skew)) fault.amount = skew.count();
      return;
    case Parameter::kSeam:
      number("call", 0, kMostCalls);
      if (int process = 0; map.Require("process") && map.Read("process", process)) {
        if (process < 0) map.Complain("process", "must not be negative");
        fault.process = static_cast<std::uint32_t>(std::max(0, process));
      }
  }
}

void ReadTime(MapReader& map, const char* key, Nanos& time) {
  if (!map.Require(key) || !map.Read(key, time)) return;
  if (time < Nanos(0)) map.Complain(key, "must not be negative");
}

std::optional<Fault> ReadFault(const Node& node, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  std::string name;
  if (!map.Require("kind") || !map.Read("kind", name)) return std::nullopt;
  const auto kind = ParseFaultKind(name);
  if (!kind) {
    map.Complain("kind", fmt::format("unknown fault \"{}\"{}", name, Hint(name, FaultNames())));
    return std::nullopt;
  }
  const FaultInfo& info = InfoOf(*kind);
  Fault fault;
  fault.kind = *kind;
  const bool timed = info.extent != Extent::kWholeRun && info.parameter != Parameter::kSeam;
  if (timed) ReadTime(map, "at", fault.at);
  if (info.extent == Extent::kSpan) ReadTime(map, "for", fault.length);
  ReadAmount(map, info.parameter, fault);
  map.Finish();
  return fault;
}

void ReadFaults(const Node& node, std::vector<Fault>& faults, Mistakes& mistakes) {
  const auto items = node.Items(mistakes);
  if (items.size() > kMostFaults) {
    node.Complain(mistakes, fmt::format("has more than {} entries", kMostFaults));
    return;
  }
  for (const Node& item : items) {
    if (const auto fault = ReadFault(item, mistakes)) faults.push_back(*fault);
  }
}

void RequireWord(MapReader& map, std::string_view key, std::string_view word) {
  std::string text;
  if (map.Require(key) && map.Read(key, text) && text != word) {
    map.Complain(key, fmt::format("expected {}", word));
  }
}

}  // namespace

std::string FormatCase(const CaseFile& file, std::string_view comment) {
  const Case& one = file.one;
  std::string text;
  while (!comment.empty()) {
    const std::string_view line = comment.substr(0, comment.find('\n'));
    comment.remove_prefix(std::min(comment.size(), line.size() + 1));
    text += fmt::format("# {}\n", line);
  }
  text += fmt::format(
      "apiVersion: drill/v1\nkind: Case\nseed: \"{:x}\"\ncampaignSeed: \"{:x}\"\nties: {}\n"
      "argo: \"{}\"\n",
      one.seed, file.campaign_seed, one.ties == World::Options::Ties::kDrawn ? "drawn" : "in-order",
      one.argo == ArgoVersion::k1_9 ? "1.9" : "1.10");
  if (!file.breaks.empty()) text += fmt::format("breaks: {}\n", file.breaks);
  if (file.trace) text += fmt::format("trace: \"{}\"\n", TraceText(*file.trace));
  text += FormatWorld(one);
  if (one.faults.empty()) return text + "faults: []\n";
  text += "faults:\n";
  for (const Fault& fault : one.faults) text += fmt::format("  - {{{}}}\n", FormatFault(fault));
  return text;
}

Result<CaseFile> ParseCase(std::string_view text, const std::string& file) {
  auto document = gate::yaml::Document::Parse(text, file);
  if (!document) return std::move(document).error();
  Mistakes mistakes;
  MapReader map(document->root(), mistakes);
  RequireWord(map, "apiVersion", "drill/v1");
  RequireWord(map, "kind", "Case");
  CaseFile read;
  read.one.scenario = GeneratedWorld();
  read.one.scenario.file = file;
  if (map.Require("seed")) read.one.seed = ReadHex(map, "seed").value_or(0);
  read.campaign_seed = ReadHex(map, "campaignSeed").value_or(0);
  if (ReadChoice(map, "ties", "in-order", "drawn")) read.one.ties = World::Options::Ties::kDrawn;
  if (ReadChoice(map, "argo", "1.10", "1.9")) read.one.argo = ArgoVersion::k1_9;
  map.Read("breaks", read.breaks);
  read.trace = ReadHex(map, "trace");
  if (const auto world = map.Require("world")) ParseWorld(*world, read.one.scenario, mistakes);
  if (const auto faults = map.Find("faults")) ReadFaults(*faults, read.one.faults, mistakes);
  map.Finish();
  if (!mistakes.empty()) return mistakes.ToError();
  return read;
}

}  // namespace drill::sim
