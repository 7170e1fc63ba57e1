#include "gate/watch/rollout_watch.h"

#include <algorithm>

#include "gate/notify/verdict_notice.h"
#include "gate/record/status_store.h"
#include "gate/watch/replica_sets.h"

namespace gate::watch {
namespace {

constexpr Nanos kLookPatience = std::chrono::seconds(10);  // for one look
constexpr Nanos kFirstPause = std::chrono::milliseconds(200);
constexpr Nanos kLongestPause = std::chrono::seconds(10);
// Fallbacks may take their time; fewer Rollouts are looked at meanwhile, so not too much of it.
constexpr Nanos kFallbackPatience = std::chrono::seconds(30);
// What a snapshot finds to be quiet is looked at one by one, so that neither the API server nor
// what happens meanwhile suffers when a leader begins.
constexpr Nanos kTurn = std::chrono::milliseconds(5);
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

// Nothing is going on: another release is neither coming nor going.
bool IsQuiet(const RolloutFacts& facts) {
  return facts.observed && !facts.aborted && facts.current_hash == facts.stable_hash;
}

// The Rollout that a record is about.
std::pair<std::string, std::string> RolloutOf(const Json& config_map) {
  return {JsonString(config_map, "/metadata/namespace"),
          JsonString(config_map, "/metadata/labels/rollout-gate~1rollout")};
}

WatchState StateIn(const Json& config_map) {
  const auto parsed = ParseStrictJson(JsonString(config_map, "/data/watch"));
  return parsed ? WatchStateFromJson(*parsed) : WatchState();
}

}  // namespace

RolloutWatch::RolloutWatch(WatchOptions options, KubeApi& kube, Runtime& runtime, Log& log,
                           WatchActions& actions, McSource& mc, Rng rng)
    : options_(std::move(options)),
      kube_(kube),
      runtime_(runtime),
      log_(log),
      actions_(actions),
      rng_(rng),
      paused_changed_(runtime.NewEvent()),
      inquirer_(
          options_.inquiry, runtime, mc,
          [this](const Inquiry& inquiry, McSays says) { OnAnswer(inquiry, says); },
          rng.Fork("inquiries")) {
  for (int i = 0; i < kMostAtOnce; ++i) changed_.push_back(runtime.NewEvent());
}

RolloutWatch::~RolloutWatch() = default;

void RolloutWatch::Run(const std::stop_token& stop) {
  const auto rollouts = runtime_.Spawn("watch-rollouts", [&] { WatchRollouts(stop); });
  const auto records = runtime_.Spawn("watch-records", [&] { WatchRecords(stop); });
  const auto inquiries = runtime_.Spawn("inquiries", [&] { inquirer_.Run(stop); });
  std::vector<std::unique_ptr<Task>> lookers;
  for (const auto& changed : changed_) {
    lookers.push_back(
        runtime_.Spawn("looker", [this, &changed = *changed, &stop] { Work(changed, stop); }));
  }
  while (!stop.stop_requested()) {
    TellPaused();
    (void)paused_changed_->Wait({Instant::max(), stop});
  }
}

void RolloutWatch::Work(Event& changed, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Instant wake = Instant::max();
    if (const auto facts = TakeDue(wake)) {
      Look(*facts, stop);
    } else {
      (void)changed.Wait({wake, stop});
    }
  }
}

void RolloutWatch::WatchRollouts(const std::stop_token& stop) {
  WatchHandlers handlers;
  handlers.on_page = [this](WatchHandlers::Page page, const std::vector<Json>& rollouts) {
    OnRolloutPage(page, rollouts);
  };
  handlers.on_complete = [this] { OnRolloutsComplete(); };
  handlers.on_event = [this](const KubeEvent& event) { OnRolloutEvent(event); };
  KeepWatching(kube::kRollouts, {}, std::move(handlers), stop);
}

