#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "reports/model.h"

// What a scenario's events mean for a rollback.
namespace reports {

// The five moments that a rollback is told by. Each is the first event that fits after the
// deployment, and not before the moment before it:
//   t0 fault     something is wrong: a fault or a strike of the timeline begins, MC answers other
//                than with true evidence, or a verdict is no pass
//   t1 detected  a verdict that is no pass, or an AnalysisRun that ends other than successfully
//   t2 aborted   the Rollout is aborted
//   t3 restored  the stable release serves alone again
//   t4 steady    nothing of the Rollout changes any more; without an abort, it is promoted
inline constexpr std::array<std::string_view, 5> kMomentNames = {"fault", "detected", "aborted",
                                                                 "restored", "steady"};

struct Moments {
  const TraceEntry* deployed = nullptr;
  std::array<const TraceEntry*, kMomentNames.size()> at = {};  // null: did not come
};

// `timeline` is ordered by `at` and must outlive the result.
Moments FindMoments(const std::vector<TraceEntry>& timeline);

}  // namespace reports
