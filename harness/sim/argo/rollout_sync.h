#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "harness/sim/argo/analysis_status.h"
#include "harness/sim/argo/api.h"
#include "harness/sim/argo/events.h"
#include "harness/sim/argo/options.h"
#include "harness/sim/argo/pause.h"
#include "harness/sim/argo/phase.h"
#include "harness/sim/argo/replica_set_view.h"
#include "harness/sim/argo/rollout_spec.h"
#include "harness/sim/argo/rollout_status.h"
#include "harness/sim/argo/templates.h"
#include "harness/sim/argo/traffic_router.h"
#include "harness/sim/kube/informer.h"

namespace drill::sim::argo {

// What the Rollout controller works with.
struct RolloutEnvironment {
  World& world;
  const ArgoOptions& options;
  Api& api;
  EventRecorder& events;
  TrafficRouter& router;
  const Informer& replica_sets;
  const Informer& runs;
  const Informer& templates;
  const Informer& cluster_templates;
  const Informer& services;
};

// An AnalysisRun of the Rollout.
struct RunView {
  ObjectPtr object;
  AnalysisPhase phase = AnalysisPhase::kNone;
  std::string phase_text;
  std::string message;
};

// A status and the JSON that it was read from, or written as.
struct KnownStatus {
  std::shared_ptr<const gate::Json> json;  // null: none
  RolloutStatus status;
};

// One reconcile of one canary Rollout: from what the caches hold to writes (argo R1, R2). Made for
// it, thrown away after it.
class RolloutSync {
 public:
  // `pod_hash` is that of the template without collisions. `known_status` spares the reading if it
  // is the Rollout's, and is replaced when the status is written. Everything must outlive it.
  RolloutSync(const RolloutEnvironment& env, ObjectPtr rollout,
              std::shared_ptr<const RolloutSpec> spec, const std::string& pod_hash,
              KnownStatus& known_status);

  // The spec is invalid for this reason: say so in the status (argo R31).
  gate::Result<void> ReportInvalid(const std::string& why);

  gate::Result<void> Run();

  // The Rollout as this reconcile wrote it last; null if it did not.
  const ObjectPtr& written() const { return written_; }
  // When to look again, besides what events bring.
  std::optional<gate::Nanos> wake() const { return wake_; }

 private:
  // --- rollout_sync.cc: the order of things
  gate::Result<void> LoadSets();
  gate::Result<void> Canary();
  void LoadRuns();
  void SplitSets();
  gate::Result<void> ScaleOnly();
  bool IsScalingEvent() const;
  bool TemplateOrStepsChanged() const;
  std::string PodHash() const;
  gate::WallTime Now() const { return env_.world.WallNow() + env_.options.clock_skew; }
  WallSeconds NowSeconds() const { return std::chrono::floor<std::chrono::seconds>(Now()); }
  bool Is1_10() const { return env_.options.version == ArgoVersion::k1_10; }
  void WakeAfter(gate::Nanos delay);
  void Event(std::string_view reason, std::string message,
             EventRecorder::Kind kind = EventRecorder::Kind::kNormal);

  // --- rollout_revision.cc: revisions and ReplicaSets' identity (argo R80)
  gate::Result<void> SyncRevision();
  gate::Result<void> SetRolloutRevision(const std::string& revision);
  gate::Result<void> CreateSet();
  struct NewSet {
    ObjectPtr object;
    SetAge age;
  };
  gate::Result<NewSet> WriteNewSet(const Object& set);
  gate::Result<void> SetProgressing(std::string_view reason, std::string message);
  gate::Result<void> BumpCollisions();
  gate::Result<void> CleanUpHistory();
  void Adopt(ObjectPtr rollout);

  // --- rollout_replicas.cc: sizes (argo R7 to R11, R69)
  enum class Scaled { kNo, kYes };
  gate::Result<Scaled> ReconcileSets();
  gate::Result<Scaled> ReconcileStable();
  gate::Result<Scaled> ReconcileNew();
  gate::Result<Scaled> ReconcileOthers();
  gate::Result<Scaled> HoldAborted(std::int32_t count);
  gate::Result<ReplicaSetPtr> Scale(const ReplicaSetPtr& set, std::int32_t count);
  gate::Result<Scaled> ScaleTo(const ReplicaSetPtr& set, std::int32_t count);
  gate::Result<std::int32_t> ScaleDownOthers(std::vector<ReplicaSetPtr> sets);
  gate::Result<std::vector<ReplicaSetPtr>> DropUnavailable(std::vector<ReplicaSetPtr> sets);
  gate::Result<std::int32_t> OtherSize(const ReplicaSetPtr& set, std::int32_t most_down,
                                       std::int32_t& annotated);
  gate::Result<std::int32_t> DelayScaleDown(const ReplicaSetPtr& set, std::int32_t& annotated);
  gate::Result<void> SetDeadline(const ReplicaSetPtr& set, std::optional<std::int32_t> seconds);
  gate::Result<void> RemoveDeadlines();
  bool DelaysScaleDownOnAbort() const;
  bool IsHalted() const;
  bool IsReferenced(const ReplicaSetView& set) const;
  bool NeedsAnnotations(const ReplicaSetView& set) const;
  SetSizes Sizes() const;
  std::int32_t Available() const;

