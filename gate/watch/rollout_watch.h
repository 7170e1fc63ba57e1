#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "gate/base/rng.h"
#include "gate/notify/notice.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/log.h"
#include "gate/seams/runtime.h"
#include "gate/seams/watch.h"
#include "gate/watch/judge.h"

namespace gate::watch {

struct WatchOptions {
  std::string environment;
  std::string ns;                               // whose Rollouts; empty: of all namespaces
  std::vector<std::string> stages{"20", "50"};  // behind which gates stand
  RollbackPolicy rollback;
};

// What the watch does besides looking. All may wait until the deadline; called by one thread.
class WatchActions {
 public:
  virtual ~WatchActions() = default;
  // Must have stored the notices when it returns success; it will be asked again after an error.
  virtual Result<void> Tell(const std::vector<notify::Notice>& notices,
                            const Deadline& deadline) = 0;
  // The configured way of last resort for a rollback that is late. Called at most once for each, so
  // it may be something that must not happen twice.
  virtual Result<void> FallBack(const RolloutFacts& facts, const Rollback& rollback,
                                const Deadline& deadline) = 0;
  virtual void OnRolledBack(const RolloutFacts& facts, const Rollback& rollback, Nanos took) = 0;
  virtual void OnBypassed(const RolloutFacts& facts) = 0;
  virtual void OnLate(const RolloutFacts& facts, notify::LateStep step) = 0;
};

// Watches Rollouts and their status ConfigMaps: tells of every verdict, follows each rollback until
// the stable version serves again, and finds releases that went past a gate without a verdict. To
// be run by one process at a time, the leader. What it must remember it keeps in the status
// ConfigMaps, so that the next leader neither loses nor repeats anything, except that a fallback
// which was begun and not finished is not begun again: the page follows.
class RolloutWatch {
 public:
  // `rng` spreads the retries of writers that collide.
  RolloutWatch(WatchOptions options, KubeApi& kube, Runtime& runtime, Log& log,
               WatchActions& actions, Rng rng);
  ~RolloutWatch();

  // Until `stop`.
  void Run(const std::stop_token& stop);

 private:
  using Key = std::pair<std::string, std::string>;  // namespace and name of a Rollout
  struct Entry {
    std::optional<RolloutFacts> facts;
    std::optional<Instant> due;
    int failures = 0;                   // in a row
    std::optional<std::string> stable;  // remembered even without a ConfigMap (WatchState)
    std::string told;                   // audit head up to which all verdicts were told
  };

  void WatchRollouts(const std::stop_token& stop);
  void WatchRecords(const std::stop_token& stop);
  void KeepWatching(const KubeResource& resource, const KubeSelector& selector,
                    WatchHandlers handlers, const std::stop_token& stop);
  void OnRollout(const Json& rollout);
  void Touch(const Key& key);
  std::optional<Key> NextDue(Instant& wake);

  void Look(const Key& key, const std::stop_token& stop);
  Result<std::optional<WallTime>> LookOnce(const Key& key, const RolloutFacts& facts,
                                           const Deadline& deadline);
  Result<void> TellVerdicts(const Key& key, const Json& status, const Deadline& deadline);
  Result<Judgement> JudgeNow(const RolloutFacts& facts, const Json& status,
                             const WatchState& before, const Deadline& deadline);
  Result<bool> AskReplicaSets(const RolloutFacts& facts, const std::string& canary_hash,
                              const Deadline& deadline);
  Result<void> Write(const RolloutFacts& facts, const WatchState& before, const WatchState& after,
                     bool has_record, const Deadline& deadline);
  Result<void> Tell(std::vector<notify::Notice> notices, const Deadline& deadline);
  void Count(const RolloutFacts& facts, const Judgement& judgement);
  void Act(RollbackAction action, const RolloutFacts& facts, const Rollback& rollback,
           const Deadline& deadline);

  const WatchOptions options_;
  KubeApi& kube_;
  Runtime& runtime_;
  Log& log_;
  WatchActions& actions_;
  Rng rng_;
  const std::unique_ptr<Event> changed_;

  std::mutex mutex_;  // guards what follows
  std::map<Key, Entry> entries_;
};

}  // namespace gate::watch
