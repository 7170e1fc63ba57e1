#pragma once

#include <functional>
#include <vector>

#include "harness/sim/kube/informer.h"

namespace drill::sim {

// What scheduler and kubelet hear of pods, without a cache: changes that concern them reach them in
// order, after the link's delay. Changes of the status alone, which are mostly their own, do not.
class PodWatch {
 public:
  PodWatch(ApiServer& server, WatchLink& link);
  PodWatch(const PodWatch&) = delete;
  PodWatch& operator=(const PodWatch&) = delete;

  enum class Presence { kThere, kGone };
  using Handler = std::function<void(const ObjectPtr& pod, Presence presence)>;
  void Subscribe(Handler handler) { handlers_.push_back(std::move(handler)); }

  // Tells of all pods that are there.
  void Relist();

 private:
  void Deliver(const ObjectPtr& pod, Presence presence);

  ApiServer& server_;
  WatchLink& link_;
  gate::Instant last_delivery_;  // events of one watch stay in order
  std::vector<Handler> handlers_;
};

}  // namespace drill::sim