  // --- rollout_runs.cc: analysis (argo R22 to R32)
  gate::Result<void> ReconcileRuns();
  gate::Result<void> ReconcileCurrentRuns();
  gate::Result<std::optional<RunView>> StepRun();
  gate::Result<std::optional<RunView>> BackgroundRun();
  gate::Result<RunView> CreateRun(const AnalysisSpec& analysis, const std::string& infix,
                                  StringMap labels);
  gate::Result<RunView> CreateWithCollisions(Object run);
  gate::Result<void> Cancel(const std::vector<RunView>& runs);
  gate::Result<void> DeleteOldRuns(std::vector<RunView> runs);
  gate::Result<void> DeleteRuns(const std::vector<RunView>& runs);
  bool CancelsRuns() const;
  bool NeedsNewRun(const std::optional<RunView>& run) const;
  void Heed(const RunView& run, const std::string& what);
  void Mirror();
  void ReportRunChanges();
  ObjectPtr FindTemplateOf(const TemplateRef& ref) const;

  // --- rollout_traffic.cc: services and weights (argo R12 to R14)
  gate::Result<void> ReconcileServices();
  gate::Result<void> PointService(const std::string& name, const ReplicaSetPtr& set,
                                  bool check_availability);
  gate::Result<void> ReconcileTraffic();
  gate::Result<std::int32_t> DesiredWeight(std::string& canary_hash);
  std::int32_t WeightOnAbort() const;
  std::int32_t WeightInSteps() const;
  std::optional<std::string> RollingBackFrom() const;
  bool StableCarries(std::int32_t weight) const;
  bool VerifiesWeight(std::int32_t weight) const;

  // --- rollout_state.cc: the status (argo R15 to R18, R64 to R78)
  gate::Result<void> CheckPaused();
  gate::Result<void> PatchConditions(std::vector<Condition> conditions);
  gate::Result<void> SyncStatus();
  RolloutStatus BaseStatus() const;
  gate::Result<void> Persist(RolloutStatus next);
  gate::Result<void> PersistScaling(RolloutStatus next);
  gate::Result<void> Write(RolloutStatus next);
  void ResetStatus(RolloutStatus& next);
  std::string WhyPromote() const;
  void Promote(RolloutStatus& next, const std::string& why);
  bool StepIsComplete() const;
  bool PauseStep();  // true: it holds the rollout
  bool IsFastRollback() const;
  bool IsWithinRollbackWindow() const;

  // --- rollout_conditions.cc
  void CalculateConditions(RolloutStatus& next);
  void CalculateProgress(RolloutStatus& next, bool became_unhealthy);
  void AbortIfTimedOut(const RolloutStatus& next);
  void ReplicaFailure(RolloutStatus& next) const;
  std::string TimeoutMessage() const;
  bool IsIndefiniteStep() const;
  bool WaitsForScaleDown() const;
  void RequeueIfStuck(const RolloutStatus& next);
  void ReportPauseChange(const RolloutStatus& before, const RolloutStatus& next);

  const RolloutEnvironment& env_;
  ObjectPtr rollout_;
  std::shared_ptr<const RolloutSpec> spec_;
  const std::string& pod_hash_;
  KnownStatus& known_status_;
  RolloutStatus status_;             // as it was
  RolloutStatus next_;               // what of the next one is known while the parts are reconciled
  std::vector<ReplicaSetPtr> sets_;  // by age
  std::vector<ReplicaSetPtr> older_;   // not the new one
  std::vector<ReplicaSetPtr> others_;  // neither the new nor the stable one
  ReplicaSetPtr new_;
  ReplicaSetPtr stable_;
  std::optional<RunView> step_run_;
  std::optional<RunView> background_run_;
  std::vector<RunView> other_runs_;
  PauseContext pause_;
  ObjectPtr written_;
  std::optional<gate::Nanos> wake_;
};

RunView ViewRun(ObjectPtr object);

}  // namespace drill::sim::argo
