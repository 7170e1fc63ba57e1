#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/notify/notice.h"
#include "gate/watch/gate_records.h"
#include "gate/watch/inquiry.h"
#include "gate/watch/rollback.h"
#include "gate/watch/rollout_facts.h"

namespace gate::watch {

// What the watch remembers of one Rollout: the key `watch` of its status ConfigMap.
struct WatchState {
  std::optional<Rollback> rollback;     // under way
  std::string closed;                   // identity of the last one that has ended
  std::optional<WallTime> restored_at;  // when the last one that led to its aim did
  // The stable pod hash when it was last looked at, and those before it, oldest first; nothing if
  // this Rollout has never been looked at.
  std::optional<std::string> stable;
  std::vector<std::string> former;
  std::vector<std::string> bypassed;  // "<pod hash>/<stage>": told already
  // The verdict's record of which was told that MC answers again (Inquiry::Why::kPaused).
  std::string resumable;

  static constexpr std::size_t kMostFormer = 20;
};

Json ToJson(const WatchState& state);
// What cannot be read is as if it had never been written: the watch begins anew.
WatchState WatchStateFromJson(const Json& json);

// What is to be done, in this order: tell, write the state if it differs, act.
struct Judgement {
  WatchState state;
  std::vector<notify::Notice> notices;  // without environment
  std::vector<RollbackAction> acts;     // kReassertAbort, kFallBack, kConfirmRestored
  std::optional<WallTime> next;         // when to judge again if nothing changes before
  std::optional<Rollback> restored;     // the one that has come to its end
};

// Looks at one Rollout: begins and follows rollbacks, and finds releases that went past a gate
// without a verdict. Pure. A promotion back to a release that was stable before is no bypass (argo
// R25, R76, R77), nor is what was promoted before this Rollout was first looked at. `answered` is
// the record of the inconclusive verdict in place of which MC would give one by now; or empty.
Judgement Judge(const RolloutFacts& facts, const std::vector<VerdictFact>& verdicts,
                const WatchState& state, const std::string& answered, const RollbackPolicy& policy,
                WallTime now);

// The end of the rollback under way, after IsRestored has said so.
Judgement CloseRestored(const RolloutFacts& facts, const WatchState& state, WallTime now);

}  // namespace gate::watch
