#include "harness/sim/campaign/play_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/runner/rollout_patches.h"
#include "harness/sim/campaign/case_observer.h"
#include "harness/sim/campaign/witness.h"
#include "harness/sim/stage/injector.h"
#include "harness/sim/stage/sim_backend.h"
#include "harness/sim/world/fiber.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::Nanos;

constexpr std::string_view kWriter = "gate-drill";
constexpr std::uint64_t kMostCaseEvents = 2'000'000;

Simulation::Options OptionsFor(const Case& one) {
  Simulation::Options options;
  options.world.seed = one.seed;
  options.world.epoch = SimulatedEpoch();
  options.world.ties = one.ties;
  options.argo.version = one.argo;
  SetClocks(one.faults, options);
  return options;
}

// One case from the first object to the last look.
class CaseRun {
 public:
  CaseRun(const Case& one, const StageTemplate& stage, ScriptCache& scripts)
      : one_(one),
        stage_(stage),
        simulation_(OptionsFor(one), scripts),
        injector_(simulation_, {stage.world().ns, one.scenario.canary_release}),
        witness_(simulation_, injector_, one, stage.world(), judge_) {}

  // Before Run.
  void Observe() { observer_.emplace(simulation_, stage_.world().ns); }

  CaseResult Run() {
    std::string trouble = Play();
    CaseResult result;
    result.violation = judge_.violation();
    if (!result.violation) result.trouble = std::move(trouble);
    result.evaluated = judge_.evaluated();
    result.marks = judge_.marks();
    result.faults = injector_.counters().started;
    result.trace = world().trace().value();
    result.events = world().events();
    result.virtual_time = world().Now() - gate::Instant();
    return result;
  }

  // After Run; adds to the result what kept it from being seen.
  Trace TakeTrace(CaseResult& result) {
    Trace more = FaultTrace(injector_, world());
    if (result.violation) more.push_back(BrokenEvent(*result.violation));
    CaseObserver::Seen seen = observer_->Finish(more);
    if (result.passed()) result.trouble = std::move(seen.trouble);
    return std::move(seen.trace);
  }

  const std::map<std::string, std::string>& logs() { return simulation_.logs().all(); }

 private:
  World& world() { return simulation_.world(); }

  // It was noticed when the world stood still, at the latest.
  TraceEvent BrokenEvent(const Violation& violation) {
    return {"broken",
            world().Now(),
            world().WallNow(),
            Nanos(0),
            {{"invariant", NameOf(violation.invariant)}, {"detail", violation.detail}}};
  }

  // What kept it from being played; empty: nothing.
  std::string Play() {
    if (auto trouble = Prepare(); !trouble.empty()) return trouble;
    if (auto trouble = Deploy(); !trouble.empty()) return trouble;
    const gate::Instant zero = world().Now();
    injector_.Schedule(one_.faults, zero);
    Nanos healed{0};
    for (const Fault& fault : one_.faults) healed = std::max(healed, fault.end());
    const auto broken = [this] { return judge_.violation().has_value(); };
    if (!Continue(zero + healed, broken)) return kEndless;
    const auto settled = [this, &broken] { return broken() || witness_.Settled(); };
    const gate::Instant end = zero + healed + kSettleTime;
    do {
      if (!Continue(end, settled)) return kEndless;
      if (!Continue(world().Now() + kTailTime, broken)) return kEndless;
      // What the last fault did may have shown only now.
    } while (!settled() && world().Now() < end);
    const auto told = [this, &broken] { return broken() || witness_.EverybodyIsTold(); };
    if (!Continue(world().Now() + kTellTime, told)) return kEndless;
    witness_.Finish();
    return "";
  }

  bool Continue(gate::Instant until, const std::function<bool()>& done) {
    return world().Run(until, done, kMostCaseEvents) != World::Ended::kTooMany;
  }

  std::string Prepare() {
    auto objects = stage_.ObjectsFor(one_);
    if (!objects) return std::move(objects).error().message;
    for (Object& object : *objects) {
      auto created = simulation_.server().Create(kWriter, std::move(object));
      if (!created) return "preparing: " + created.error().message;
    }
    bool mc_ready = false;
    bool gate_ready = one_.scenario.gate_mode == GateMode::kJob;
    const auto listener = simulation_.server().Listen(Type::kDeployment, [&](const Change& change) {
      bool& its = change.after->meta.name == kMockName ? mc_ready : gate_ready;
      its = gate::JsonInt(StatusOf(*change.after), "/availableReplicas") > 0;
    });
    const auto ready = [&] { return mc_ready && gate_ready && witness_.rollout().Healthy(); };
    world().Run(world().Now() + kPrepareTime, ready, kMostCaseEvents);
    simulation_.server().Unlisten(listener);
    if (ready()) return "";
    const RolloutState::Status& now = witness_.rollout().now();
    return fmt::format(
        "the stable release did not come up: MC is {}ready, the gate {}, the Rollout {} {}",
        mc_ready ? "" : "not ", gate_ready ? "too" : "not", now.phase,
        now.observed ? "" : "and not observed");
  }

  std::string Deploy() {
    ApiServer& server = simulation_.server();
    const ObjectPtr stored = server.Get(Type::kRollout, stage_.world().ns, kRolloutName);
    Json rollout = ToJson(*stored);
    rollout.merge_patch(
        DeployPatch(rollout, {one_.scenario.canary_release, one_.scenario.canary_image,
                              one_.scenario.release_label ? drill::Deploy::Label::kPresent
                                                          : drill::Deploy::Label::kAbsent}));
    auto next = FromJson(InfoOf(Type::kRollout), std::move(rollout));
    if (!next) return "deploying: " + next.error().message;
    witness_.OnDeployed(GatesOf(SpecOf(*stored)));
    if (observer_) observer_->OnDeployed(one_.scenario.canary_release);
    auto written = server.Update(kWriter, *std::move(next), WritePart::kMain);
    return written ? "" : "deploying: " + written.error().message;
  }

  static constexpr const char* kEndless = "the simulation goes round in circles";

  const Case& one_;
  const StageTemplate& stage_;
  Judge judge_;
  Simulation simulation_;
  Injector injector_;
  Witness witness_;
  std::optional<CaseObserver> observer_;
};

}  // namespace

CaseResult PlayCase(const Case& one, const StageTemplate& stage, ScriptCache& scripts) {
  return CaseRun(one, stage, scripts).Run();
}

ObservedCase PlayObserved(const Case& one, const StageTemplate& stage, ScriptCache& scripts) {
  CaseRun run(one, stage, scripts);
  run.Observe();
  ObservedCase observed;
  observed.result = run.Run();
  observed.trace = run.TakeTrace(observed.result);
  observed.logs = run.logs();
  return observed;
}

}  // namespace drill::sim
