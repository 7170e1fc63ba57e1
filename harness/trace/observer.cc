#include "harness/trace/observer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "gate/base/encoding.h"

namespace drill {
namespace {

using gate::Json;

constexpr std::size_t kLongestText = 2048;  // bytes of one field

bool IsAtEnd(const std::string& analysis_phase) {
  return analysis_phase == "Successful" || analysis_phase == "Failed" ||
         analysis_phase == "Error" || analysis_phase == "Inconclusive";
}

std::string FirstOf(const Json& object, std::initializer_list<const char*> pointers) {
  for (const char* pointer : pointers) {
    if (std::string text = gate::JsonString(object, pointer); !text.empty()) return text;
  }
  return "";
}

// A field of a record that is there and a scalar, else `fallback`.
Json FieldOr(const Json& record, const char* key, Json fallback) {
  const auto found = record.find(key);
  return found == record.end() || found->is_structured() ? fallback : *found;
}

// The value of an argument of an AnalysisRun; nothing if it has none of this name.
std::optional<std::string> Argument(const Json& run, std::string_view name) {
  for (const Json& arg : gate::JsonArray(run, "/spec/args")) {
    if (gate::JsonString(arg, "/name") == name) return gate::JsonString(arg, "/value");
  }
  return std::nullopt;
}

// The release id that the gate wrote onto the run (docs/records.md).
std::optional<std::string> AnnotatedRelease(const Json& run) {
  const Json& release = gate::JsonAt(run, "/metadata/annotations/rollout-gate~1release-id");
  if (!release.is_string()) return std::nullopt;
  return release.get<std::string>();
}

// The condition of a Job that says how it ended; null while it runs.
const Json* EndOfJob(const Json& job) {
  for (const Json& condition : gate::JsonArray(job, "/status/conditions")) {
    const std::string type = gate::JsonString(condition, "/type");
    if ((type == "Complete" || type == "Failed") &&
        gate::JsonString(condition, "/status") == "True") {
      return &condition;
    }
  }
  return nullptr;
}

}  // namespace

std::span<const gate::KubeResource> Observer::Resources() {
  static const std::array resources = {
      gate::kube::kRollouts, gate::kube::kReplicaSets, gate::kube::kAnalysisRuns, gate::kube::kJobs,
      gate::kube::kPods,     gate::kube::kEvents,      gate::kube::kConfigMaps};
  return resources;
}

void Observer::OnSnapshot(const gate::KubeResource& resource, const gate::KubeList& list,
                          const Sighting& seen) {
  // What the server no longer lists is gone.
  if (resource == gate::kube::kReplicaSets) replica_sets_.clear();
  if (resource == gate::kube::kPods) pods_.clear();
  for (const Json& object : list.items) OnObject(resource, object, Source::kSnapshot, seen);
  if (resource == gate::kube::kReplicaSets && list.items.empty()) {
    const Stamp stamp = StampFromReceipt(seen, std::nullopt, options_.start, options_.clock_skew);
    ReportReplicas(stamp);
    ReportRestored(stamp);
  }
}

void Observer::OnEvent(const gate::KubeResource& resource, const gate::KubeEvent& event,
                       const Sighting& seen) {
  if (event.type == gate::KubeEventType::kBookmark) return;
  if (event.type != gate::KubeEventType::kDeleted) {
    OnObject(resource, event.object, Source::kWatch, seen);
    return;
  }
  const std::string name = gate::JsonString(event.object, "/metadata/name");
  if (resource == gate::kube::kPods) pods_.erase(name);
  if (resource == gate::kube::kReplicaSets && replica_sets_.erase(name) > 0) {
    const Stamp stamp = StampOf(event.object, Source::kWatch, seen);
    ReportReplicas(stamp);
    ReportRestored(stamp);
  }
}

void Observer::OnObject(const gate::KubeResource& resource, const Json& object, Source source,
                        const Sighting& seen) {
  if (resource == gate::kube::kRollouts) OnRollout(object, source, seen);
  if (resource == gate::kube::kReplicaSets) OnReplicaSet(object, source, seen);
  if (resource == gate::kube::kAnalysisRuns) OnAnalysisRun(object, source, seen);
  if (resource == gate::kube::kJobs) OnJob(object, source, seen);
  if (resource == gate::kube::kPods) OnPod(object, source, seen);
  if (resource == gate::kube::kEvents) OnKubernetesEvent(object, seen);
  if (resource == gate::kube::kConfigMaps) OnConfigMap(object, seen);
}

void Observer::OnDeployed(const std::string& release, const Sighting& began) {
  if (deployed_ && rollout_) stable_hash_ = rollout_->stable_hash;
  deployed_ = true;
  canary_release_ = release;
  canary_known_ = false;
  canary_hash_.clear();
  canary_was_up_ = false;
  promoted_ = false;
  abort_open_since_.reset();  // a new pod template takes the abort back (argo R75)
  if (rollout_) {
    last_generation_ = rollout_->generation;
    last_hash_ = rollout_->current_hash;
  }
  reported_releases_.clear();  // what was seen of earlier releases says nothing about this one
  Emit("deployed", {began.at, began.wall, gate::Nanos(0)}, {{"release", release}});
}

void Observer::OnAction(std::string_view action, bool ok, const std::string& detail,
                        const Sighting& began, const Sighting& ended) {
  Emit("action", {ended.at, ended.wall, ended.at - began.at},
       {{"do", action}, {"ok", ok}, {"detail", detail}});
}

// --- Rollout ------------------------------------------------------------------------------------

void Observer::OnRollout(const Json& object, Source source, const Sighting& seen) {
  RolloutView now = ReadRollout(object);
  if (now.name != options_.rollout) return;
  const Stamp stamp = StampOf(object, source, seen);
  const bool current = !deployed_ || now.generation > last_generation_;
  if (current && !now.release.empty()) ReportRelease("rollout-label", now.release, stamp);
  if (!deployed_) stable_hash_ = now.stable_hash;
  if (deployed_ && current) LearnCanary(now);
  rollout_ = std::move(now);
  ReportPhaseAndStep(*rollout_, stamp);
  ReportPauses(*rollout_, stamp);
  ReportReplicas(stamp);
  ReportAbort(*rollout_, seen);
  ReportPromotion(*rollout_, stamp);
  ReportRestored(stamp);
}

// Until the controller has looked at the new template, its status names the hash of the one before.
// That it has observed the new spec is not enough: it can write new conditions, and with them the
// new observedGeneration, before the new hash.
void Observer::LearnCanary(const RolloutView& now) {
  if (canary_known_ || !now.observed || now.current_hash.empty()) return;
  if (now.current_hash == last_hash_) return;
  canary_known_ = true;
  if (now.current_hash == stable_hash_) return;
  canary_hash_ = now.current_hash;
  ReportCanaryPods();
}

void Observer::ReportPhaseAndStep(const RolloutView& now, const Stamp& stamp) {
  if (!now.observed) return;  // the status still speaks of an earlier spec (argo R81)
  if (const std::string phase = now.phase + "\n" + now.message;
      !now.phase.empty() && phase != reported_phase_) {
    reported_phase_ = phase;
    Emit("rollout.phase", stamp, {{"phase", now.phase}, {"message", now.message}});
  }
  if (!now.step) return;
  if (const std::string step = fmt::format("{} {}", *now.step, now.weight);
      step != reported_step_) {
    reported_step_ = step;
    Emit("rollout.step", stamp, {{"index", *now.step}, {"weight", now.weight}});
  }
}

void Observer::ReportPauses(const RolloutView& now, const Stamp& stamp) {
  const std::set<std::pair<std::string, std::string>> pauses(now.pauses.begin(), now.pauses.end());
  const auto report = [&](const std::string& reason, bool active) {
    Emit("rollout.pause", stamp, {{"reason", reason}, {"active", active}});
  };
  for (const auto& pause : reported_pauses_) {
    if (!pauses.contains(pause)) report(pause.first, false);
  }
  for (const auto& pause : pauses) {
    if (!reported_pauses_.contains(pause)) report(pause.first, true);
  }
  reported_pauses_ = pauses;
}

void Observer::ReportAbort(const RolloutView& now, const Sighting& seen) {
  const bool canary = !canary_hash_.empty() && now.current_hash == canary_hash_;
  if (!now.abort) abort_open_since_.reset();  // taken back by a retry or a full promotion
  if (!canary || !now.abort || now.aborted_at.empty() || now.aborted_at == reported_abort_) return;
  reported_abort_ = now.aborted_at;
  const auto own = ParseObjectTime(now.aborted_at);
  const Stamp stamp =
      own ? StampFromOwnTime(seen, *own, options_.clock_skew)
          : StampFromReceipt(seen, std::nullopt, options_.start, options_.clock_skew);
  abort_open_since_ = stamp.at - stamp.uncertainty;
  Emit("rollout.aborted", stamp, {{"message", now.message}});
}

void Observer::ReportPromotion(const RolloutView& now, const Stamp& stamp) {
  const bool canary_is_stable =
      !canary_hash_.empty() && now.stable_hash == canary_hash_ && now.current_hash == canary_hash_;
  if (promoted_ || !canary_is_stable || now.abort || !now.observed || now.phase != "Healthy") {
    return;
  }
  promoted_ = true;
  Emit("promoted", stamp, {{"release", canary_release_}});
}

// --- ReplicaSets --------------------------------------------------------------------------------

void Observer::OnReplicaSet(const Json& object, Source source, const Sighting& seen) {
  if (!IsOwnedBy(object, "Rollout", options_.rollout)) return;
  const ReplicaSetView view = ReadReplicaSet(object);
  replica_sets_[gate::JsonString(object, "/metadata/name")] = view;
  const Stamp stamp = StampOf(object, source, seen);
  ReportReplicas(stamp);
  ReportRestored(stamp);
}

// A canary's ReplicaSet can be seen before it is known which hash is the canary's.
bool Observer::HasUnknownReplicas() const {
  if (!deployed_ || canary_known_) return false;
  return std::any_of(replica_sets_.begin(), replica_sets_.end(), [&](const auto& entry) {
    const ReplicaSetView& view = entry.second;
    return view.hash != stable_hash_ && (view.spec > 0 || view.available > 0);
  });
}

void Observer::ReportReplicas(const Stamp& stamp) {
  if (HasUnknownReplicas()) return;
  ReplicaSetView stable;
  ReplicaSetView canary;
  ReplicaSetView older;
  for (const auto& [name, view] : replica_sets_) {
    if (!stable_hash_.empty() && view.hash == stable_hash_) {
      stable = view;
    } else if (!canary_hash_.empty() && view.hash == canary_hash_) {
      canary = view;
    } else {
      older.spec += view.spec;
      older.available += view.available;
    }
  }
  if (canary.spec > 0 && deployed_ && !canary_hash_.empty()) canary_was_up_ = true;
  const bool nothing_yet = replica_sets_.empty() && reported_replicas_.empty();
  if (stable_hash_.empty() || nothing_yet) return;
  const std::string now = fmt::format("{} {} {} {} {} {}", stable.spec, stable.available,
                                      canary.spec, canary.available, older.spec, older.available);
  if (now == reported_replicas_) return;
  reported_replicas_ = now;
  Emit("replicas", stamp,
       {{"stableSpec", stable.spec},
        {"stableAvailable", stable.available},
        {"canarySpec", canary.spec},
        {"canaryAvailable", canary.available},
        {"olderSpec", older.spec},
        {"olderAvailable", older.available}});
}

// Both sets come from one watch, which the server orders; what we hold is one state of the past.
// It could still be from before the canary began: then it was never seen up, and the controller's
// own count must agree.
bool Observer::CanaryIsGone() const {
  if (!canary_was_up_ && rollout_->updated_replicas != 0) return false;
  return std::all_of(replica_sets_.begin(), replica_sets_.end(), [&](const auto& entry) {
    const ReplicaSetView& view = entry.second;
    return view.hash != canary_hash_ || (view.observed && view.spec == 0 && view.replicas == 0);
  });
}

bool Observer::StableIsWhole() const {
  return std::any_of(replica_sets_.begin(), replica_sets_.end(), [&](const auto& entry) {
    const ReplicaSetView& view = entry.second;
    return view.hash == stable_hash_ && view.observed && view.available == rollout_->replicas;
  });
}

// argo R68: no condition and no event says so.
void Observer::ReportRestored(const Stamp& stamp) {
  if (!abort_open_since_ || !rollout_ || !CanaryIsGone() || !StableIsWhole()) return;
  Stamp restored = stamp;
  restored.uncertainty = std::min(restored.uncertainty, restored.at - *abort_open_since_);
  abort_open_since_.reset();
  Emit("restored", restored, Json::object());
}

// --- Analysis -----------------------------------------------------------------------------------

void Observer::OnAnalysisRun(const Json& object, Source source, const Sighting& seen) {
  if (!IsOwnedBy(object, "Rollout", options_.rollout)) return;
  const Stamp stamp = StampOf(object, source, seen);
  if (const auto release = Argument(object, kReleaseLabel)) {
    ReportRelease("analysis-arg", *release, stamp);
  }
  if (const auto release = AnnotatedRelease(object)) {
    ReportRelease("run-annotation", *release, stamp);
  }
  const std::string name = gate::JsonString(object, "/metadata/name");
  const std::string phase = gate::JsonString(object, "/status/phase");
  const std::string message = gate::JsonString(object, "/status/message");
  std::string& reported = run_states_[name];
  if (phase.empty() || reported == phase + "\n" + message) return;
  reported = phase + "\n" + message;
  const std::string time = IsAtEnd(phase) ? gate::JsonString(object, "/status/completedAt") : "";
  Emit("analysisrun.phase", StampOwn(time, object, source, seen),
       {{"name", name},
        {"type", Label(object, "rollout-type")},
        {"step", Label(object, "step-index")},
        {"phase", phase},
        {"message", message}});
}

void Observer::OnJob(const Json& object, Source source, const Sighting& seen) {
  const Json* end = EndOfJob(object);
  if (end == nullptr) return;
  const std::string name = gate::JsonString(object, "/metadata/name");
  const std::string uid = gate::JsonString(object, "/metadata/uid");
  if (!finished_jobs_.insert(uid.empty() ? name : uid).second) return;
  Emit("job.finished",
       StampOwn(gate::JsonString(*end, "/lastTransitionTime"), object, source, seen),
       {{"name", name},
        {"succeeded", gate::JsonString(*end, "/type") == "Complete"},
        {"reason", gate::JsonString(*end, "/reason")}});
}

void Observer::OnPod(const Json& object, Source source, const Sighting& seen) {
  const std::string hash = Label(object, kPodHashLabel);
  if (hash.empty()) return;
  pods_.insert_or_assign(
      gate::JsonString(object, "/metadata/name"),
      SeenPod{hash, Label(object, kReleaseLabel), StampOf(object, source, seen)});
  ReportCanaryPods();
}

// Pods can be seen before the Rollout's status says which hash is the canary's.
void Observer::ReportCanaryPods() {
  if (canary_hash_.empty()) return;
  for (const auto& [name, pod] : pods_) {
    if (pod.hash == canary_hash_) ReportRelease("pod-label", pod.release, pod.stamp);
  }
}

// Events come in the order in which they were made. Those of one second must not change places
// because the two clocks are not looked at in the very same instant.
Stamp Observer::StampOfEvent(const Json& object, const Sighting& seen) {
  const std::string time =
      FirstOf(object, {"/series/lastObservedTime", "/lastTimestamp", "/eventTime",
                       "/firstTimestamp", "/metadata/creationTimestamp"});
  Stamp stamp = StampOwn(time, object, Source::kWatch, seen);
  const auto later = event_times_.upper_bound(stamp.wall);
  if (later != event_times_.begin()) {
    const gate::Instant not_before = std::prev(later)->second;
    stamp.uncertainty += std::max(gate::Nanos(0), not_before - stamp.at);
    stamp.at = std::max(stamp.at, not_before);
  }
  event_times_[stamp.wall] = stamp.at;
  return stamp;
}

void Observer::OnKubernetesEvent(const Json& object, const Sighting& seen) {
  const std::string uid = gate::JsonString(object, "/metadata/uid");
  const std::int64_t count =
      std::max(gate::JsonInt(object, "/count", 1), gate::JsonInt(object, "/series/count", 1));
  std::int64_t& reported = event_counts_[uid];
  if (count <= reported) return;
  reported = count;
  Emit("event", StampOfEvent(object, seen),
       {{"reason", gate::JsonString(object, "/reason")},
        {"type", gate::JsonString(object, "/type")},
        {"message", gate::JsonString(object, "/message")},
        {"kind", gate::JsonString(object, "/involvedObject/kind")},
        {"name", gate::JsonString(object, "/involvedObject/name")}});
}

// --- The gate's own records ---------------------------------------------------------------------

void Observer::OnConfigMap(const Json& object, const Sighting& seen) {
  if (gate::JsonString(object, "/metadata/name") != "rollout-gate-" + options_.rollout) return;
  for (const Json& record : chain_.Take(object)) ReportVerdict(record, seen);
}

void Observer::ReportVerdict(const Json& record, const Sighting& seen) {
  const auto own = ParseObjectTime(gate::JsonString(record, "/time"));
  const Stamp stamp =
      own ? StampFromOwnTime(seen, *own, options_.clock_skew)
          : StampFromReceipt(seen, std::nullopt, options_.start, options_.clock_skew);
  ReportRelease("status", gate::JsonString(record, "/release"), stamp);
  if (gate::JsonString(record, "/kind") != "verdict") return;
  Json fields = Json::object();
  for (const char* key : {"stage", "verdict", "reason", "release", "traceId", "message"}) {
    fields[key] = FieldOr(record, key, "");
  }
  for (const char* key : {"dryRun", "securityAlert"}) fields[key] = FieldOr(record, key, false);
  Emit("verdict", stamp, std::move(fields));
}

void Observer::OnCollected(const Trace& events) {
  for (const TraceEvent& event : events) {
    const Stamp stamp{event.at, event.wall, event.uncertainty};
    Emit(event.name, stamp, event.fields);
    if (event.name == "mc.request") {
      ReportRelease("mc-request", gate::JsonString(event.fields, "/release"), stamp);
    }
    if (event.name == "audit") {
      ReportRelease("audit", gate::JsonString(event.fields, "/release"), stamp);
    }
  }
}

void Observer::Finish(const Sighting& seen) {
  const AuditChain::Judgement chain = chain_.Verify();
  Emit("audit.chain", {seen.at, seen.wall, gate::Nanos(0)},
       {{"ok", chain.ok}, {"detail", chain.detail}});
}

// --- Emitting -----------------------------------------------------------------------------------

void Observer::ReportRelease(const std::string& where, const std::string& release,
                             const Stamp& stamp) {
  if (!reported_releases_.emplace(where, release).second) return;
  Emit("release.seen", stamp, {{"where", where}, {"release", release}});
}

// A snapshot can hide several writes, of which only the last has a time.
Stamp Observer::StampOf(const Json& object, Source source, const Sighting& seen) const {
  const auto written = source == Source::kWatch ? LastWrite(object) : Created(object);
  return StampFromReceipt(seen, written, options_.start, options_.clock_skew);
}

Stamp Observer::StampOwn(const std::string& time, const Json& object, Source source,
                         const Sighting& seen) const {
  const auto own = ParseObjectTime(time);
  return own ? StampFromOwnTime(seen, *own, options_.clock_skew) : StampOf(object, source, seen);
}

void Observer::Emit(std::string name, const Stamp& stamp, Json fields) {
  if (emitted_ >= options_.most_events) {
    ++dropped_;
    return;
  }
  ++emitted_;
  for (Json& value : fields) {
    if (value.is_string()) value = gate::Truncate(value.get<std::string>(), kLongestText);
  }
  fresh_.push_back({std::move(name), stamp.at, stamp.wall, stamp.uncertainty, std::move(fields)});
}

Trace Observer::TakeNew() { return std::exchange(fresh_, {}); }

}  // namespace drill
