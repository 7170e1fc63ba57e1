#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>

#include "gate/base/rng.h"
#include "gate/base/time.h"
#include "harness/sim/kube/object.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// A key of a namespaced object.
struct ObjectKey {
  std::string ns;
  std::string name;
  auto operator<=>(const ObjectKey&) const = default;
};
struct ObjectKeyHash {
  std::size_t operator()(const ObjectKey& key) const {
    return std::hash<std::string>()(key.ns) * 31 + std::hash<std::string>()(key.name);
  }
};
inline ObjectKey KeyOf(const Object& object) { return {object.meta.ns, object.meta.name}; }

// A controller's queue of things to look at (client-go's rate-limited work queue): a key that waits
// is not added twice; one that is added while it is being worked on comes again afterwards. A
// reconcile happens at one instant; its key is then busy for a drawn time, that of the API calls it
// made.
class WorkQueue {
 public:
  // What a reconcile wants next besides what events bring.
  struct Outcome {
    // kRetry: with exponential back-off. kUnderWay: how it ended, Ended will say.
    enum class Kind { kDone, kRetry, kUnderWay } kind = Kind::kDone;
    gate::Nanos again_after{0};  // kDone: look again then; 0: no
    gate::Nanos busy{0};         // how long it took
  };
  using Reconcile = std::function<Outcome(const ObjectKey&)>;

  WorkQueue(World& world, Reconcile reconcile);
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void Add(const ObjectKey& key) { AddAfter(key, gate::Nanos(0)); }
  // The earlier of this and what was asked before.
  void AddAfter(const ObjectKey& key, gate::Nanos delay);

  // A reconcile that was under way ended now.
  void Ended(const ObjectKey& key, const Outcome& outcome);

  // The controller is not running: nothing is reconciled, and what waited is forgotten.
  void Stop();
  void Start();

  gate::Nanos base_backoff = std::chrono::milliseconds(1);
  gate::Nanos longest_backoff = std::chrono::seconds(10);

 private:
  struct State {
    World::Timer timer;
    gate::Instant due;
    bool waiting = false;
    gate::Instant busy_until;
    int failures = 0;
  };
  void Work(const ObjectKey& key);

  World& world_;
  const Reconcile reconcile_;
  bool running_ = true;
  // Not iterated, but for what comes to the same in any order.
  std::unordered_map<ObjectKey, State, ObjectKeyHash> states_;
};

}  // namespace drill::sim
