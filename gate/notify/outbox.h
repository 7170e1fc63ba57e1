#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "gate/base/rng.h"
#include "gate/notify/config.h"
#include "gate/notify/outbox_state.h"
#include "gate/notify/sink.h"
#include "gate/record/config_map.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/log.h"

namespace gate::notify {

// Told of what the outbox does, for metrics. Called by several threads; must not wait.
class OutboxObserver {
 public:
  virtual ~OutboxObserver() = default;
  // `waited`: from Post to delivery.
  virtual void OnDelivered(const Sink& /*sink*/, const Notice& /*notice*/, Nanos /*waited*/) {}
  virtual void OnAttemptFailed(const Sink& /*sink*/, const DeliveryError& /*error*/) {}
  virtual void OnDropped(const std::string& /*sink*/, DropReason /*reason*/, int /*count*/) {}
  virtual void OnQueueLength(const std::string& /*sink*/, std::size_t /*length*/) {}
};

// Where the outbox is kept: a ConfigMap of the gate's own namespace.
inline constexpr const char* kOutboxConfigMap = "rollout-gate-outbox";

// Notices on their way to the sinks. All state is in the ConfigMap, so nothing is lost when the
// process dies, and the next leader goes on where this one stopped.
//
// Each sink gets its notices in the order in which they were posted, with capped exponential
// back-off while it cannot take them, and as slowly as it asks for (Retry-After). What it refuses,
// or does not take within give_up_after, is dropped: counted and logged. Sinks do not wait for each
// other.
//
// A notice is told once, even if it is posted again by another process; but if a process dies, or
// the API server is away, between a delivery and the note of it, it is told twice. (PagerDuty then
// recognises triggers and resolves by their dedup_key; Slack has no such thing.)
class Outbox {
 public:
  struct Deps {
    KubeApi& kube;
    Courier courier;
    Log& log;
    OutboxObserver& observer;
  };

  // `ns` is the gate's own namespace.
  Outbox(NotifyConfig config, const std::string& ns, Deps deps, const Rng& rng);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // When it returns success, the notices are stored: those that are news. Safe to repeat after an
  // error, also by another process. Errors are those of KubeApi, after retries until the deadline.
  // Every notice must have a fact. Stores nothing if there are no sinks. Thread-safe.
  Result<PostOutcome> Post(const std::vector<Notice>& notices, const Deadline& deadline);

  // Delivers until `stop`; then returns within some two seconds, the time of noting a delivery that
  // was just made. To be run by one process at a time: the leader. Returns at once if there are no
  // sinks.
  void Run(const std::stop_token& stop);

 private:
  class Worker;
  using StateEdit = std::function<bool(OutboxState& state)>;  // false: nothing to write

  // Reads, edits and writes the state. Reports what the new state looks like.
  Result<void> Update(Rng& rng, const StateEdit& edit, const Deadline& deadline);
  Runtime& runtime() { return deps_.courier.runtime; }
  void ReportDropped(const std::string& sink, DropReason reason, int count);
  void RemoveForeignQueues(const std::stop_token& stop);

  const NotifyConfig config_;
  const record::ConfigMapPlace place_;
  Deps deps_;
  const Rng rng_;
  std::mutex mutex_;          // guards seen_
  std::optional<Json> seen_;  // the ConfigMap as it was when this process wrote it last
  std::vector<std::unique_ptr<Worker>> workers_;  // one for each sink, in their order
};

}  // namespace gate::notify