// A new record is a reason to look at its Rollout; what it says is read then.
void RolloutWatch::WatchRecords(const std::stop_token& stop) {
  WatchHandlers handlers;
  handlers.on_page = [this](WatchHandlers::Page page, const std::vector<Json>& config_maps) {
    OnRecordPage(page, config_maps);
  };
  handlers.on_complete = [] {};
  handlers.on_event = [this](const KubeEvent& event) {
    if (event.type != KubeEventType::kDeleted) Touch(RolloutOf(event.object));
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

// When the `turn`th of those that can wait is looked at.
Instant RolloutWatch::InTurn(std::size_t turn) {
  return runtime_.Now() + kTurn * static_cast<Nanos::rep>(turn);
}

// Rollouts without gates are none of our business.
void RolloutWatch::OnRolloutPage(WatchHandlers::Page page, const std::vector<Json>& rollouts) {
  {
    const std::lock_guard lock(mutex_);
    if (page == WatchHandlers::Page::kFirst) {
      ++snapshots_;
      in_turn_ = 0;
    }
    for (const Json& rollout : rollouts) {
      RolloutFacts facts = ReadRollout(rollout, options_.stages);
      if (facts.gates.empty()) continue;
      due_.SetNoLater({facts.ns, facts.name}, IsQuiet(facts) ? InTurn(in_turn_++) : runtime_.Now());
      Put(std::move(facts));
    }
  }
  Wake();
}

// What was not in the snapshot is gone.
void RolloutWatch::OnRolloutsComplete() {
  const std::lock_guard lock(mutex_);
  std::vector<Key> gone;
  for (const auto& [key, entry] : entries_) {
    if (entry.snapshot != snapshots_) gone.push_back(key);
  }
  for (const Key& key : gone) Drop(key);
}

void RolloutWatch::OnRolloutEvent(const KubeEvent& event) {
  RolloutFacts facts = ReadRollout(event.object, options_.stages);
  const Key key{facts.ns, facts.name};
  {
    const std::lock_guard lock(mutex_);
    if (event.type == KubeEventType::kDeleted) {
      Drop(key);
    } else if (!facts.gates.empty()) {
      due_.SetNoLater(key, runtime_.Now());
      Put(std::move(facts));
    }
  }
  Wake();
}

void RolloutWatch::Put(RolloutFacts facts) {
  const Key key{facts.ns, facts.name};
  const bool changed = facts.awaits_people ? paused_.insert(key).second : paused_.erase(key) > 0;
  if (changed) paused_changed_->Set();
  Entry& entry = entries_[key];
  entry.facts = std::move(facts);
  entry.snapshot = snapshots_;
}

void RolloutWatch::Drop(const Key& key) {
  entries_.erase(key);
  if (paused_.erase(key) > 0) paused_changed_->Set();
  due_.Erase(key);
  inquirer_.Set(key.first, key.second, std::nullopt);
}

void RolloutWatch::TellPaused() {
  std::size_t paused = 0;
  {
    const std::lock_guard lock(mutex_);
    paused = paused_.size();
  }
  actions_.OnPaused(paused);
}

void RolloutWatch::OnRecordPage(WatchHandlers::Page page, const std::vector<Json>& config_maps) {
  {
    const std::lock_guard lock(mutex_);
    if (page == WatchHandlers::Page::kFirst) records_in_turn_ = 0;
    for (const Json& config_map : config_maps) {
      const auto found = entries_.find(RolloutOf(config_map));
      if (found == entries_.end()) continue;  // it will be looked at for the first time
      if (found->second.told == JsonString(config_map, "/data/audit-head")) continue;
      due_.SetNoLater(found->first,
                      found->second.looked ? runtime_.Now() : InTurn(records_in_turn_++));
    }
  }
  Wake();
}

void RolloutWatch::OnAnswer(const Inquiry& inquiry, McSays says) {
  if (inquiry.why == Inquiry::Why::kPassed && says == McSays::kYes) return;
  const Key key{inquiry.ns, inquiry.rollout};
  if (inquiry.why == Inquiry::Why::kPaused) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end()) found->second.answered = inquiry.record_id;
  }
  Touch(key);
}

void RolloutWatch::Touch(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    if (!entries_.contains(key)) return;
    due_.SetNoLater(key, runtime_.Now());
  }
  Wake();
}

void RolloutWatch::Wake() {
  for (const auto& changed : changed_) changed->Set();
}

