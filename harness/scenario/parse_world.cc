#include "harness/scenario/parse_world.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "harness/scenario/parse_common.h"

namespace drill {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

constexpr std::size_t kMostSteps = 50;
constexpr int kMostRevisions = 100;

void ParseReleases(const Node& node, Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  if (const auto stable = map.Require("stable")) {
    scenario.stable_release = ReadRelease(*stable, mistakes);
  }
  if (const auto canary = map.Require("canary")) {
    scenario.canary_release = ReadRelease(*canary, mistakes);
  }
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

// `{setWeight: 20}`, `{pause: 10s}`, `{pause: forever}` or `{gate: "20"}`.
CanaryStep ParseStep(const Node& node, Mistakes& mistakes) {
  CanaryStep step;
  const auto entries = node.Entries(mistakes);
  if (node.IsMap() && entries.size() != 1) {
    node.Complain(mistakes, "expected exactly one of \"setWeight\", \"pause\" and \"gate\"");
  }
  if (entries.size() != 1) return step;
  const auto& [key, value] = entries.front();
  if (key.Text() == "setWeight") {
    step.weight = ReadIntBetween(value, 0, 100, 0, mistakes);
  } else if (key.Text() == "pause") {
    step.kind = CanaryStep::Kind::kPause;
    if (value.Text() != "forever") step.time = ReadWholeSeconds(value, mistakes);
  } else if (key.Text() == "gate") {
    step.kind = CanaryStep::Kind::kGate;
    step.stage = ReadStage(value, mistakes);
  } else {
    key.Complain(mistakes, fmt::format("unknown step \"{}\"{}", key.Text(),
                                       Hint(key.Text(), {"setWeight", "pause", "gate"})));
  }
  return step;
}

std::vector<CanaryStep> ParseSteps(const Node& node, Mistakes& mistakes) {
  std::vector<CanaryStep> steps;
  const auto items = node.Items(mistakes);
  if (items.size() > kMostSteps) {
    node.Complain(mistakes, fmt::format("has more than {} steps", kMostSteps));
  }
  for (const Node& item : items) steps.push_back(ParseStep(item, mistakes));
  return steps;
}

BackgroundGate ParseBackground(const Node& node, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  BackgroundGate background;
  if (const auto stage = map.Require("stage")) background.stage = ReadStage(*stage, mistakes);
  if (const auto step = map.Find("startingStep")) {
    background.starting_step = ReadIntBetween(*step, 0, static_cast<int>(kMostSteps), 0, mistakes);
  }
  map.Finish();
  return background;
}

void ParseShape(MapReader& map, RolloutShape& shape, Mistakes& mistakes) {
  if (const auto steps = map.Find("steps")) shape.steps = ParseSteps(*steps, mistakes);
  if (const auto ready = map.Find("minReady")) shape.min_ready = ReadWholeSeconds(*ready, mistakes);
  if (const auto deadline = map.Find("progressDeadline")) {
    shape.progress_deadline = ReadWholeSeconds(*deadline, mistakes);
    // The controller calls such a Rollout invalid.
    if (shape.progress_deadline && shape.min_ready &&
        *shape.progress_deadline <= *shape.min_ready) {
      deadline->Complain(mistakes, "must be longer than \"minReady\"");
    }
  }
  if (bool abort = false; map.Read("progressDeadlineAbort", abort)) {
    shape.progress_deadline_abort = abort;
  }
  if (const auto window = map.Find("rollbackWindow")) {
    shape.rollback_window = ReadIntBetween(*window, 1, kMostRevisions, 1, mistakes);
  }
  if (const auto background = map.Find("background")) {
    shape.background = ParseBackground(*background, mistakes);
  }
}

void ParseRollout(const Node& node, Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  if (const auto replicas = map.Find("replicas")) {
    scenario.replicas = ReadIntBetween(*replicas, 1, kMostReplicas, 1, mistakes);
  }
  ReadAmount(map, "maxSurge", scenario.max_surge);
  ReadAmount(map, "maxUnavailable", scenario.max_unavailable);
  scenario.release_label = !ReadChoice(map, "releaseLabel", "present", "absent");
  if (ReadChoice(map, "canaryImage", "present", "missing")) {
    scenario.canary_image = Deploy::Image::kMissing;
  }
  ParseShape(map, scenario.shape, mistakes);
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

// Settings of the one mode have no meaning in the other.
void CheckGateMode(MapReader& map, GateMode mode) {
  const bool is_job = mode == GateMode::kJob;
  for (const char* key : {"image", "jobDeadline"}) {
    if (!is_job && map.Find(key)) map.Complain(key, "is for the gate as a Job, not as a service");
  }
  for (const char* key : {"grace", "prometheus"}) {
    if (is_job && map.Find(key)) {
      map.Complain(key, "is for the gate as a service: it needs `mode: service`");
    }
  }
}

void ParsePrometheus(MapReader& map, Scenario& scenario) {
  map.Read("prometheus", scenario.prometheus);
  const auto& backends = scenario.backends;
  if (scenario.prometheus && std::find(backends.begin(), backends.end(), "sim") != backends.end()) {
    map.Complain("prometheus", "is for a real cluster: the scenario needs `backends: [kind]`");
  }
}

void ParseGate(const Node& node, Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  if (ReadChoice(map, "mode", "job", "service")) scenario.gate_mode = GateMode::kService;
  CheckGateMode(map, scenario.gate_mode);
  map.Read("dryRun", scenario.dry_run);
  scenario.gate_image = !ReadChoice(map, "image", "present", "missing");
  if (const auto deadline = map.Find("jobDeadline")) {
    scenario.job_deadline = ReadWholeSeconds(*deadline, mistakes);
  }
  if (const auto grace = map.Find("grace")) {
    scenario.gate_grace = ReadWholeSeconds(*grace, mistakes);
  }
  ParsePrometheus(map, scenario);
  if (const auto config = map.Find("config")) {
    scenario.gate_config = ReadFreeForm(*config, mistakes);
  }
  map.Finish();
}

}  // namespace

void ParseWorld(const Node& node, Scenario& scenario, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  if (const auto releases = map.Require("releases")) ParseReleases(*releases, scenario, mistakes);
  if (const auto rollout = map.Find("rollout")) ParseRollout(*rollout, scenario, mistakes);
  if (const auto gate = map.Find("gate")) ParseGate(*gate, scenario, mistakes);
  if (const auto mc = map.Require("mc")) scenario.mc_script = ReadFreeForm(*mc, mistakes);
  map.Finish();
}

}  // namespace drill
