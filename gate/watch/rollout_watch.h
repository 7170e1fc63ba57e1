#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
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
#include "gate/watch/due_queue.h"
#include "gate/watch/inquirer.h"
#include "gate/watch/judge.h"

namespace gate::watch {

struct WatchOptions {
  std::string environment;
  std::string ns;                   // whose Rollouts; empty: of all namespaces
  std::vector<std::string> stages;  // ReadRollout's weights; empty: gates are found by themselves
  RollbackPolicy rollback;
  InquiryPolicy inquiry;
};

// What the watch does besides looking. Called by several threads, but about one Rollout by one at a
// time. What has a deadline may wait until then; the others must not wait.
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
  // How many Rollouts are paused without a verdict, whenever that has changed.
  virtual void OnPaused(std::size_t count) = 0;
};

// Watches Rollouts and their status ConfigMaps: tells of every verdict, follows each rollback until
// the stable version serves again, finds releases that went past a gate without a verdict, and asks
// MC about what waits for it or, if that is configured, has passed. To be run by one process at a
// time, the leader. What it must remember it keeps in the status
// ConfigMaps, so that the next leader neither loses nor repeats anything, except that a fallback
// which was begun and not finished is not begun again: the page follows.
class RolloutWatch {
 public:
  // How many Rollouts are looked at at the same time: so many writes to etcd are on their way.
  static constexpr int kMostAtOnce = 4;

  // When `mc` answers no about what has passed, it must have put that on record before: the record
  // is what is acted upon. `rng` spreads the retries of writers that collide, and inquiries.
  RolloutWatch(WatchOptions options, KubeApi& kube, Runtime& runtime, Log& log,
               WatchActions& actions, McSource& mc, Rng rng);
  ~RolloutWatch();

  // Until `stop`.
  void Run(const std::stop_token& stop);

 private:
  using Key = std::pair<std::string, std::string>;  // namespace and name of a Rollout
  struct Entry {
    RolloutFacts facts;
    std::uint64_t snapshot = 0;         // the last one that it was in
    bool looked = false;                // at least once
    int failures = 0;                   // in a row
    std::optional<std::string> stable;  // remembered even without a ConfigMap (WatchState)
    std::string told;                   // audit head up to which all verdicts were told
    std::string answered;               // see Judge
  };

  void WatchRollouts(const std::stop_token& stop);
  void WatchRecords(const std::stop_token& stop);
  void KeepWatching(const KubeResource& resource, const KubeSelector& selector,
                    WatchHandlers handlers, const std::stop_token& stop);
  void OnRolloutPage(WatchHandlers::Page page, const std::vector<Json>& rollouts);
  void OnRolloutsComplete();
  void OnRecordPage(WatchHandlers::Page page, const std::vector<Json>& config_maps);
  void OnRolloutEvent(const KubeEvent& event);
  void OnAnswer(const Inquiry& inquiry, McSays says);
  void Put(RolloutFacts facts);
  void Drop(const Key& key);
  void TellPaused();
  void Touch(const Key& key);
  void Wake();
  Instant InTurn(std::size_t turn);
  std::optional<RolloutFacts> TakeDue(Instant& wake);
  void PutBack(const Key& key, const Result<std::optional<WallTime>>& next);

  void Work(Event& changed, const std::stop_token& stop);
  void Look(const RolloutFacts& facts, const std::stop_token& stop);
  Result<std::optional<WallTime>> LookOnce(const RolloutFacts& facts, const Deadline& deadline);
  Result<void> TellVerdicts(const Key& key, const Json& status, const Deadline& deadline);
  Result<Judgement> JudgeNow(const RolloutFacts& facts, const std::vector<VerdictFact>& verdicts,
                             const WatchState& before, const std::string& answered,
                             const Deadline& deadline);
  Result<bool> AskReplicaSets(const RolloutFacts& facts, const std::string& canary_hash,
                              const Deadline& deadline);
  Result<void> Write(const RolloutFacts& facts, const WatchState& before, const WatchState& after,
                     const Json& seen, const Deadline& deadline);
  Result<void> Tell(std::vector<notify::Notice> notices, const Deadline& deadline);
  void Count(const RolloutFacts& facts, const Judgement& judgement);
  void Act(RollbackAction action, const RolloutFacts& facts, const Rollback& rollback,
           const Deadline& deadline);

  const WatchOptions options_;
  KubeApi& kube_;
  Runtime& runtime_;
  Log& log_;
  WatchActions& actions_;
  const Rng rng_;
  std::vector<std::unique_ptr<Event>> changed_;  // one for each of those that look
  const std::unique_ptr<Event> paused_changed_;
  Inquirer inquirer_;

  std::mutex mutex_;  // guards what follows
  std::map<Key, Entry> entries_;
  std::set<Key> paused_;
  DueQueue<Key> due_;
  std::uint64_t snapshots_ = 0;  // of Rollouts
  std::size_t in_turn_ = 0;      // of the latest snapshot: Rollouts, and records, that can wait
  std::size_t records_in_turn_ = 0;
};

}  // namespace gate::watch
