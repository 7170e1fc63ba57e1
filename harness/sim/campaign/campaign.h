#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/seams/files.h"
#include "gate/seams/runtime.h"
#include "harness/sim/campaign/case.h"
#include "harness/sim/campaign/stage_template.h"
#include "harness/sim/campaign/tally.h"

namespace drill::sim {

// Which part of a campaign, counted from 1: the runs are cut into `of` pieces of equal length.
struct Shard {
  std::uint64_t index = 1;
  std::uint64_t of = 1;
};

struct CampaignPlan {
  std::uint64_t seed = 0;
  std::uint64_t runs = 0;  // of all shards
  Shard shard;
  int jobs = 1;
  std::uint64_t most_failures = 10;  // it ends early after so many
};

struct RunRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
RunRange RangeOf(const CampaignPlan& plan);

// The worlds that cases are played in. Without scenarios every case has a generated one; with them
// run i takes scenario i modulo their number.
class CaseWorlds {
 public:
  // `directory` is kind/scenario. Keys and token are drawn from `seed`. Errors are those of
  // StageObjects; mistakes in a scenario's script for mock-mc are found only when it is played.
  static gate::Result<CaseWorlds> Make(gate::Files& files, const std::string& directory,
                                       std::uint64_t seed, const std::vector<Scenario>& scenarios);

  Case CaseFor(std::uint64_t seed, std::uint64_t run) const;
  const StageTemplate& TemplateFor(std::uint64_t run) const {
    return templates_[run % templates_.size()];
  }

 private:
  std::vector<Scenario> scenarios_;  // empty: generated
  std::vector<StageTemplate> templates_;
};

// Told now and then, from any thread but one at a time.
using CampaignProgress = std::function<void(const Tally& so_far, const RunRange& range)>;

// Plays the plan's runs on `jobs` threads, each run in a world of its own. What comes out depends
// on seed and runs alone, unless it ends early: after `most_failures` failures, or a stop.
Tally RunCampaign(const CampaignPlan& plan, const CaseWorlds& worlds, gate::Runtime& runtime,
                  const CampaignProgress& progress, const std::stop_token& stop);

}  // namespace drill::sim
