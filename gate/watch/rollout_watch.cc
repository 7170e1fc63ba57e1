#include "gate/watch/rollout_watch.h"

#include <algorithm>

#include "gate/notify/verdict_notice.h"
#include "gate/record/config_map.h"
#include "gate/record/status_store.h"
#include "gate/watch/replica_sets.h"

namespace gate::watch {
namespace {

constexpr Nanos kPatience = std::chrono::seconds(10);  // for one look
constexpr Nanos kFirstPause = std::chrono::milliseconds(200);
constexpr Nanos kLongestPause = std::chrono::seconds(10);
// Fallbacks may take their time; nothing else is done meanwhile, so not too much of it.
constexpr Nanos kFallbackPatience = std::chrono::seconds(30);
// An object may have changed without our being told, for instance while nobody led.
constexpr Nanos kLookAgain = std::chrono::minutes(10);

std::vector<notify::Notice> NoticesOf(const Json& config_map) {
  std::vector<notify::Notice> notices;
  for (const std::string& line : record::Lines(JsonString(config_map, "/data/history"))) {
    const auto record = ParseStrictJson(line);
    if (!record) continue;
    auto told = notify::NoticesOfVerdict(*record);
    if (!told) continue;
    for (notify::Notice& notice : *told) notices.push_back(std::move(notice));
  }
  return notices;
}

WatchState StateIn(const Json& config_map) {
  const auto parsed = ParseStrictJson(JsonString(config_map, "/data/watch"));
  return parsed ? WatchStateFromJson(*parsed) : WatchState();
}

}  // namespace

RolloutWatch::RolloutWatch(WatchOptions options, KubeApi& kube, Runtime& runtime, Log& log,
                           WatchActions& actions, Rng rng)
    : options_(std::move(options)),
      kube_(kube),
      runtime_(runtime),
      log_(log),
      actions_(actions),
      rng_(rng),
      changed_(runtime.NewEvent()) {}

RolloutWatch::~RolloutWatch() = default;

void RolloutWatch::Run(const std::stop_token& stop) {
  const auto rollouts = runtime_.Spawn("watch-rollouts", [&] { WatchRollouts(stop); });
  const auto records = runtime_.Spawn("watch-records", [&] { WatchRecords(stop); });
  while (!stop.stop_requested()) {
    Instant wake = runtime_.Now() + kLookAgain;
    if (const auto key = NextDue(wake)) {
      Look(*key, stop);
    } else {
      (void)changed_->Wait({wake, stop});
    }
  }
}

void RolloutWatch::WatchRollouts(const std::stop_token& stop) {
  WatchHandlers handlers;
  handlers.on_snapshot = [this](const KubeList& list) {
    {
      const std::lock_guard lock(mutex_);
      for (auto& [key, entry] : entries_) entry.facts.reset();
    }
    for (const Json& rollout : list.items) OnRollout(rollout);
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [](const auto& each) { return !each.second.facts; });
  };
  handlers.on_event = [this](const KubeEvent& event) {
    if (event.type != KubeEventType::kDeleted) return OnRollout(event.object);
    const std::lock_guard lock(mutex_);
    entries_.erase({JsonString(event.object, "/metadata/namespace"),
                    JsonString(event.object, "/metadata/name")});
  };
  KeepWatching(kube::kRollouts, {}, std::move(handlers), stop);
}

// A new record is a reason to look at its Rollout; what it says is read then.
void RolloutWatch::WatchRecords(const std::stop_token& stop) {
  const auto touch = [this](const Json& config_map) {
    const std::string rollout = JsonString(config_map, "/metadata/labels/rollout-gate~1rollout");
    if (!rollout.empty()) Touch({JsonString(config_map, "/metadata/namespace"), rollout});
  };
  WatchHandlers handlers;
  handlers.on_snapshot = [&](const KubeList& list) {
    for (const Json& config_map : list.items) touch(config_map);
  };
  handlers.on_event = [&](const KubeEvent& event) {
    if (event.type != KubeEventType::kDeleted) touch(event.object);
  };
  KeepWatching(kube::kConfigMaps, {.labels = kube::kRolloutLabel, .fields = {}},
               std::move(handlers), stop);
}

