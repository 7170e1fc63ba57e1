#include "harness/runner/watches.h"

#include "gate/seams/watch.h"

namespace drill {

void Watches::Start(std::span<const gate::KubeResource> resources, gate::Instant until) {
  for (const gate::KubeResource& resource : resources) {
    tasks_.push_back(
        runtime_.Spawn("w." + resource.plural, [this, resource, until] { Run(resource, until); }));
  }
}

void Watches::Stop() {
  stop_.request_stop();
  for (const auto& task : tasks_) task->Join();
  tasks_.clear();
}

void Watches::Run(const gate::KubeResource& resource, gate::Instant until) {
  gate::WatchHandlers handlers;
  handlers.on_snapshot = [&](const gate::KubeList& list) { inbox_.Put(resource, list); };
  handlers.on_event = [&](const gate::KubeEvent& event) { inbox_.Put(resource, event); };
  handlers.on_retry = [&](const gate::Error& error) {
    on_retry_("watching " + resource.plural + ": " + error.message);
  };
  const gate::Error end =
      gate::WatchObjects(kube_, runtime_, resource, ns_, {}, handlers, {until, stop_.get_token()});
  if (end.code != gate::ErrorCode::kCancelled) {
    inbox_.Fail("watching " + resource.plural + ": " + end.message);
  }
}

}  // namespace drill
