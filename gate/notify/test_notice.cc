#include "gate/notify/test_notice.h"

#include <utility>

namespace gate::notify {

Notice TestNotice(std::string environment, std::string actor, std::string unique, WallTime now) {
  return {.kind = NoticeKind::kTest,
          .fact = std::move(unique),
          .environment = std::move(environment),
          .message =
              "Somebody ran `rollout-gate notify test`. If you can read this, the gate's "
              "notifications reach this place. There is nothing to do.",
          .actor = std::move(actor),
          .happened_at = now};
}

std::vector<TestResult> SendTest(const Courier& courier, const NotifyConfig& config,
                                 const Notice& test, const Deadline& deadline) {
  std::vector<TestResult> results;
  for (const Sink& sink : config.sinks) {
    results.push_back({sink.name, Deliver(courier, sink, config.playbook_url, test, deadline)});
  }
  return results;
}

}  // namespace gate::notify
