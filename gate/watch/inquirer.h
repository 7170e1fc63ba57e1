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
#include "gate/seams/deadline.h"
#include "gate/seams/runtime.h"
#include "gate/watch/due_queue.h"
#include "gate/watch/inquiry.h"

namespace gate::watch {

// How often MC is asked. 0: never.
struct InquiryPolicy {
  Nanos while_paused = std::chrono::seconds(15);
  Nanos while_passed = Nanos(0);
};

// Asks MC. Called by several threads at once; waits no longer than the deadline.
class McSource {
 public:
  virtual ~McSource() = default;
  virtual McSays Ask(const Inquiry& inquiry, const Deadline& deadline) = 0;
};

// Asks MC about many Rollouts, each at its interval, give or take a fifth, so that they do not ask
// in step; at most kMostAtOnce at a time. Thread-safe.
class Inquirer {
 public:
  static constexpr int kMostAtOnce = 4;

  // Told of every answer that is one, by the thread that asked.
  using OnAnswer = std::function<void(const Inquiry& inquiry, McSays says)>;

  Inquirer(const InquiryPolicy& policy, Runtime& runtime, McSource& mc, OnAnswer on_answer,
           Rng rng);

  // What is to be asked about a Rollout from now on, in place of what was: first after an interval.
  // The same as before goes on as it did.
  void Set(const std::string& ns, const std::string& rollout, std::optional<Inquiry> inquiry);

  // Asks, until `stop`.
  void Run(const std::stop_token& stop);

 private:
  using Key = std::pair<std::string, std::string>;  // namespace and name of a Rollout

  Nanos IntervalOf(const Inquiry& inquiry) const;
  Instant NextTime(const Inquiry& inquiry);
  void Work(Event& changed, const std::stop_token& stop);
  std::optional<Inquiry> TakeDue(Instant& wake);
  void PutBack(const Inquiry& inquiry);

  const InquiryPolicy policy_;
  Runtime& runtime_;
  McSource& mc_;
  const OnAnswer on_answer_;
  std::vector<std::unique_ptr<Event>> changed_;  // one for each worker

  std::mutex mutex_;  // guards what follows; never held while waiting
  Rng rng_;
  std::map<Key, Inquiry> inquiries_;
  DueQueue<Key> due_;
};

}  // namespace gate::watch
