#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/kind/stage_objects.h"
#include "harness/sim/campaign/case.h"
#include "harness/sim/campaign/gate_records.h"
#include "harness/sim/campaign/judge.h"
#include "harness/sim/campaign/receivers.h"
#include "harness/sim/campaign/rollout_state.h"
#include "harness/sim/campaign/secret_scan.h"
#include "harness/sim/stage/injector.h"
#include "harness/sim/stage/simulation.h"

namespace drill::sim {

// Sees every write to the API server and every request to MC as it happens, without being part of
// the world, and holds it against the invariants.
class Witness {
 public:
  // All references must outlive it, and the simulation must not run after its destruction.
  Witness(Simulation& simulation, const Injector& injector, const Case& one,
          const StageWorld& stage, Judge& judge);
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // The canary is being deployed now: from now on invariants count.
  void OnDeployed(const std::vector<GateStep>& gates);
  // The last look, when everything has come to rest or its time is over.
  void Finish();

  const RolloutState& rollout() const { return rollout_; }
  // Nothing more happens by itself: the Rollout has come to rest, and if it waits for people, no
  // refusal is due to roll it back.
  bool Settled() const;
  // Of every verdict so far, by a gate that is a service; a Job tells nobody.
  bool EverybodyIsTold() const { return receivers_.EverybodyIsTold(); }
  // The time since the deployment.
  gate::Nanos Now() const { return world_.Now() - deployed_.value_or(world_.Now()); }

  static constexpr gate::Nanos kRollbackTime = std::chrono::seconds(300);

 private:
  struct Refusal {
    gate::Instant at;
    gate::Nanos held_up;  // by then
    std::string stage;
    std::string canary_hash;
    bool resolved = false;
    bool overtaken = false;  // the same question was asked again, and the answer was a pass
  };

  void OnRollout(const Change& change);
  void OnPod(const Change& change);
  void OnStatus(const Change& change);
  void CheckGates(const RolloutState::Status& before, const RolloutState::Status& after);
  void CheckAvailability();
  void CheckSecrets(const Change& change);
  void NoteRecord(const gate::Json& record);
  bool IsExcused(const Refusal& refusal) const;
  void NoteRestored();
  void CheckRefusal(std::size_t index);
  gate::Nanos Allowed(const Refusal& refusal) const;
  void FinishRefusals();
  void FinishSecrets();
  void FinishTelling();
  std::int64_t LeastAvailable() const;

  Simulation& simulation_;
  World& world_;
  const Injector& injector_;
  const Case& one_;
  Judge& judge_;
  SecretScan secrets_;
  RolloutState rollout_;
  GateRecords records_;
  Receivers receivers_;
  std::vector<GateStep> gates_;
  std::optional<gate::Instant> deployed_;
  std::string stable_hash_;           // when the canary was deployed
  std::set<std::string> ready_pods_;  // uids; of the workload, and not on their way out
  std::vector<Refusal> refusals_;
  std::size_t gates_ended_ = 0;  // by themselves
};

}  // namespace drill::sim
