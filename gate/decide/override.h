#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/time.h"

namespace gate::decide {

// A person's word in MC's place (docs/override.md). What follows from it is ApplyOverrides'
// business (verdict.h).
enum class OverrideDecision { kApprove, kReject };

// "approve", "reject"
std::string_view ToString(OverrideDecision decision);

// What is overridden: one release, as one pod template, at one gate of one Rollout. The release id
// alone is a label that anybody may put on another template; the pod hash is what really runs.
struct OverrideSubject {
  std::string ns;
  std::string rollout;
  std::string release_id;
  std::string stage;
  std::string pod_hash;
  bool operator==(const OverrideSubject&) const = default;
};

struct Override {
  std::string name;  // of the object that the API server keeps
  std::string uid;
  OverrideSubject subject;
  OverrideDecision decision = OverrideDecision::kReject;
  // An approval that also holds against a fail: whoever made it knew that MC says no, or that its
  // answer cannot be trusted. Without it an approval is for when nobody can say.
  bool over_refusal = false;
  std::string actor;   // who made it, as the API server knows them
  std::string reason;  // why, in their words
  WallTime created;    // by the API server's clock: what a person's machine says does not count
  Nanos valid_for{0};  // from then on

  WallTime ExpiresAt() const { return created + valid_for; }
};

struct OverridePolicy {
  std::size_t approvers = 1;  // how many different people must approve; a reject needs one
  Nanos max_skew{0};          // how far the API server's clock may be ahead of ours
};

// Why an override that was found does not count.
enum class OverrideFlaw {
  kMalformed,
  kOtherRollout,
  kOtherRelease,
  kOtherPods,  // the release's name is on another pod template now
  kOtherStage,
  kFromFuture,
  kExpired,
  kRefusalStands,  // MC refused, and the approval was not made for that case
  kNeedsAnother,   // more people must approve
};

// "malformed", "other-rollout", ...
std::string_view ToString(OverrideFlaw flaw);

// One that does not count, for the record and for people.
struct IgnoredOverride {
  std::string name;
  std::string uid;
  std::string decision;  // as it stands there; of a malformed one whatever is readable
  std::string actor;
  OverrideFlaw flaw = OverrideFlaw::kMalformed;
  std::string detail;  // a clause for people; may be empty
};

IgnoredOverride Ignore(const Override& one, OverrideFlaw flaw, std::string detail);

// What was found in the cluster.
struct FoundOverrides {
  std::vector<Override> readable;
  std::vector<IgnoredOverride> malformed;
};

// Which of `found` count for `subject` now, and which do not.
struct SortedOverrides {
  std::vector<Override> approvals;  // oldest first, as the next
  std::vector<Override> rejects;
  std::vector<IgnoredOverride> ignored;
};

// What is past its end and for another subject is left over from another time, and in neither.
SortedOverrides SortOverrides(const FoundOverrides& found, const OverrideSubject& subject,
                              const OverridePolicy& policy, WallTime now);

}  // namespace gate::decide
