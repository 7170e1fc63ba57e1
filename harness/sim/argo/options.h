#pragma once

#include <chrono>

#include "gate/base/time.h"
#include "harness/sim/argo/version.h"
#include "harness/sim/kube/api_weather.h"

namespace drill::sim {

struct ArgoOptions {
  ArgoVersion version = ArgoVersion::k1_10;
  // Faults of the API calls; null: none. Must outlive the controller.
  const ApiWeather* weather = nullptr;
  gate::Nanos clock_skew{0};                      // of the controller's civil clock
  gate::Nanos resync = std::chrono::minutes(15);  // argo R4: everything is looked at this often
  // Traffic router (argo R10 to R14): how long a weight that was set takes to be in effect. 0: the
  // router does not verify weights, as most do not.
  gate::Nanos router_delay{0};
};

}  // namespace drill::sim
