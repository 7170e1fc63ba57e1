#include "harness/sim/argo/pause.h"

#include <algorithm>

namespace drill::sim::argo {

void PauseContext::Apply(const RolloutStatus& before, WallSeconds now, RolloutStatus& next) const {
  // Adding wins over removing.
  if (abort_added_ || (!abort_removed_ && before.abort)) {
    next.abort = true;
    next.aborted_at = before.aborted_at.value_or(now);
    return;
  }
  next.abort = false;
  next.aborted_at.reset();
  if (cleared_) return;
  std::vector<PauseCondition> pauses;
  bool controller_pause = before.controller_pause;
  for (const PauseCondition& pause : before.pause_conditions) {
    const bool removed =
        std::find(removed_.begin(), removed_.end(), pause.reason) != removed_.end();
    if (!removed) pauses.push_back(pause);
  }
  for (const std::string& reason : added_) {
    if (before.HasPause(reason)) continue;
    pauses.push_back({reason, now});
    controller_pause = true;
  }
  if (pauses.empty()) return;
  next.controller_pause = controller_pause;
  next.pause_conditions = std::move(pauses);
}

bool PauseStepIsOver(const PauseSpec& pause, const RolloutStatus& status, gate::WallTime now) {
  const auto found = std::find_if(
      status.pause_conditions.begin(), status.pause_conditions.end(),
      [](const PauseCondition& condition) { return condition.reason == kCanaryPauseStep; });
  if (found == status.pause_conditions.end()) return status.controller_pause;
  return pause.seconds && now > found->start + std::chrono::seconds(*pause.seconds);
}

}  // namespace drill::sim::argo
