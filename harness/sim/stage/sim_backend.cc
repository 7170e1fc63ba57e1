#include "harness/sim/stage/sim_backend.h"

#include <utility>

#include "gate/base/encoding.h"
#include "harness/kind/collect.h"
#include "harness/kind/kind_stage.h"
#include "harness/kind/wait.h"
#include "harness/sim/stage/injector.h"
#include "harness/sim/world/fiber.h"
#include "mock-mc/behaviour/signing_key.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

// What a scenario of the longest horizon needs, many times over; more is a world that goes round in
// circles.
constexpr gate::Nanos kLongestScenario = std::chrono::hours(24);
constexpr std::uint64_t kMostEvents = 5'000'000;

Result<SigningKeyPair> MakeKeyPair(const std::string& id, gate::Rng rng) {
  constexpr std::size_t kEd25519Bytes = 32;
  auto key = mock_mc::SigningKey::FromEd25519Bytes(rng.Bytes(kEd25519Bytes));
  if (!key) return std::move(key).error();
  return KeyPairOf(id, *key);
}

// One scenario in its world. The stage is the one of a real cluster; only the cluster is another.
class SimStage : public Stage {
 public:
  SimStage(const Simulation::Options& options, gate::Files& files, const std::string& directory,
           const Scenario& scenario, StageWorld world)
      : simulation_(options, scripts_),
        injector_(simulation_, {world.ns, scenario.canary_release}),
        stage_(simulation_.api(), simulation_.runtime(), files, directory, scenario,
               std::move(world), KindStage::Keep::kNo) {}

  gate::Runtime& runtime() override { return simulation_.runtime(); }
  std::stop_token StopFor(const std::stop_token& /*run*/) override { return {}; }
  gate::KubeApi& kube() override { return stage_.kube(); }
  Result<gate::KubeApi*> KubeOf(const std::string& person,
                                const gate::Deadline& deadline) override {
    return stage_.KubeOf(person, deadline);
  }
  const std::string& ns() const override { return stage_.ns(); }
  const std::string& rollout() const override { return stage_.rollout(); }

  Result<void> Run(const std::function<void()>& body) override {
    World& world = simulation_.world();
    const auto fiber = world.fibers().Start(simulation_.harness(), body);
    world.Run(
        world.Now() + kLongestScenario, [&] { return fiber->over; }, kMostEvents);
    if (fiber->over) return {};
    simulation_.harness().Kill();
    return Error{ErrorCode::kUnavailable, "the simulation came to no end"};
  }

  Result<void> Prepare(const Progress& progress, const gate::Deadline& deadline) override {
    auto argo =
        WaitFor(kube(), runtime(), AvailableDeployment(kArgoNamespace, kArgoName), deadline);
    if (!argo) return std::move(argo).error();
    return stage_.Prepare(progress, deadline);
  }
  Result<void> CallMcAdmin(const std::string& method, const std::string& path, const Json& body,
                           const gate::Deadline& deadline) override {
    return stage_.CallMcAdmin(method, path, body, deadline);
  }
  Result<void> Inject(const Fault& fault, const gate::Deadline& /*deadline*/) override {
    injector_.Start(fault);
    return {};
  }
  Result<Trace> Collect(const gate::Deadline& deadline) override {
    auto collected = stage_.Collect(deadline);
    if (!collected) return collected;
    return Merge(*std::move(collected), FaultTrace(injector_, simulation_.world()));
  }
  std::string trace_hash() override { return simulation_.world().trace().Hex(); }
  Result<void> Remove(const gate::Deadline& deadline) override { return stage_.Remove(deadline); }

 private:
  ScriptCache scripts_;
  Simulation simulation_;
  Injector injector_;
  KindStage stage_;
};

}  // namespace

gate::WallTime SimulatedEpoch() {
  using std::chrono::sys_days;
  return gate::WallTime(sys_days(std::chrono::year(2026) / 1 / 1).time_since_epoch());
}

Result<StageWorld> MakeStageWorld(std::uint64_t seed) {
  const gate::Rng rng(seed);
  auto good = MakeKeyPair("mc-good", rng.Fork("good key"));
  if (!good) return std::move(good).error();
  auto rogue = MakeKeyPair("rogue", rng.Fork("rogue key"));
  if (!rogue) return std::move(rogue).error();
  constexpr std::size_t kTokenBytes = 32;
  return StageWorld{
      .ns = "",
      .run = "sim",
      .gate_image = kGateImage,
      .serve_image = kGateImage,
      .mock_image = kMockImage,
      .token = gate::Secret(gate::HexEncode(rng.Fork("token").Bytes(kTokenBytes))),
      .good = *std::move(good),
      .rogue = *std::move(rogue),
      .caller_token = gate::Secret(gate::HexEncode(rng.Fork("caller token").Bytes(kTokenBytes)))};
}

SimBackend::SimBackend(const Options& options, std::string directory, gate::Files& files)
    : options_(options), directory_(std::move(directory)), files_(files) {}

Result<Json> SimBackend::Start(const Progress& progress, const gate::Deadline& /*deadline*/) {
  progress("making keys");
  auto world = MakeStageWorld(options_.seed);
  if (!world) return std::move(world).error();
  world_ = *std::move(world);
  return Json{{"simulated", true},
              {"argoRollouts", {{"version", "v" + std::string(ToString(options_.argo))}}}};
}

std::unique_ptr<Stage> SimBackend::NewStage(const Scenario& scenario) {
  Simulation::Options options;
  gate::Rng draws = gate::Rng(options_.seed).Fork(scenario.id);
  if (scenario.repetition > 1) draws = draws.Fork("again " + std::to_string(scenario.repetition));
  options.world.seed = draws.Next();
  options.world.epoch = SimulatedEpoch();
  options.argo.version = options_.argo;
  SetClocks(FaultsIn(scenario.timeline), options);
  options.argo_place = Simulation::Options::ArgoPlace::kPod;
  StageWorld world = *world_;
  world.ns = "drill-" + gate::LowerCase(scenario.id);
  return std::make_unique<SimStage>(options, files_, directory_, scenario, std::move(world));
}

Result<Replayed> SimBackend::Replay(const Scenario& scenario) {
  if (options_.replay) return options_.replay(scenario);
  return Backend::Replay(scenario);
}

}  // namespace drill::sim
