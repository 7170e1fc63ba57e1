#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/watch/rollout_facts.h"

namespace gate::watch {

// When a rollback that does not come is helped along. Everything counts from where it began.
struct RollbackPolicy {
  Nanos limit = std::chrono::minutes(5);            // until the stable version must serve again
  Nanos reassert_after = std::chrono::seconds(30);  // a refusal that Argo did not act upon
  Nanos WarnAfter() const { return limit * 3 / 5; }
  Nanos FallBackAfter() const { return limit * 4 / 5; }
};

// One rollback, from the refusal or the abort until the stable version serves again. Kept in the
// status ConfigMap, so that whoever leads next goes on where the last one stopped.
struct Rollback {
  std::string canary_hash;
  std::string release;
  std::string stage;      // empty, as the next three, if it was no gate that refused
  std::string record_id;  // of the verdict
  std::string reason;
  std::string trace_id;
  WallTime began;  // the refusal, or else the abort

  bool abort_seen = false;
  bool reasserted = false;
  bool warned = false;
  bool fell_back = false;
  bool paged = false;
};

Json ToJson(const Rollback& rollback);
// kProtocol if it is not what ToJson writes.
Result<Rollback> RollbackFromJson(const Json& json);

enum class RollbackAction {
  kNoteAbort,        // it has been seen: set abort_seen
  kReassertAbort,    // Argo has not aborted, or knows nothing of the refusal: abort it
  kWarn,             // people should look
  kFallBack,         // the configured way of last resort
  kPage,             // the limit has passed
  kConfirmRestored,  // it looks restored: ask the ReplicaSets (IsRestored)
  kEndSuperseded,    // another release, or a retry, took its place: nothing more to restore
  kEndPromoted,      // the refused release is the stable one now: a bypass
};

struct RollbackPlan {
  std::vector<RollbackAction> due;  // in this order
  std::optional<WallTime> next;     // when to look again if nothing changes before
};

// What to do about a rollback at `now`. Each action is due once: the flags say what was done. Only
// kReassertAbort is due, every few seconds, until the Rollout is aborted. Nothing is late any more
// once it looks restored.
RollbackPlan PlanRollback(const Rollback& rollback, const RolloutFacts& facts,
                          const RollbackPolicy& policy, WallTime now);

}  // namespace gate::watch