// The one that has been due longest; if none is, when the next one will be.
std::optional<RolloutFacts> RolloutWatch::TakeDue(Instant& wake) {
  const std::lock_guard lock(mutex_);
  if (const auto key = due_.Take(runtime_.Now())) return entries_.at(*key).facts;
  wake = due_.Next().value_or(Instant::max());
  return std::nullopt;
}

// After a look, with what came of it. It may have been touched meanwhile, or be gone.
void RolloutWatch::PutBack(const Key& key, const Result<std::optional<WallTime>>& next) {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    Entry& entry = found->second;
    entry.looked = entry.looked || next;
    entry.failures = next ? 0 : entry.failures + 1;
    Nanos wait = std::min(kFirstPause * (1 << std::min(entry.failures, 8)), kLongestPause);
    if (next) wait = *next ? std::max(**next - runtime_.WallNow(), Nanos(0)) : kLookAgain;
    due_.SetNoLater(key, runtime_.Now() + wait);
  }
  due_.PutBack(key);
}

void RolloutWatch::Look(const RolloutFacts& facts, const std::stop_token& stop) {
  const auto next = LookOnce(facts, {runtime_.Now() + kLookPatience, stop});
  if (!next && !stop.stop_requested()) {
    log_.Warn("cannot look after a Rollout",
              {{"namespace", facts.ns}, {"rollout", facts.name}, {"error", next.error().message}});
  }
  PutBack({facts.ns, facts.name}, next);
}

Result<std::optional<WallTime>> RolloutWatch::LookOnce(const RolloutFacts& facts,
                                                       const Deadline& deadline) {
  const Key key{facts.ns, facts.name};
  const auto read =
      record::ReadConfigMap(kube_, record::StatusPlace({facts.ns, facts.name}), deadline);
  if (!read) return read.error();
  const Json& status = *read;
  if (auto told = TellVerdicts(key, status, deadline); !told) return std::move(told).error();

  WatchState before = StateIn(status);
  std::string answered;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (!before.stable && found != entries_.end()) before.stable = found->second.stable;
    if (found != entries_.end()) answered = found->second.answered;
  }
  const std::vector<VerdictFact> verdicts = ReadVerdicts(status);
  const auto judgement = JudgeNow(facts, verdicts, before, answered, deadline);
  if (!judgement) return judgement.error();
  if (auto told = Tell(judgement->notices, deadline); !told) return std::move(told).error();
  if (auto written = Write(facts, before, judgement->state, status, deadline); !written) {
    return std::move(written).error();
  }
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(key); found != entries_.end()) {
      found->second.stable = judgement->state.stable;
    }
  }
  inquirer_.Set(facts.ns, facts.name, PlanInquiry(facts, verdicts, judgement->state.resumable));
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

Result<Judgement> RolloutWatch::JudgeNow(const RolloutFacts& facts,
                                         const std::vector<VerdictFact>& verdicts,
                                         const WatchState& before, const std::string& answered,
                                         const Deadline& deadline) {
  const WallTime now = runtime_.WallNow();
  Judgement judgement = Judge(facts, verdicts, before, answered, options_.rollback, now);
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
  const auto sets = FindReplicaSets(kube_, facts, {canary_hash, facts.stable_hash}, deadline);
  if (!sets) return sets.error();
  return IsRestored(facts, canary_hash, *sets);
}

Result<void> RolloutWatch::Write(const RolloutFacts& facts, const WatchState& before,
                                 const WatchState& after, const Json& seen,
                                 const Deadline& deadline) {
  const Json wanted = ToJson(after);
  if (wanted == ToJson(before)) return {};
  // Merely having been seen is not worth an object of its own.
  if (seen.empty() && !after.rollback && after.closed.empty() && after.bypassed.empty()) return {};
  Rng rng = rng_.Fork("write " + facts.ns + "/" + facts.name);
  auto written = record::UpdateConfigMap(
      kube_, runtime_, rng, record::StatusPlace({facts.ns, facts.name}),
      [&](const Json& /*data*/) -> std::optional<Json> {
        return Json{{"watch", wanted.dump()}};
      },
      deadline, seen);
  if (!written) return std::move(written).error();
  return {};
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
