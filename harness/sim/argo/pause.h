#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/sim/argo/rollout_spec.h"
#include "harness/sim/argo/rollout_status.h"

namespace drill::sim::argo {

// What one reconcile decides about pausing and aborting, applied when the status is written
// (argo R18, R64, R65).
class PauseContext {
 public:
  void AddPause(std::string_view reason) { added_.emplace_back(reason); }
  void RemovePause(std::string_view reason) { removed_.emplace_back(reason); }
  void ClearPauses() { cleared_ = true; }
  void AddAbort(std::string message) {
    abort_added_ = true;
    abort_message_ = std::move(message);
  }
  void RemoveAbort() { abort_removed_ = true; }

  bool has_added_pause() const { return !added_.empty(); }
  const std::string& abort_message() const { return abort_message_; }
  bool IsAborted(const RolloutStatus& before) const {
    return !abort_removed_ && (abort_added_ || before.abort);
  }

  // The pause and abort fields of `next`.
  void Apply(const RolloutStatus& before, WallSeconds now, RolloutStatus& next) const;

 private:
  std::vector<std::string> added_;
  std::vector<std::string> removed_;
  bool cleared_ = false;
  bool abort_added_ = false;
  bool abort_removed_ = false;
  std::string abort_message_;
};

// argo R18: somebody resumed it, or its time is over.
bool PauseStepIsOver(const PauseSpec& pause, const RolloutStatus& status, gate::WallTime now);

}  // namespace drill::sim::argo
