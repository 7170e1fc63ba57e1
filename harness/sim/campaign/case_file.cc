#include "harness/sim/campaign/case_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "gate/base/check.h"
#include "harness/scenario/parse_fault.h"
#include "harness/sim/campaign/tally.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::Nanos;

// JSON is YAML, so that no text needs other quoting.

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
  if (scenario.gate_mode == GateMode::kService) gate += "    mode: service\n";
  if (scenario.gate_grace) {
    gate += fmt::format("    grace: {}\n", gate::FormatDuration(*scenario.gate_grace));
  }
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
      "apiVersion: drill/v1\nkind: Scenario\nid: {}\ntitle: {}\nbackends: [sim]\n"
      "replay:\n  seed: \"{:x}\"\n  campaignSeed: \"{:x}\"\n  ties: {}\n  argo: \"{}\"\n",
      file.id, Quoted(file.title), one.seed, file.campaign_seed,
      one.ties == World::Options::Ties::kDrawn ? "drawn" : "in-order", ToString(one.argo));
  if (file.trace) text += fmt::format("  trace: \"{}\"\n", TraceText(*file.trace));
  text += FormatWorld(one);
  if (!one.faults.empty()) text += "timeline:\n";
  for (const Fault& fault : one.faults) {
    text += fmt::format("  - {{at: {}, do: {}}}\n", gate::FormatDuration(fault.at),
                        FormatFaultAction(fault));
  }
  return text + fmt::format("expect:\n  - {{id: invariant, never: {{event: broken{}{}}}}}\n",
                            file.breaks.empty() ? "" : ", invariant: ", file.breaks);
}

Case CaseOf(const Scenario& scenario) {
  GATE_CHECK(scenario.replay.has_value());
  Case one;
  one.seed = scenario.replay->seed;
  if (scenario.replay->ties == Replay::Ties::kDrawn) one.ties = World::Options::Ties::kDrawn;
  if (scenario.replay->argo == Replay::Argo::k1_9) one.argo = ArgoVersion::k1_9;
  one.scenario = scenario;
  one.faults = FaultsIn(scenario.timeline);
  return one;
}

}  // namespace drill::sim
