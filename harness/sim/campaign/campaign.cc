#include "harness/sim/campaign/campaign.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "harness/sim/stage/sim_backend.h"

namespace drill::sim {
namespace {

using gate::Result;

constexpr const char* kNamespace = "drill";
constexpr gate::Nanos kBetweenProgress = std::chrono::milliseconds(500);
// Runs that a thread plays before it adds them to the whole.
constexpr std::uint64_t kBatch = 16;

// What the threads share.
class Workers {
 public:
  Workers(const CampaignPlan& plan, const CaseWorlds& worlds, gate::Runtime& runtime,
          const CampaignProgress& progress, std::stop_token stop)
      : plan_(plan),
        worlds_(worlds),
        runtime_(runtime),
        progress_(progress),
        stop_(std::move(stop)),
        range_(RangeOf(plan)),
        next_(range_.begin),
        told_(runtime.Now()) {}

  void Work() {
    ScriptCache scripts;
    while (!Enough()) {
      const std::uint64_t begin = next_.fetch_add(kBatch);
      if (begin >= range_.end) return;
      Tally batch;
      for (std::uint64_t run = begin; run < std::min(begin + kBatch, range_.end); ++run) {
        const Case one = worlds_.CaseFor(plan_.seed, run);
        batch.Add(run, PlayCase(one, worlds_.TemplateFor(run), scripts));
      }
      Add(batch);
    }
  }

  Tally Take() {
    progress_(tally_, range_);
    return std::move(tally_);
  }

 private:
  bool Enough() {
    if (stop_.stop_requested()) return true;
    const std::lock_guard lock(mutex_);
    return tally_.failed >= plan_.most_failures;
  }

  void Add(const Tally& batch) {
    const std::lock_guard lock(mutex_);
    tally_.Merge(batch);
    const gate::Instant now = runtime_.Now();
    if (now - told_ < kBetweenProgress) return;
    told_ = now;
    progress_(tally_, range_);
  }

  const CampaignPlan& plan_;
  const CaseWorlds& worlds_;
  gate::Runtime& runtime_;
  const CampaignProgress& progress_;
  const std::stop_token stop_;
  const RunRange range_;
  std::atomic<std::uint64_t> next_;
  std::mutex mutex_;  // guards what follows
  Tally tally_;
  gate::Instant told_;
};

}  // namespace

RunRange RangeOf(const CampaignPlan& plan) {
  const auto at = [&plan](std::uint64_t piece) {
    // Without overflow for all sensible numbers of runs; the pieces differ by at most one.
    const std::uint64_t whole = plan.runs / plan.shard.of;
    const std::uint64_t rest = plan.runs % plan.shard.of;
    return piece * whole + std::min(piece, rest);
  };
  return {at(plan.shard.index - 1), at(plan.shard.index)};
}

Result<CaseWorlds> CaseWorlds::Make(gate::Files& files, const std::string& directory,
                                    std::uint64_t seed, const std::vector<Scenario>& scenarios) {
  auto world = MakeStageWorld(seed);
  if (!world) return std::move(world).error();
  world->ns = kNamespace;
  CaseWorlds worlds;
  worlds.scenarios_ = scenarios;
  const std::vector<Scenario> generated = {GeneratedWorld()};
  for (const Scenario& scenario : scenarios.empty() ? generated : scenarios) {
    auto made = StageTemplate::Make(files, directory, scenario, *world);
    if (!made) return std::move(made).error();
    worlds.templates_.push_back(*std::move(made));
  }
  return worlds;
}

Case CaseWorlds::CaseFor(std::uint64_t seed, std::uint64_t run) const {
  const Scenario* base = scenarios_.empty() ? nullptr : &scenarios_[run % scenarios_.size()];
  return GenerateCase(seed, run, base);
}

Tally RunCampaign(const CampaignPlan& plan, const CaseWorlds& worlds, gate::Runtime& runtime,
                  const CampaignProgress& progress, const std::stop_token& stop) {
  Workers workers(plan, worlds, runtime, progress, stop);
  std::vector<std::unique_ptr<gate::Task>> tasks;
  for (int i = 1; i < plan.jobs; ++i) {
    tasks.push_back(runtime.Spawn("campaign", [&workers] { workers.Work(); }));
  }
  workers.Work();
  for (const auto& task : tasks) task->Join();
  return workers.Take();
}

}  // namespace drill::sim
