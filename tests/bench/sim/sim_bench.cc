// How fast the simulator is on one core, in CPU time. sim-bench --help lists the options.
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
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

constexpr std::string_view kDrills = "drills";
constexpr std::string_view kCampaign = "campaign";
constexpr std::string_view kGrowth = "growth";

struct Options {
  std::vector<std::string> parts = {std::string(kDrills), std::string(kCampaign),
                                    std::string(kGrowth)};
  int seconds = 1;
  std::uint64_t runs = 0;
  std::vector<int> rollouts = {1, 10, 100};

  bool Has(std::string_view part) const {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

struct Bench {
  gate::Files& files;
  const CaseWorlds& worlds;
  const Options& options;

  // Whether to go on: until the time is up, or as often as was asked for.
  bool Wants(std::uint64_t runs, gate::Nanos spent) const {
    return options.runs > 0 ? runs < options.runs : spent < std::chrono::seconds(options.seconds);
  }
};

void Drills(const Bench& bench) {
  Case one = FalseAt50();
  ScriptCache scripts;
  Tally tally;
  const gate::Nanos start = CpuTime();
  while (bench.Wants(tally.runs(), CpuTime() - start)) {
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
  while (bench.Wants(tally.runs(), CpuTime() - start)) {
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
  auto next = FromJson(InfoOf(Type::kRollout), std::move(rollout));
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

int Main(const Options& options) {
  gate::SystemFiles files;
  const auto worlds = CaseWorlds::Make(files, MANIFESTS, /*seed=*/1, {});
  if (!worlds) {
    fmt::print(stderr, "{}\n", worlds.error().message);
    return 3;
  }
  const Bench bench{files, *worlds, options};
  if (options.Has(kDrills)) Drills(bench);
  if (options.Has(kCampaign)) Campaign(bench);
  if (!options.Has(kGrowth)) return 0;
  for (const int count : options.rollouts) {
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
  using drill::sim::kCampaign;
  using drill::sim::kDrills;
  using drill::sim::kGrowth;
  drill::sim::Options options;
  CLI::App app("How fast the simulator is on one core, in CPU time.", "sim-bench");
  app.add_option("parts", options.parts,
                 "what to measure: drills (\"false at 50 %\" with 10 replicas, again and again), "
                 "campaign (generated cases), growth (many rollouts in one world)")
      ->check(CLI::IsMember({std::string(kDrills), std::string(kCampaign), std::string(kGrowth)}))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long to play drills, and the campaign")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_option("--runs", options.runs,
                 "so many runs instead of seconds: the same work each time, to count instructions")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}));
  app.add_option("--rollouts", options.rollouts, "how many rollouts the worlds of growth have")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 3;
  }
  return drill::sim::Main(options);
}
