#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gate/base/strict_json.h"
#include "harness/scenario/fault.h"
#include "harness/scenario/scenario.h"
#include "harness/sim/argo/version.h"
#include "harness/sim/campaign/mc_behaviour.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// One run of a campaign, as explicit choices: everything that happens follows from it.
struct Case {
  std::uint64_t seed = 0;  // of the world: delays, names, nonces
  World::Options::Ties ties = World::Options::Ties::kInOrder;
  ArgoVersion argo = ArgoVersion::k1_10;
  // Only its world counts: releases, Rollout, gate and, unless `mc` has something, MC's script.
  Scenario scenario;
  std::vector<McStage> mc;
  std::vector<Fault> faults;
};

// The `rules`, ... for mock-mc.
gate::Json McScriptOf(const Case& one);

// The world that generated cases begin with: two gates, at 20 and at 50 %.
Scenario GeneratedWorld();

// What is drawn for run `run` of the campaign `seed`. With a `base` the world is that scenario's
// and only faults, ties and the version of Argo Rollouts are drawn. Every concern has a stream of
// its own, so that a new kind of fault shifts nothing but faults.
Case GenerateCase(std::uint64_t seed, std::uint64_t run, const Scenario* base);

// The stages of the Rollout's gates in the order of its steps, each with the index of its step.
struct GateStep {
  std::int64_t index;
  std::string stage;
};
std::vector<GateStep> GatesOf(const gate::Json& rollout_spec);

// A line for each choice, for people.
std::vector<std::string> Describe(const Case& one);

}  // namespace drill::sim
