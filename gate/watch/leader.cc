#include "gate/watch/leader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace gate::watch {
namespace {

// One candidate for a Lease.
class Candidate {
 public:
  Candidate(KubeApi& kube, Runtime& runtime, const LeaseOptions& options)
      : kube_(kube), runtime_(runtime), options_(options) {}

  // Takes the Lease if it is free, or has not changed for its duration, and renews it if it is
  // ours. True if it is ours now; an error if nobody knows.
  Result<bool> TakeOrRenew(const Deadline& deadline) {
    auto lease = kube_.Get(Ref(), deadline);
    if (!lease && lease.error().code != ErrorCode::kNotFound) return std::move(lease).error();
    if (!lease) return Created(deadline);
    const std::string holder = JsonString(*lease, "/spec/holderIdentity");
    const std::string version = JsonString(*lease, "/metadata/resourceVersion");
    if (holder != options_.identity && !holder.empty() && IsAlive(version)) return false;
    Json patch = Spec(holder == options_.identity ? Change::kRenewed : Change::kTaken, *lease);
    patch["metadata"] = {{"resourceVersion", version}};
    return Won(kube_.MergePatch(Ref(), patch, KubeSubresource::kNone, deadline));
  }

  // Best effort: if it fails, the Lease runs out.
  void Release(const Deadline& deadline) {
    auto lease = kube_.Get(Ref(), deadline);
    if (!lease || JsonString(*lease, "/spec/holderIdentity") != options_.identity) return;
    const Json patch = {
        {"metadata", {{"resourceVersion", JsonString(*lease, "/metadata/resourceVersion")}}},
        {"spec", {{"holderIdentity", ""}, {"leaseDurationSeconds", 1}}}};
    (void)Won(kube_.MergePatch(Ref(), patch, KubeSubresource::kNone, deadline));
  }

 private:
  enum class Change { kTaken, kRenewed };

  KubeRef Ref() const { return {kube::kLeases, options_.ns, options_.name}; }

  Result<bool> Created(const Deadline& deadline) {
    Json lease = Spec(Change::kTaken, Json::object());
    lease["apiVersion"] = kube::kLeases.ApiVersion();
    lease["kind"] = "Lease";
    lease["metadata"] = {{"name", options_.name}, {"namespace", options_.ns}};
    return Won(kube_.Create(kube::kLeases, options_.ns, lease, deadline));
  }

  Json Spec(Change change, const Json& current) const {
    const std::string now = FormatRfc3339(runtime_.WallNow(), 6);
    Json spec = {{"holderIdentity", options_.identity},
                 {"leaseDurationSeconds", options_.duration / std::chrono::seconds(1)},
                 {"renewTime", now}};
    if (change == Change::kTaken) {
      spec["acquireTime"] = now;
      spec["leaseTransitions"] = JsonInt(current, "/spec/leaseTransitions") + 1;
    }
    return {{"spec", std::move(spec)}};
  }

  // Losing a race is no error: somebody else has it now.
  static Result<bool> Won(Result<Json> written) {
    if (written) return true;
    const ErrorCode code = written.error().code;
    if (code == ErrorCode::kConflict || code == ErrorCode::kAlreadyExists) return false;
    return std::move(written).error();
  }

  bool IsAlive(const std::string& version) {
    const Instant now = runtime_.Now();
    if (version != seen_version_) {
      seen_version_ = version;
      seen_at_ = now;
    }
    return now < seen_at_ + options_.duration;
  }

  KubeApi& kube_;
  Runtime& runtime_;
  const LeaseOptions& options_;
  std::string seen_version_;  // of another holder's Lease, and since when it has been this one
  Instant seen_at_;
};

// `lead`, running beside the renewals.
class Leading {
 public:
  Leading(Runtime& runtime, const std::function<void(std::stop_token)>& lead)
      : task_(runtime.Spawn("leading", [this, lead] { lead(stop_.get_token()); })) {}
  ~Leading() {
    stop_.request_stop();
    task_->Join();
  }
  Leading(const Leading&) = delete;
  Leading& operator=(const Leading&) = delete;

 private:
  std::stop_source stop_;
  std::unique_ptr<Task> task_;
};

}  // namespace

void RunAsLeader(KubeApi& kube, Runtime& runtime, Log& log, const LeaseOptions& options,
                 const std::function<void(std::stop_token)>& lead, const std::stop_token& stop) {
  Candidate candidate(kube, runtime, options);
  std::optional<Leading> leading;
  Instant renewed;  // when the last successful renewal was begun
  while (!stop.stop_requested()) {
    const Instant begun = runtime.Now();
    // A call that hangs must not outlast the leadership, and leave time for a second one.
    Instant patience = begun + options.renew_within / 2;
    if (leading) patience = std::min(patience, renewed + options.renew_within);
    const auto ours = candidate.TakeOrRenew({patience, stop});
    if (ours && *ours) {
      renewed = begun;
      if (!leading) {
        log.Info("leading", {{"lease", options.name}, {"identity", options.identity}});
        leading.emplace(runtime, lead);
      }
    } else if (leading) {
      const bool lost = ours.has_value() || runtime.Now() >= renewed + options.renew_within;
      if (!ours) log.Warn("Lease not renewed", {{"error", ours.error().message}});
      if (lost) {
        log.Warn("leadership lost", {{"lease", options.name}});
        leading.reset();
      }
    } else if (!ours && !stop.stop_requested()) {
      log.Warn("Lease cannot be read or taken", {{"error", ours.error().message}});
    }
    Instant next = runtime.Now() + options.retry_every;
    if (leading) next = std::min(next, renewed + options.renew_within);
    (void)runtime.Sleep({next, stop});
  }
  if (!leading) return;
  leading.reset();
  candidate.Release({runtime.Now() + options.retry_every, {}});
}

}  // namespace gate::watch