void RolloutWatch::KeepWatching(const KubeResource& resource, const KubeSelector& selector,
                                WatchHandlers handlers, const std::stop_token& stop) {
  handlers.on_retry = [&](const Error& error) {
    log_.Warn("watching " + resource.plural, {{"error", error.message}});
  };
  const Error end = WatchObjects(kube_, runtime_, resource, options_.ns, selector, handlers,
                                 {Instant::max(), stop});
  if (stop.stop_requested()) return;
  log_.Warn(resource.plural + " are no longer watched", {{"error", end.message}});
}

// Rollouts without gates are none of our business.
void RolloutWatch::OnRollout(const Json& rollout) {
  RolloutFacts facts = ReadRollout(rollout, options_.stages);
  if (facts.gates.empty()) return;
  const Key key{facts.ns, facts.name};
  {
    const std::lock_guard lock(mutex_);
    entries_[key].facts = std::move(facts);
  }
  Touch(key);
}

void RolloutWatch::Touch(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    found->second.due = runtime_.Now();
  }
  changed_->Set();
}

// The one that has been due longest; if none is, when the next one will be.
std::optional<RolloutWatch::Key> RolloutWatch::NextDue(Instant& wake) {
  const std::lock_guard lock(mutex_);
  const auto soonest =
      std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
        return a.second.due.value_or(Instant::max()) < b.second.due.value_or(Instant::max());
      });
  if (soonest == entries_.end() || !soonest->second.due) return std::nullopt;
  if (*soonest->second.due > runtime_.Now()) {
    wake = std::min(wake, *soonest->second.due);
    return std::nullopt;
  }
  soonest->second.due.reset();
  return soonest->first;
}

void RolloutWatch::Look(const Key& key, const std::stop_token& stop) {
  RolloutFacts facts;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end() || !found->second.facts) return;
    facts = *found->second.facts;
  }
  const auto next = LookOnce(key, facts, {runtime_.Now() + kPatience, stop});
  if (!next && !stop.stop_requested()) {
    log_.Warn("cannot look after a Rollout",
              {{"namespace", key.first}, {"rollout", key.second}, {"error", next.error().message}});
  }
  const Nanos until_next = next && *next ? **next - runtime_.WallNow() : kLookAgain;
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.failures = next ? 0 : entry.failures + 1;
  const Nanos wait =
      next ? std::max(until_next, Nanos(0))
           : std::min(kFirstPause * (1 << std::min(entry.failures, 8)), kLongestPause);
  const Instant at = runtime_.Now() + wait;
  entry.due = std::min(at, entry.due.value_or(at));  // it may have been touched meanwhile
}

Result<std::optional<WallTime>> RolloutWatch::LookOnce(const Key& key, const RolloutFacts& facts,
                                                       const Deadline& deadline) {
  auto config_map =
      kube_.Get({kube::kConfigMaps, key.first, record::StatusConfigMapName(key.second)}, deadline);
  const bool has_record = config_map.has_value();
  if (!config_map && config_map.error().code != ErrorCode::kNotFound) {
    return std::move(config_map).error();
  }
  const Json status = has_record ? *std::move(config_map) : Json::object();
  if (auto told = TellVerdicts(key, status, deadline); !told) return std::move(told).error();

  WatchState before = StateIn(status);
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (!before.stable && found != entries_.end()) before.stable = found->second.stable;
  }
  const auto judgement = JudgeNow(facts, status, before, deadline);
  if (!judgement) return judgement.error();
  if (auto told = Tell(judgement->notices, deadline); !told) return std::move(told).error();
  if (auto written = Write(facts, before, judgement->state, has_record, deadline); !written) {
    return std::move(written).error();
  }
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(key); found != entries_.end()) {
      found->second.stable = judgement->state.stable;
    }
  }
  Count(facts, *judgement);
  for (const RollbackAction action : judgement->acts) {
    if (judgement->state.rollback) Act(action, facts, *judgement->state.rollback, deadline);
  }
  return judgement->next;
}

Result<void> RolloutWatch::TellVerdicts(const Key& key, const Json& status,
                                        const Deadline& deadline) {
  const std::string head = JsonString(status, "/data/audit-head");
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end() && found->second.told == head) return {};
  }
  if (auto told = Tell(NoticesOf(status), deadline); !told) return std::move(told).error();
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) found->second.told = head;
  return {};
}

