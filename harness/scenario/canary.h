#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/time.h"

namespace drill {

// One step of the canary strategy (argo R15 to R18).
struct CanaryStep {
  enum class Kind {
    kSetWeight,
    kPause,
    kGate,  // inline analysis with the template evidence-gate
  };
  Kind kind = Kind::kSetWeight;
  int weight = 0;                   // kSetWeight: percent
  std::optional<gate::Nanos> time;  // kPause: whole seconds; nothing: until somebody resumes it
  std::string stage;                // kGate: what MC is asked about

  bool operator==(const CanaryStep&) const = default;
};

// The gate as an analysis that runs beside the steps (argo R24).
struct BackgroundGate {
  std::string stage;
  int starting_step = 0;
};

// What a scenario says about the Rollout beyond numbers of replicas. What is absent stays as it is
// in kind/scenario/rollout.yaml. Times are whole seconds.
struct RolloutShape {
  std::optional<std::vector<CanaryStep>> steps;  // an empty list: a canary without steps
  std::optional<gate::Nanos> min_ready;
  std::optional<gate::Nanos> progress_deadline;
  std::optional<bool> progress_deadline_abort;
  std::optional<int> rollback_window;  // revisions
  std::optional<BackgroundGate> background;
};

}  // namespace drill
