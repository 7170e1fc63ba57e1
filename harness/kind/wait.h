#pragma once

#include <functional>
#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"

namespace drill {

// One object, and the state of it that somebody waits for.
struct Awaited {
  gate::KubeRef ref;
  std::string what;  // for messages: "Deployment mock-mc to be available"
  std::function<bool(const gate::Json& object)> done;
  // The present state in a few words, for the message when it takes too long.
  std::function<std::string(const gate::Json& object)> describe;
};

// Watches the object until it is as awaited, and returns it. When it takes too long, the error
// (kDeadlineExceeded) says what was awaited and what was seen last.
gate::Result<gate::Json> WaitFor(gate::KubeApi& kube, gate::Runtime& runtime,
                                 const Awaited& awaited, const gate::Deadline& deadline);

// What the drills wait for.
Awaited AvailableDeployment(const std::string& ns, const std::string& name);
Awaited ReadyDaemonSet(const std::string& ns, const std::string& name);
// Healthy, and the controller has seen the latest spec (argo R81).
Awaited HealthyRollout(const std::string& ns, const std::string& name);

}  // namespace drill
