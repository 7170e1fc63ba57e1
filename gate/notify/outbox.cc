#include "gate/notify/outbox.h"

#include <optional>
#include <utility>

#include "gate/base/check.h"
#include "gate/decide/backoff.h"

namespace gate::notify {
namespace {

constexpr decide::BackoffPolicy kBackoff{.base = std::chrono::seconds(1),
                                         .cap = std::chrono::minutes(1)};
// How often a worker looks without having been woken: another process may have posted.
constexpr Nanos kPoll = std::chrono::seconds(30);
constexpr Nanos kReadTimeout = std::chrono::seconds(10);
// Noting a delivery is what keeps it from being repeated, so even a stop waits this long for it.
constexpr Nanos kNoteTimeout = std::chrono::seconds(2);
constexpr Nanos kCleanTimeout = std::chrono::seconds(30);
// Slack takes about one message a second for each channel.
constexpr Nanos kSlackGap = std::chrono::seconds(1);

Json LogFields(const Sink& sink, const Notice& notice) {
  return {{"sink", sink.name}, {"notice", DedupKey(notice)}, {"release", notice.release}};
}

}  // namespace

// Delivers to one sink.
class Outbox::Worker {
 public:
  Worker(Outbox& outbox, const Sink& sink)
      : outbox_(outbox),
        sink_(sink),
        wake_(outbox.runtime().NewEvent()),
        rng_(outbox.rng_.Fork("sink " + sink.name)) {}

  void Wake() { wake_->Set(); }

  void Run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!NoteSettled()) {
        BackOff(std::nullopt, stop);
        continue;
      }
      auto first = First(stop);
      if (!first) {
        if (stop.stop_requested()) return;
        outbox_.deps_.log.Warn("cannot read the outbox",
                               {{"sink", sink_.name}, {"error", first.error().message}});
        BackOff(first.error().retry_after, stop);
      } else if (!*first) {
        attempt_ = 0;
        wake_->Wait({Now() + kPoll, stop});
      } else {
        Handle(**first, stop);
      }
    }
    NoteSettled();
  }

 private:
  Instant Now() { return outbox_.runtime().Now(); }

  void BackOff(std::optional<Nanos> retry_after, const std::stop_token& stop) {
    const Nanos delay = decide::BackoffDelay(attempt_++, kBackoff, retry_after, rng_);
    outbox_.runtime().Sleep({Now() + delay, stop});
  }

  // Takes what was settled out of the stored queue. Until that is done nothing else is delivered,
  // so at most one notice can be told twice.
  bool NoteSettled() {
    if (!settled_) return true;
    const auto remove = [&](OutboxState& state) {
      return RemovePending(state, sink_.name, *settled_);
    };
    auto noted = outbox_.Update(rng_, remove, {Now() + kNoteTimeout, {}});
    if (!noted) {
      outbox_.deps_.log.Warn("cannot note a delivery; it is repeated if this process ends now",
                             {{"sink", sink_.name}, {"error", noted.error().message}});
      return false;
    }
    settled_.reset();
    attempt_ = 0;
    return true;
  }

  // The oldest notice that waits for this sink, if there is any.
  Result<std::optional<Pending>> First(const std::stop_token& stop) {
    auto object = outbox_.deps_.kube.Get(
        {kube::kConfigMaps, outbox_.place_.ns, outbox_.place_.name}, {Now() + kReadTimeout, stop});
    if (!object && object.error().code == ErrorCode::kNotFound) return std::optional<Pending>();
    if (!object) return std::move(object).error();
    OutboxState state = ReadOutbox(record::DataOf(*object), outbox_.runtime().WallNow());
    std::vector<Pending>& queue = state.pending[sink_.name];
    outbox_.deps_.observer.OnQueueLength(sink_.name, queue.size());
    if (queue.empty()) return std::optional<Pending>();
    return std::optional<Pending>(std::move(queue.front()));
  }

  void Handle(const Pending& pending, const std::stop_token& stop) {
    const Nanos waited = outbox_.runtime().WallNow() - pending.posted;
    if (waited >= outbox_.config_.give_up_after) {
      GiveUp(pending.notice, DropReason::kTooOld, "not delivered in time");
      return;
    }
    if (outbox_.runtime().Sleep({not_before_, stop}) == WaitResult::kStopped) return;
    auto delivered = Deliver(outbox_.deps_.courier, sink_, outbox_.config_.playbook_url,
                             pending.notice, {Instant::max(), stop});
    if (delivered) {
      if (std::holds_alternative<SlackSink>(sink_.to)) not_before_ = Now() + kSlackGap;
      outbox_.deps_.observer.OnDelivered(sink_, pending.notice,
                                         outbox_.runtime().WallNow() - pending.posted);
      outbox_.deps_.log.Info("notice delivered", LogFields(sink_, pending.notice));
      settled_ = DedupKey(pending.notice);
    } else if (delivered.error().again == Again::kNever) {
      outbox_.deps_.observer.OnAttemptFailed(sink_, delivered.error());
      GiveUp(pending.notice, DropReason::kRefused, delivered.error().message);
    } else if (!stop.stop_requested()) {
      outbox_.deps_.observer.OnAttemptFailed(sink_, delivered.error());
      Json fields = LogFields(sink_, pending.notice);
      fields["error"] = delivered.error().message;
      outbox_.deps_.log.Warn("notice not delivered; trying again", fields);
      BackOff(delivered.error().retry_after, stop);
    }
  }

  void GiveUp(const Notice& notice, DropReason reason, const std::string& why) {
    Json fields = LogFields(sink_, notice);
    fields["error"] = why;
    outbox_.deps_.log.Warn("notice given up", fields);
    outbox_.deps_.observer.OnDropped(sink_.name, reason, 1);
    settled_ = DedupKey(notice);
  }

  Outbox& outbox_;
  const Sink& sink_;
  std::unique_ptr<Event> wake_;
  Rng rng_;
  int attempt_ = 0;                     // failures in a row
  Instant not_before_;                  // of the next delivery
  std::optional<std::string> settled_;  // delivered or given up, but still in the stored queue
};

