#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "harness/sim/argo/options.h"
#include "harness/sim/argo/web_transport.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/kube/informer.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// A model of the Argo Rollouts controller (rules R1 to R86 of the project's reading of it, cited as
// "argo R7"): canary Rollouts with and without traffic router, and AnalysisRuns with job and web
// metrics. It creates and scales ReplicaSets, creates and deletes Jobs, and reads their status; who
// runs them is not its business.
//
//   ArgoController argo(world, server, link, &transport, {.version = ArgoVersion::k1_10});
//   argo.Start();
//
// Not modelled: blue-green, experiments, step plugins, workloadRef, restartAt, ephemeral metadata
// and anti-affinity (such Rollouts are InvalidSpec), header and mirror routes beyond being
// completed, other metric providers (their measurements are errors), and notifications.
class ArgoController {
 public:
  // `web` may be null: then web metrics are errors. Everything must outlive it.
  ArgoController(World& world, ApiServer& server, WatchLink& link, WebTransport* web,
                 ArgoOptions options);
  ~ArgoController();
  ArgoController(const ArgoController&) = delete;
  ArgoController& operator=(const ArgoController&) = delete;

  // Lists everything and looks at all of it. It does nothing before the first call.
  void Start();
  // The process ends, or loses its lease: what it remembers is gone, requests under way have no
  // effect any more.
  void Stop();
  // While it is down it does not run, whatever Start says; afterwards it does as Start or Stop last
  // said.
  void SetDown(bool down);
  bool running() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace drill::sim
