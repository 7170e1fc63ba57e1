#include "harness/sim/campaign/case.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "gate/base/rng.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::Nanos;
using gate::Rng;
using std::chrono::milliseconds;
using std::chrono::seconds;

// When faults begin: a rollout without any takes some 12 s, one whose MC never answers 75.
constexpr std::uint64_t kLatestStartMs = 100'000;

bool Chance(Rng& rng, std::uint64_t percent) { return rng.Below(100) < percent; }

template <typename T, std::size_t N>
const T& OneOf(Rng& rng, const std::array<T, N>& choices) {
  return choices.at(rng.Below(N));
}

int Between(Rng& rng, int low, int high) {
  return low + static_cast<int>(rng.Below(static_cast<std::uint64_t>(high - low) + 1));
}

// Of any order of magnitude between the two, all equally likely.
std::int64_t OfAnySize(Rng& rng, std::int64_t least, std::int64_t most) {
  int doublings = 0;
  while ((least << (doublings + 1)) <= most) ++doublings;
  const std::int64_t low = least << rng.Below(static_cast<std::uint64_t>(doublings) + 1);
  const std::int64_t high = std::min(most, 2 * low);
  return low + static_cast<std::int64_t>(rng.Below(static_cast<std::uint64_t>(high - low) + 1));
}

CanaryStep SetWeight(int weight) {
  return {CanaryStep::Kind::kSetWeight, weight, std::nullopt, ""};
}
CanaryStep AskGate(int stage) {
  return {CanaryStep::Kind::kGate, 0, std::nullopt, std::to_string(stage)};
}
CanaryStep PauseFor(int length) { return {CanaryStep::Kind::kPause, 0, seconds(length), ""}; }

std::vector<CanaryStep> UsualSteps() {
  return {SetWeight(20), AskGate(20), SetWeight(50), AskGate(50)};
}

std::vector<CanaryStep> DrawSteps(Rng& rng) {
  if (Chance(rng, 60)) return UsualSteps();
  constexpr std::array kWeights = {1, 5, 10, 20, 25, 33, 50, 75, 90, 100};
  std::vector<CanaryStep> steps;
  std::size_t next = rng.Below(3);
  for (int i = Between(rng, 1, 3); i > 0 && next < kWeights.size(); --i) {
    const int weight = kWeights.at(next);
    next += 1 + rng.Below(4);
    steps.push_back(SetWeight(weight));
    if (Chance(rng, 20)) steps.push_back(PauseFor(Between(rng, 1, 10)));
    steps.push_back(AskGate(weight));
  }
  return steps;
}

std::string DrawAmount(Rng& rng) {
  constexpr std::array kPercents = {10, 20, 25, 33, 50, 100};
  if (Chance(rng, 50)) return fmt::format("{}%", OneOf(rng, kPercents));
  return std::to_string(rng.Below(4));
}

void DrawRollout(Rng& rng, Scenario& scenario) {
  scenario.replicas = Between(rng, 1, Chance(rng, 70) ? 6 : 20);
  if (Chance(rng, 60)) {
    scenario.max_surge = DrawAmount(rng);
    scenario.max_unavailable = DrawAmount(rng);
    // Argo Rollouts takes no two zeros.
    if (scenario.max_surge == "0" && scenario.max_unavailable == "0") scenario.max_surge = "1";
  }
  scenario.shape.steps = DrawSteps(rng);
}

// Most stages end well, so that the stages after them are reached.
McStage DrawStage(Rng& rng, const std::string& stage) {
  McStage drawn{stage, {}};
  for (auto i = Chance(rng, 40) ? rng.Below(4) : 0; i > 0; --i) {
    drawn.turns.push_back({static_cast<McAnswer>(rng.Below(kMcAnswers)), Between(rng, 1, 3)});
  }
  McAnswer last = McAnswer::kGood;
  if (Chance(rng, 20)) last = McAnswer::kRefused;
  if (Chance(rng, 12)) last = static_cast<McAnswer>(rng.Below(kMcAnswers));
  drawn.turns.push_back({last, 1});
  return drawn;
}

std::vector<McStage> DrawMc(Rng& rng, const std::vector<CanaryStep>& steps) {
  std::vector<McStage> stages;
  for (const CanaryStep& step : steps) {
    if (step.kind == CanaryStep::Kind::kGate) stages.push_back(DrawStage(rng, step.stage));
  }
  return stages;
}

Nanos DrawLength(FaultKind kind, Rng& rng) {
  // A node that is away for less than its grace is nothing to others; longer takes its pods.
  const std::int64_t longest = kind == FaultKind::kNodeStopped ? 400'000 : 60'000;
  return milliseconds(OfAnySize(rng, 50, longest));
}