Outbox::Outbox(NotifyConfig config, const std::string& ns, Deps deps, const Rng& rng)
    : config_(std::move(config)),
      place_{ns, kOutboxConfigMap, {{"app.kubernetes.io/managed-by", "rollout-gate"}}},
      deps_(std::move(deps)),
      rng_(rng) {
  for (const Sink& sink : config_.sinks) workers_.push_back(std::make_unique<Worker>(*this, sink));
}

Outbox::~Outbox() = default;

Result<void> Outbox::Update(Rng& rng, const StateEdit& edit, const Deadline& deadline) {
  std::optional<OutboxState> written;
  const auto edit_data = [&](const Json& data) -> std::optional<Json> {
    OutboxState state = ReadOutbox(data, runtime().WallNow());
    written.reset();
    if (!edit(state)) return std::nullopt;
    written = std::move(state);
    return WriteOutbox(*written, data);
  };
  std::optional<Json> seen;
  {
    const std::lock_guard lock(mutex_);
    seen = seen_;
  }
  auto updated = record::UpdateConfigMap(deps_.kube, runtime(), rng, place_, edit_data, deadline,
                                         std::move(seen));
  {
    const std::lock_guard lock(mutex_);
    seen_.reset();
    if (updated) seen_ = *std::move(updated);
  }
  if (!updated) return std::move(updated).error();
  if (!written) return {};
  for (const auto& [sink, count] : written->unreadable) {
    ReportDropped(sink, DropReason::kUnreadable, static_cast<int>(count));
  }
  for (const Sink& sink : config_.sinks) {
    deps_.observer.OnQueueLength(sink.name, written->pending[sink.name].size());
  }
  return {};
}

void Outbox::ReportDropped(const std::string& sink, DropReason reason, int count) {
  deps_.log.Warn("notices dropped",
                 {{"sink", sink}, {"reason", ToString(reason)}, {"count", count}});
  deps_.observer.OnDropped(sink, reason, count);
}

Result<PostOutcome> Outbox::Post(const std::vector<Notice>& notices, const Deadline& deadline) {
  for (const Notice& notice : notices) GATE_CHECK(!notice.fact.empty());
  if (notices.empty() || config_.sinks.empty()) return PostOutcome{};
  PostOutcome outcome;
  const auto add = [&](OutboxState& state) {
    outcome = AddNotices(state, notices, config_.sinks, runtime().WallNow());
    return outcome.accepted > 0;
  };
  // A stream of its own for every call: they may run at the same time.
  Rng rng = rng_.Fork("post " + DedupKey(notices.front()));
  auto updated = Update(rng, add, deadline);
  if (!updated) return std::move(updated).error();
  for (const auto& [sink, count] : outcome.overflowed) {
    ReportDropped(sink, DropReason::kOverflow, count);
  }
  // Also if nothing seems new: an attempt whose answer was lost may have stored them.
  for (const auto& worker : workers_) worker->Wake();
  return outcome;
}

void Outbox::RemoveForeignQueues(const std::stop_token& stop) {
  std::map<std::string, int> removed;
  const auto remove = [&](OutboxState& state) {
    removed = RemoveUnknownSinks(state, config_.sinks);
    return !removed.empty();
  };
  Rng rng = rng_.Fork("clean");
  auto cleaned = Update(rng, remove, {runtime().Now() + kCleanTimeout, stop});
  if (!cleaned) {
    deps_.log.Warn("cannot look for queues of sinks that are no more",
                   {{"error", cleaned.error().message}});
    return;
  }
  for (const auto& [sink, count] : removed) ReportDropped(sink, DropReason::kUnknownSink, count);
}

void Outbox::Run(const std::stop_token& stop) {
  std::vector<std::unique_ptr<Task>> tasks;
  for (const auto& worker : workers_) {
    tasks.push_back(
        runtime().Spawn("notify", [&stop, running = worker.get()] { running->Run(stop); }));
  }
  if (!workers_.empty()) RemoveForeignQueues(stop);
  for (const auto& task : tasks) task->Join();
}

}  // namespace gate::notify
