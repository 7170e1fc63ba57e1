#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "gate/cli/platform.h"
#include "gate/evaluate/conclude.h"
#include "gate/seams/log.h"
#include "gate/service/config.h"
#include "gate/service/meter.h"

namespace gate::cli {

// The part of `rollout-gate serve` that only one of its replicas does at a time, elected by a
// Lease: it follows rollbacks, finds bypasses, and tells people.
class Leader {
 public:
  struct Deps {
    KubeApi& kube;
    Platform& platform;
    Log& log;
    service::Meter& meter;
    HttpClient& mc;  // shared with the verdicts
    evaluate::Trail trail;
  };

  // `ns` is the gate's own namespace. `config` must outlive this.
  Leader(const service::Config& config, std::string ns, const Deps& deps);
  ~Leader();

  // Stands for election and leads, until `stop`; then returns within some seconds.
  void Run(const std::stop_token& stop);

 private:
  class Work;

  const std::unique_ptr<Work> work_;
};

}  // namespace gate::cli