std::int64_t DrawAmount(FaultInfo::Parameter parameter, Rng& rng) {
  constexpr std::int64_t kLargestSkewMs = 40'000;  // beyond what the gate tolerates
  constexpr std::int64_t kSeams = 90;              // a little more than a usual gate run has
  switch (parameter) {
    case FaultInfo::Parameter::kNone:
      return 0;
    case FaultInfo::Parameter::kShare:
      return OfAnySize(rng, kWholeShare / 128, kWholeShare);
    case FaultInfo::Parameter::kSkew: {
      const Nanos skew = milliseconds(OfAnySize(rng, 10, kLargestSkewMs));
      return Chance(rng, 50) ? skew.count() : -skew.count();
    }
    case FaultInfo::Parameter::kSlowness:
      return OfAnySize(rng, 110, 2'000);
    case FaultInfo::Parameter::kSeam:
      return static_cast<std::int64_t>(rng.Below(kSeams));
  }
  return 0;
}

Fault DrawFault(const FaultInfo& info, Rng& rng) {
  Fault fault;
  fault.kind = info.kind;
  // Half of them while a rollout without faults would still be going on.
  const std::uint64_t latest = Chance(rng, 50) ? 15'000 : kLatestStartMs;
  const Nanos at = milliseconds(rng.Below(latest));
  if (info.extent != FaultInfo::Extent::kWholeRun) fault.at = at;
  if (info.extent == FaultInfo::Extent::kSpan) fault.length = DrawLength(info.kind, rng);
  fault.amount = DrawAmount(info.parameter, rng);
  if (info.parameter == FaultInfo::Parameter::kSeam) {
    fault.at = Nanos(0);
    fault.process = static_cast<std::uint32_t>(rng.Below(3));
  }
  return fault;
}

// Swarm testing: a few kinds, and these with wildly different weights, find more than a little of
// everything.
std::vector<Fault> DrawFaults(Rng& rng) {
  constexpr std::array<std::uint64_t, 10> kCounts = {0, 0, 1, 1, 1, 2, 2, 3, 4, 6};
  const auto known = KnownFaults();
  std::vector<std::uint64_t> weights;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < known.size(); ++i) {
    weights.push_back(std::uint64_t{1} << rng.Below(8));
    total += weights.back();
  }
  std::vector<Fault> faults;
  for (std::uint64_t count = OneOf(rng, kCounts); count > 0; --count) {
    std::uint64_t at = rng.Below(total);
    std::size_t chosen = 0;
    while (at >= weights[chosen]) at -= weights[chosen++];
    faults.push_back(DrawFault(known[chosen], rng));
  }
  return faults;
}

}  // namespace

Json McScriptOf(const Case& one) {
  if (one.mc.empty()) return one.scenario.mc_script;
  return {{"rules", McRules(one.scenario.canary_release, one.mc)}};
}

Scenario GeneratedWorld() {
  Scenario scenario;
  scenario.id = "CASE";
  scenario.stable_release = "shop-1.4.0";
  scenario.canary_release = "shop-1.5.0";
  scenario.shape.steps = UsualSteps();
  scenario.mc_script = Json::object();
  return scenario;
}

Case GenerateCase(std::uint64_t seed, std::uint64_t run, const Scenario* base) {
  const Rng root = Rng(seed).Fork("run/" + std::to_string(run));
  Case one;
  one.seed = root.Fork("world").Next();
  Rng schedule = root.Fork("schedule");
  if (Chance(schedule, 50)) one.ties = World::Options::Ties::kDrawn;
  if (Chance(schedule, 30)) one.argo = ArgoVersion::k1_9;
  if (base != nullptr) {
    one.scenario = *base;
  } else {
    Rng shape = root.Fork("rollout");
    one.scenario = GeneratedWorld();
    DrawRollout(shape, one.scenario);
    Rng mode = root.Fork("gate mode");
    if (Chance(mode, 30)) one.scenario.gate_mode = GateMode::kService;
    Rng mc = root.Fork("mc");
    one.mc = DrawMc(mc, *one.scenario.shape.steps);
  }
  Rng faults = root.Fork("faults");
  one.faults = DrawFaults(faults);
  return one;
}

std::vector<GateStep> GatesOf(const Json& rollout_spec) {
  static const Json::json_pointer kSteps("/strategy/canary/steps");
  std::vector<GateStep> gates;
  if (!rollout_spec.contains(kSteps) || !rollout_spec.at(kSteps).is_array()) return gates;
  std::int64_t index = 0;
  for (const Json& step : rollout_spec.at(kSteps)) {
    if (const auto analysis = step.find("analysis"); analysis != step.end()) {
      const auto args = analysis->find("args");
      if (args != analysis->end()) {
        for (const Json& arg : *args) {
          if (gate::JsonString(arg, "/name") != "stage") continue;
          gates.push_back({index, gate::JsonString(arg, "/value")});
        }
      }
    }
    ++index;
  }
  return gates;
}

std::vector<std::string> Describe(const Case& one) {
  std::vector<std::string> lines;
  const Scenario& scenario = one.scenario;
  lines.push_back(fmt::format(
      "{} replicas, maxSurge {}, maxUnavailable {}, Argo Rollouts {}, ties {}, the gate as a {}",
      scenario.replicas, scenario.max_surge, scenario.max_unavailable,
      one.argo == ArgoVersion::k1_9 ? "1.9" : "1.10",
      one.ties == World::Options::Ties::kDrawn ? "drawn" : "in order",
      scenario.gate_mode == GateMode::kService ? "service" : "Job"));
  for (const McStage& stage : one.mc) lines.push_back("MC at " + Describe(stage));
  for (const Fault& fault : one.faults) lines.push_back(Describe(fault));
  return lines;
}

}  // namespace drill::sim
