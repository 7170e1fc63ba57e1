#include "harness/runner/inbox.h"

#include <algorithm>
#include <utility>

namespace drill {

void Inbox::Put(const gate::KubeResource& resource,
                std::variant<gate::KubeList, gate::KubeEvent> what) {
  Delivery delivery{resource, std::move(what), {runtime_.Now(), runtime_.WallNow()}};
  {
    const std::lock_guard lock(mutex_);
    if (deliveries_.size() < kCapacity) {
      deliveries_.push_back(std::move(delivery));
    } else if (!failure_) {
      failure_ = "the cluster sends changes faster than they can be looked at";
    }
  }
  changed_->Set();
}

void Inbox::Fail(std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(reason);
  }
  changed_->Set();
}

std::vector<Delivery> Inbox::Take() {
  std::vector<Delivery> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(deliveries_);
  }
  // Two watches may have put theirs in the other order than they looked at the clock.
  std::stable_sort(taken.begin(), taken.end(),
                   [](const Delivery& a, const Delivery& b) { return a.seen.at < b.seen.at; });
  return taken;
}

std::optional<std::string> Inbox::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace drill
