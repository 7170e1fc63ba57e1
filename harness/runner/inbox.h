#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"
#include "harness/trace/stamp.h"

namespace drill {

// What one watch delivered, with the time of its receipt.
struct Delivery {
  gate::KubeResource resource;
  std::variant<gate::KubeList, gate::KubeEvent> what;  // a snapshot or a change
  Sighting seen;
};

// Where all watches of a scenario put what they receive, and the scenario's own thread takes it
// out. Any number of writers, one reader.
class Inbox {
 public:
  // More than this many deliveries waiting to be taken is a failure of the harness.
  static constexpr std::size_t kCapacity = 100'000;

  explicit Inbox(gate::Runtime& runtime) : runtime_(runtime), changed_(runtime.NewEvent()) {}

  void Put(const gate::KubeResource& resource, std::variant<gate::KubeList, gate::KubeEvent> what);

  // A watch gave up: what follows would be seen only in part. The first failure is kept.
  void Fail(std::string reason);

  // Until something was put in or failed since the last wait.
  gate::WaitResult Wait(const gate::Deadline& deadline) { return changed_->Wait(deadline); }

  // Everything delivered since the last call, in the order of receipt.
  std::vector<Delivery> Take();

  std::optional<std::string> failure() const;

 private:
  gate::Runtime& runtime_;
  std::unique_ptr<gate::Event> changed_;
  mutable std::mutex mutex_;  // guards what follows; never held across a call to a seam
  std::vector<Delivery> deliveries_;
  std::optional<std::string> failure_;
};

}  // namespace drill
