#include "harness/kind/pod_troubles.h"

#include <set>

#include "gate/base/encoding.h"
#include "gate/base/strict_json.h"

namespace drill {
namespace {

using gate::Json;
using gate::JsonString;

constexpr std::size_t kShownTroubles = 3;
constexpr std::size_t kShownBytes = 200;

// "ErrImagePull: no such host", or empty if the container is all right.
std::string ContainerTrouble(const Json& status) {
  for (const char* state : {"/state/waiting", "/state/terminated", "/lastState/terminated"}) {
    const std::string reason = JsonString(status, (std::string(state) + "/reason").c_str());
    if (reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing" ||
        reason == "Completed") {
      continue;
    }
    const std::string message = JsonString(status, (std::string(state) + "/message").c_str());
    return reason + (message.empty() ? "" : ": " + gate::Truncate(message, kShownBytes));
  }
  return {};
}

std::string PodTrouble(const Json& pod) {
  for (const Json& status : gate::JsonArray(pod, "/status/containerStatuses")) {
    std::string trouble = ContainerTrouble(status);
    if (!trouble.empty()) return trouble;
  }
  for (const Json& condition : gate::JsonArray(pod, "/status/conditions")) {
    if (JsonString(condition, "/type") == "PodScheduled" &&
        JsonString(condition, "/status") == "False") {
      return "not scheduled: " + gate::Truncate(JsonString(condition, "/message"), kShownBytes);
    }
  }
  return {};
}

}  // namespace

std::string PodTroubles(gate::KubeApi& kube, const std::string& ns,
                        const gate::Deadline& deadline) {
  auto pods = kube.List(gate::kube::kPods, ns, {}, deadline);
  if (!pods) return "its pods could not be read: " + pods.error().message;
  std::set<std::string> troubles;  // pods of one kind usually have the same
  for (const Json& pod : pods->items) {
    std::string trouble = PodTrouble(pod);
    if (!trouble.empty() && troubles.size() < kShownTroubles) troubles.insert(std::move(trouble));
  }
  std::string text;
  for (const std::string& trouble : troubles) text += (text.empty() ? "" : "; ") + trouble;
  return text;
}

}  // namespace drill
