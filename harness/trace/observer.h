#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gate/seams/kube_api.h"
#include "harness/trace/audit_chain.h"
#include "harness/trace/rollout_view.h"
#include "harness/trace/stamp.h"
#include "harness/trace/trace.h"

namespace drill {

// Turns what watches deliver into trace events (docs/scenario-language.md lists them and says how
// their times are found). Pure: it reads no clock and talks to nobody. Feed it in the order of
// receipt.
class Observer {
 public:
  struct Options {
    std::string rollout;        // name of the Rollout under test
    gate::Nanos clock_skew{0};  // how far the cluster's clocks may be from ours
    gate::Instant start;        // nothing that is observed happened before it
    std::size_t most_events = 2000;
  };
  explicit Observer(Options options) : options_(std::move(options)) {}

  // What has to be watched, in the scenario's namespace.
  static std::span<const gate::KubeResource> Resources();

  void OnSnapshot(const gate::KubeResource& resource, const gate::KubeList& list,
                  const Sighting& seen);
  void OnEvent(const gate::KubeResource& resource, const gate::KubeEvent& event,
               const Sighting& seen);

  // True once the Rollout and its stable ReplicaSet's hash are known, without which nothing can be
  // said about a canary.
  bool KnowsStable() const { return rollout_.has_value() && !stable_hash_.empty(); }

  // The harness began to deploy a canary; what was fed before the first one shows the stable
  // release, healthy. From now on this release is the canary, and what is stable now is the stable
  // one.
  void OnDeployed(const std::string& release, const Sighting& began);

  // The harness did something else, or tried to, between `began` and `ended`.
  void OnAction(std::string_view action, bool ok, const std::string& detail, const Sighting& began,
                const Sighting& ended);

  // Events that others found (MC's journal, audit lines). Adds the release ids seen there.
  void OnCollected(const Trace& events);

  // The last call: judges the audit chain.
  void Finish(const Sighting& seen);

  // The events found since the last call, in the order of finding.
  Trace TakeNew();

  // Seen beyond Options::most_events and therefore not reported.
  std::int64_t dropped() const { return dropped_; }

 private:
  enum class Source { kSnapshot, kWatch };

  void OnObject(const gate::KubeResource& resource, const gate::Json& object, Source source,
                const Sighting& seen);
  void OnRollout(const gate::Json& object, Source source, const Sighting& seen);
  void OnReplicaSet(const gate::Json& object, Source source, const Sighting& seen);
  void OnAnalysisRun(const gate::Json& object, Source source, const Sighting& seen);
  void OnJob(const gate::Json& object, Source source, const Sighting& seen);
  void OnPod(const gate::Json& object, Source source, const Sighting& seen);
  void OnKubernetesEvent(const gate::Json& object, const Sighting& seen);
  Stamp StampOfEvent(const gate::Json& object, const Sighting& seen);
  void OnConfigMap(const gate::Json& object, const Sighting& seen);

  void LearnCanary(const RolloutView& now);
  void ReportPhaseAndStep(const RolloutView& now, const Stamp& stamp);
  void ReportPauses(const RolloutView& now, const Stamp& stamp);
  void ReportAbort(const RolloutView& now, const Sighting& seen);
  void ReportPromotion(const RolloutView& now, const Stamp& stamp);
  void ReportReplicas(const Stamp& stamp);
  bool HasUnknownReplicas() const;
  void ReportRestored(const Stamp& stamp);
  void ReportRelease(const std::string& where, const std::string& release, const Stamp& stamp);
  void ReportCanaryPods();
  void ReportVerdict(const gate::Json& record, const Sighting& seen);

  bool CanaryIsGone() const;
  bool StableIsWhole() const;

  Stamp StampOf(const gate::Json& object, Source source, const Sighting& seen) const;
  Stamp StampOwn(const std::string& time, const gate::Json& object, Source source,
                 const Sighting& seen) const;
  void Emit(std::string name, const Stamp& stamp, gate::Json fields);

  struct SeenPod {
    std::string hash;
    std::string release;
    Stamp stamp;
  };

  const Options options_;
  std::optional<RolloutView> rollout_;
  std::map<std::string, ReplicaSetView> replica_sets_;   // by name
  std::map<std::string, SeenPod> pods_;                  // by name
  std::map<std::string, std::string> run_states_;        // AnalysisRun -> phase and message
  std::set<std::string> finished_jobs_;                  // uid
  std::map<std::string, std::int64_t> event_counts_;     // uid -> count
  std::map<gate::WallTime, gate::Instant> event_times_;  // own time -> latest `at` given to it
  AuditChain chain_;

  bool deployed_ = false;
  std::int64_t last_generation_ = 0;  // of the Rollout before the canary was deployed
  std::string last_hash_;             // status.currentPodHash then
  std::string canary_release_;
  std::string stable_hash_;    // of the release that was stable when the canary was deployed
  bool canary_known_ = false;  // the controller has seen the pod template that was deployed last
  std::string canary_hash_;    // of that; empty before, and if it is the stable one's
  bool canary_was_up_ = false;
  std::string reported_abort_;  // abortedAt of the last abort reported
  // The abort was reported, and the stable release is not restored since: when it began, at the
  // earliest.
  std::optional<gate::Instant> abort_open_since_;
  bool promoted_ = false;
  std::string reported_phase_;
  std::string reported_step_;
  std::set<std::pair<std::string, std::string>> reported_pauses_;  // reason, since when
  std::string reported_replicas_;
  std::set<std::pair<std::string, std::string>> reported_releases_;  // where, release

  Trace fresh_;
  std::size_t emitted_ = 0;
  std::int64_t dropped_ = 0;
};

}  // namespace drill
