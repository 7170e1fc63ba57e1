#include "harness/kind/wait.h"

#include <optional>
#include <stop_token>
#include <utility>

#include "gate/seams/watch.h"

namespace drill {
namespace {

using gate::Json;
using gate::JsonInt;
using gate::JsonString;

const gate::KubeResource kDaemonSets{"apps", "v1", "daemonsets"};

std::string Count(const Json& object, const char* have, const char* want, const char* word) {
  return std::to_string(JsonInt(object, have)) + " of " + std::to_string(JsonInt(object, want)) +
         " " + word;
}

}  // namespace

gate::Result<Json> WaitFor(gate::KubeApi& kube, gate::Runtime& runtime, const Awaited& awaited,
                           const gate::Deadline& deadline) {
  std::stop_source enough;
  const std::stop_callback pass_on(deadline.stop, [&enough] { enough.request_stop(); });
  std::optional<Json> found;
  std::string last = "it does not exist";
  std::string trouble;
  const auto look = [&](const Json& object) {
    trouble.clear();
    last = awaited.describe(object);
    if (found || !awaited.done(object)) return;
    found = object;
    enough.request_stop();
  };
  gate::WatchHandlers handlers;
  handlers.on_snapshot = [&](const gate::KubeList& list) {
    if (list.items.empty()) last = "it does not exist";
    for (const Json& object : list.items) look(object);
  };
  handlers.on_event = [&](const gate::KubeEvent& event) {
    if (event.type == gate::KubeEventType::kDeleted) {
      last = "it was deleted";
    } else {
      look(event.object);
    }
  };
  handlers.on_retry = [&](const gate::Error& error) { trouble = "; " + error.message; };
  const gate::KubeSelector selector{"", "metadata.name=" + awaited.ref.name};
  gate::Error ended = gate::WatchObjects(kube, runtime, awaited.ref.resource, awaited.ref.ns,
                                         selector, handlers, {deadline.at, enough.get_token()});
  if (found) return *std::move(found);
  ended.message += "; last seen: " + last + trouble;
  return std::move(ended).Wrap("waiting for " + awaited.what);
}

Awaited AvailableDeployment(const std::string& ns, const std::string& name) {
  return {{gate::kube::kDeployments, ns, name},
          "Deployment " + ns + "/" + name + " to be available",
          [](const Json& object) {
            const auto wanted = JsonInt(object, "/spec/replicas", 1);
            return JsonInt(object, "/status/observedGeneration") >=
                       JsonInt(object, "/metadata/generation") &&
                   JsonInt(object, "/status/updatedReplicas") >= wanted &&
                   JsonInt(object, "/status/availableReplicas") >= wanted;
          },
          [](const Json& object) {
            return Count(object, "/status/availableReplicas", "/spec/replicas", "pods available");
          }};
}

Awaited ReadyDaemonSet(const std::string& ns, const std::string& name) {
  return {{kDaemonSets, ns, name},
          "DaemonSet " + ns + "/" + name + " to be ready",
          [](const Json& object) {
            const auto wanted = JsonInt(object, "/status/desiredNumberScheduled");
            return wanted > 0 && JsonInt(object, "/status/numberReady") >= wanted;
          },
          [](const Json& object) {
            return Count(object, "/status/numberReady", "/status/desiredNumberScheduled",
                         "pods ready");
          }};
}

Awaited HealthyRollout(const std::string& ns, const std::string& name) {
  return {{gate::kube::kRollouts, ns, name},
          "Rollout " + ns + "/" + name + " to be Healthy",
          [](const Json& object) {
            return JsonString(object, "/status/phase") == "Healthy" &&
                   JsonString(object, "/status/observedGeneration") ==
                       std::to_string(JsonInt(object, "/metadata/generation"));
          },
          [](const Json& object) {
            const std::string phase = JsonString(object, "/status/phase");
            const std::string message = JsonString(object, "/status/message");
            return "phase " + (phase.empty() ? "not set yet" : phase) +
                   (message.empty() ? "" : " (" + message + ")") + ", " +
                   Count(object, "/status/availableReplicas", "/spec/replicas", "pods available");
          }};
}

}  // namespace drill
