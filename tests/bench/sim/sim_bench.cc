// How fast the simulator is on one core, in CPU time:
//   sim-bench [SECONDS]      how long to measure each; default 3
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "gate/adapters/system_files.h"
#include "harness/runner/rollout_patches.h"
#include "harness/sim/campaign/campaign.h"
#include "harness/sim/campaign/rollout_state.h"
#include "harness/sim/stage/sim_backend.h"
#include "harness/sim/world/fiber.h"

namespace drill::sim {
namespace {

// Of this process: what it would take on a core of its own.
gate::Nanos CpuTime() {
  struct timespec time {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

double Seconds(gate::Nanos time) { return std::chrono::duration<double>(time).count(); }

std::size_t HeapBytes() { return ::mallinfo2().uordblks; }

// The drill that everybody knows: ten replicas, good at 20 %, false at 50 %, rolled back.
Case FalseAt50() {
  Case one;
  one.scenario = GeneratedWorld();
  one.scenario.replicas = 10;
  one.mc = {{"20", {{McAnswer::kGood, 1}}}, {"50", {{McAnswer::kRefused, 1}}}};
  return one;
}

struct Bench {
  gate::Files& files;
  const CaseWorlds& worlds;
  gate::Nanos length;
};

void Drills(const Bench& bench) {
  Case one = FalseAt50();
  ScriptCache scripts;
  Tally tally;
  const gate::Nanos start = CpuTime();
  while (CpuTime() - start < bench.length) {
    one.seed = tally.runs();
    tally.Add(tally.runs(), PlayCase(one, bench.worlds.TemplateFor(0), scripts));
  }
  const double cpu = Seconds(CpuTime() - start);
  const auto runs = static_cast<double>(tally.runs());
  fmt::print(
      "false at 50 %, 10 replicas: {:.0f} runs/s, {:.0f} events each ({:.2f} M events/s), "
      "{:.0f} virtual s per CPU s, {} failed\n",
      runs / cpu, static_cast<double>(tally.events) / runs,
      static_cast<double>(tally.events) / cpu / 1e6, Seconds(tally.virtual_time) / cpu,
      tally.failed);
}

void Campaign(const Bench& bench) {
  ScriptCache scripts;
  Tally tally;
  const gate::Nanos start = CpuTime();
  while (CpuTime() - start < bench.length) {
    const std::uint64_t run = tally.runs();
    tally.Add(run, PlayCase(bench.worlds.CaseFor(1, run), bench.worlds.TemplateFor(run), scripts));
  }
  const double cpu = Seconds(CpuTime() - start);
  fmt::print("campaign: {:.0f} runs/s, {:.2f} M events/s, {:.0f} virtual s per CPU s\n",
             static_cast<double>(tally.runs()) / cpu, static_cast<double>(tally.events) / cpu / 1e6,
             Seconds(tally.virtual_time) / cpu);
}

// How many of the rollouts in a world have not come to rest. The rollout of namespace n7 is
// number 7.
class Unsettled {
 public:
  Unsettled(ApiServer& server, int count)
      : states_(static_cast<std::size_t>(count)), unsettled_(count) {
    server.Listen(Type::kRollout, [this](const Change& change) {
      Update(*change.after, [&](RolloutState& state) { state.OnRollout(*change.after); });
    });
    server.Listen(Type::kReplicaSet, [this](const Change& change) {
      const bool exists = change.type != gate::KubeEventType::kDeleted;
      Update(*change.after,
             [&](RolloutState& state) { state.OnReplicaSet(*change.after, exists); });
    });
  }
  int count() const { return unsettled_; }

 private:
  template <typename Change>
  void Update(const Object& object, const Change& change) {
    std::size_t index = 0;
    const std::string_view digits = std::string_view(object.meta.ns).substr(1);
    std::from_chars(digits.data(), digits.data() + digits.size(), index);
    RolloutState& state = states_.at(index);
    unsettled_ += state.Settled() ? 1 : 0;
    change(state);
    unsettled_ -= state.Settled() ? 1 : 0;
  }

  std::vector<RolloutState> states_;
  int unsettled_;
};

gate::Result<void> CreateAll(ApiServer& server, std::vector<Object> objects) {
  for (Object& object : objects) {
    auto created = server.Create("sim-bench", std::move(object));
    if (!created) return std::move(created).error();
  }
  return {};
}

gate::Result<void> DeployCanary(ApiServer& server, const std::string& ns) {
  gate::Json rollout = ToJson(*server.Get(Type::kRollout, ns, kRolloutName));
  rollout.merge_patch(DeployPatch(rollout, {"shop-1.5.0"}));
  auto next = FromJson(InfoOf(Type::kRollout), rollout);
  if (!next) return std::move(next).error();
  auto written = server.Update("sim-bench", *std::move(next), WritePart::kMain);
  if (!written) return std::move(written).error();
  return {};
}

// `count` rollouts, each in a namespace of its own, in one world: brought up, deployed, rolled
// back.
gate::Result<void> Many(const Bench& bench, int count) {
  std::vector<std::vector<Object>> stages;
  StageWorld stage = bench.worlds.TemplateFor(0).world();
  for (int i = 0; i < count; ++i) {
    stage.ns = fmt::format("n{}", i);
    auto made = StageTemplate::Make(bench.files, MANIFESTS, GeneratedWorld(), stage);
    if (!made) return std::move(made).error();
    auto objects = made->ObjectsFor(FalseAt50());
    if (!objects) return std::move(objects).error();
    stages.push_back(*std::move(objects));
  }
  const std::size_t heap_before = HeapBytes();
  const gate::Nanos start = CpuTime();
  Simulation::Options options;
  options.world.epoch = SimulatedEpoch();
  ScriptCache scripts;
  Simulation simulation(options, scripts);
  ApiServer& server = simulation.server();
  const Unsettled unsettled(server, count);
  const auto settled = [&unsettled] { return unsettled.count() == 0; };
  for (auto& objects : stages) {
    if (auto created = CreateAll(server, std::move(objects)); !created) return created;
  }
  constexpr std::uint64_t kMostEvents = 100'000'000;
  World& world = simulation.world();
  world.Run(world.Now() + std::chrono::minutes(10), settled, kMostEvents);
  for (int i = 0; i < count; ++i) {
    if (auto deployed = DeployCanary(server, fmt::format("n{}", i)); !deployed) return deployed;
  }
  world.Run(world.Now() + std::chrono::minutes(30), settled, kMostEvents);
  const double cpu = Seconds(CpuTime() - start);
  fmt::print(
      "{:>5} rollouts in one world: {:.3f} s, {:.2f} ms and {:.0f} events each, "
      "{:.0f} KiB each, {} not settled\n",
      count, cpu, cpu * 1e3 / count, static_cast<double>(world.events()) / count,
      static_cast<double>(HeapBytes() - heap_before) / 1024 / count, unsettled.count());
  return {};
}

int Main(int seconds) {
  gate::SystemFiles files;
  const auto worlds = CaseWorlds::Make(files, MANIFESTS, /*seed=*/1, {});
  if (!worlds) {
    fmt::print(stderr, "{}\n", worlds.error().message);
    return 3;
  }
  const Bench bench{files, *worlds, std::chrono::seconds(seconds)};
  Drills(bench);
  Campaign(bench);
  for (const int count : {1, 10, 100, 1000}) {
    if (const auto done = Many(bench, count); !done) {
      fmt::print(stderr, "{}\n", done.error().message);
      return 5;
    }
  }
  return 0;
}

}  // namespace
}  // namespace drill::sim

int main(int argc, char** argv) {
  int seconds = 3;
  if (argc > 1) {
    const std::string_view text = argv[1];
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  return drill::sim::Main(seconds);
}
