#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "gate/seams/kube_api.h"
#include "gate/seams/log.h"
#include "gate/seams/runtime.h"

namespace gate::watch {

// The times are those of Kubernetes' own components. A leader that cannot renew stops leading after
// `renew_within`, before anybody else may take over after `duration`.
struct LeaseOptions {
  std::string ns;
  std::string name;
  std::string identity;  // unique to this process: the pod's name and something random
  Nanos duration = std::chrono::seconds(15);
  Nanos renew_within = std::chrono::seconds(10);
  Nanos retry_every = std::chrono::seconds(2);
};

// Runs `lead` whenever this process holds the Lease, until `stop`. The token given to `lead` is
// stopped when leadership is lost or `stop` is requested; `lead` must then return within
// `duration - renew_within`, as somebody else may lead after that. If it returns by itself, the
// Lease is kept and it is not called again. At the end the Lease is given back, so that the next
// one need not wait for it to run out.
//
// Whether another holder is alive is judged by whether its Lease changes, seen on our own clock:
// clocks that differ do no harm.
void RunAsLeader(KubeApi& kube, Runtime& runtime, Log& log, const LeaseOptions& options,
                 const std::function<void(std::stop_token)>& lead, const std::stop_token& stop);

}  // namespace gate::watch