Result<Judgement> RolloutWatch::JudgeNow(const RolloutFacts& facts, const Json& status,
                                         const WatchState& before, const Deadline& deadline) {
  const WallTime now = runtime_.WallNow();
  Judgement judgement = Judge(facts, ReadVerdicts(status), before, options_.rollback, now);
  const auto confirm =
      std::find(judgement.acts.begin(), judgement.acts.end(), RollbackAction::kConfirmRestored);
  if (confirm == judgement.acts.end()) return judgement;
  judgement.acts.erase(confirm);
  const auto restored = AskReplicaSets(facts, judgement.state.rollback->canary_hash, deadline);
  if (!restored) return restored.error();
  if (*restored) {
    Judgement closed = CloseRestored(facts, judgement.state, runtime_.WallNow());
    closed.notices.insert(closed.notices.begin(), judgement.notices.begin(),
                          judgement.notices.end());
    return closed;
  }
  // The controller has seen less than the ReplicaSets say, or the other way round: soon it will
  // not.
  const WallTime soon = now + std::chrono::seconds(1);
  judgement.next = std::min(soon, judgement.next.value_or(soon));
  return judgement;
}

void RolloutWatch::Count(const RolloutFacts& facts, const Judgement& judgement) {
  if (judgement.restored) {
    const auto is_end = [](const notify::Notice& notice) {
      return notice.kind == notify::NoticeKind::kRolledBack;
    };
    const auto end = std::find_if(judgement.notices.begin(), judgement.notices.end(), is_end);
    actions_.OnRolledBack(facts, *judgement.restored, end->took.value_or(Nanos(0)));
  }
  for (const notify::Notice& notice : judgement.notices) {
    if (notice.kind == notify::NoticeKind::kBypassed) actions_.OnBypassed(facts);
    if (notice.kind == notify::NoticeKind::kRollbackLate) actions_.OnLate(facts, notice.late);
  }
}

Result<bool> RolloutWatch::AskReplicaSets(const RolloutFacts& facts, const std::string& canary_hash,
                                          const Deadline& deadline) {
  std::vector<Json> owned;
  for (const std::string& hash : {canary_hash, facts.stable_hash}) {
    auto set = FindReplicaSet(kube_, facts, hash, deadline);
    if (!set) return std::move(set).error();
    if (*set) owned.push_back(**std::move(set));
  }
  return IsRestored(facts, canary_hash, owned);
}

Result<void> RolloutWatch::Write(const RolloutFacts& facts, const WatchState& before,
                                 const WatchState& after, bool has_record,
                                 const Deadline& deadline) {
  const Json wanted = ToJson(after);
  if (wanted == ToJson(before)) return {};
  // Merely having been seen is not worth an object of its own.
  if (!has_record && !after.rollback && after.closed.empty() && after.bypassed.empty()) return {};
  return record::UpdateConfigMap(
      kube_, runtime_, rng_, record::StatusPlace({facts.ns, facts.name}),
      [&](const Json& /*data*/) -> std::optional<Json> {
        return Json{{"watch", wanted.dump()}};
      },
      deadline);
}

Result<void> RolloutWatch::Tell(std::vector<notify::Notice> notices, const Deadline& deadline) {
  if (notices.empty()) return {};
  for (notify::Notice& notice : notices) {
    if (notice.environment.empty()) notice.environment = options_.environment;
  }
  return actions_.Tell(notices, deadline);
}

void RolloutWatch::Act(RollbackAction action, const RolloutFacts& facts, const Rollback& rollback,
                       const Deadline& deadline) {
  Result<void> done;
  if (action == RollbackAction::kReassertAbort) {
    // What `kubectl argo rollouts abort` does (argo R73).
    auto patched =
        kube_.MergePatch({kube::kRollouts, facts.ns, facts.name}, {{"status", {{"abort", true}}}},
                         KubeSubresource::kStatus, deadline);
    if (!patched) done = std::move(patched).error().Wrap("aborting the Rollout");
  } else if (action == RollbackAction::kFallBack) {
    done = actions_.FallBack(facts, rollback, {runtime_.Now() + kFallbackPatience, deadline.stop});
  }
  if (!done) {
    log_.Warn("a rollback could not be helped along",
              {{"namespace", facts.ns}, {"rollout", facts.name}, {"error", done.error().message}});
  }
}

}  // namespace gate::watch
