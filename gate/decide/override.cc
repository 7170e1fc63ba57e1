#include "gate/decide/override.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "gate/base/check.h"

namespace gate::decide {
namespace {

std::optional<OverrideFlaw> FlawOf(const Override& one, const OverrideSubject& subject,
                                   const OverridePolicy& policy, WallTime now) {
  const OverrideSubject& own = one.subject;
  if (own.ns != subject.ns || own.rollout != subject.rollout) return OverrideFlaw::kOtherRollout;
  if (own.release_id != subject.release_id) return OverrideFlaw::kOtherRelease;
  if (own.pod_hash != subject.pod_hash) return OverrideFlaw::kOtherPods;
  if (own.stage != subject.stage) return OverrideFlaw::kOtherStage;
  if (one.created > now + policy.max_skew) return OverrideFlaw::kFromFuture;
  if (one.ExpiresAt() <= now) return OverrideFlaw::kExpired;
  return std::nullopt;
}

std::string DetailOf(OverrideFlaw flaw, const Override& one) {
  switch (flaw) {
    case OverrideFlaw::kOtherRollout:
      return "it is for Rollout " + one.subject.ns + "/" + one.subject.rollout;
    case OverrideFlaw::kOtherRelease:
      return "it is for release " + one.subject.release_id;
    case OverrideFlaw::kOtherPods:
      return "it is for pod hash " + one.subject.pod_hash;
    case OverrideFlaw::kOtherStage:
      return "it is for stage " + one.subject.stage;
    case OverrideFlaw::kFromFuture:
      return "it is from " + FormatRfc3339(one.created, 0);
    case OverrideFlaw::kExpired:
      return "it ended at " + FormatRfc3339(one.ExpiresAt(), 0);
    case OverrideFlaw::kMalformed:
    case OverrideFlaw::kRefusalStands:
    case OverrideFlaw::kNeedsAnother:
      break;
  }
  GATE_CHECK(false);
}

}  // namespace

std::string_view ToString(OverrideDecision decision) {
  return decision == OverrideDecision::kApprove ? "approve" : "reject";
}

std::string_view ToString(OverrideFlaw flaw) {
  switch (flaw) {
    case OverrideFlaw::kMalformed:
      return "malformed";
    case OverrideFlaw::kOtherRollout:
      return "other-rollout";
    case OverrideFlaw::kOtherRelease:
      return "other-release";
    case OverrideFlaw::kOtherPods:
      return "other-pods";
    case OverrideFlaw::kOtherStage:
      return "other-stage";
    case OverrideFlaw::kFromFuture:
      return "from-future";
    case OverrideFlaw::kExpired:
      return "expired";
    case OverrideFlaw::kRefusalStands:
      return "refusal-stands";
    case OverrideFlaw::kNeedsAnother:
      return "needs-another";
  }
  GATE_CHECK(false);
}

IgnoredOverride Ignore(const Override& one, OverrideFlaw flaw, std::string detail) {
  return {one.name,  one.uid, std::string(ToString(one.decision)),
          one.actor, flaw,    std::move(detail)};
}

SortedOverrides SortOverrides(const FoundOverrides& found, const OverrideSubject& subject,
                              const OverridePolicy& policy, WallTime now) {
  std::vector<Override> by_age = found.readable;
  std::sort(by_age.begin(), by_age.end(), [](const Override& a, const Override& b) {
    return std::tie(a.created, a.name) < std::tie(b.created, b.name);
  });
  SortedOverrides sorted{.approvals = {}, .rejects = {}, .ignored = found.malformed};
  for (Override& one : by_age) {
    if (const auto flaw = FlawOf(one, subject, policy, now)) {
      const bool left_over = *flaw != OverrideFlaw::kExpired && one.ExpiresAt() <= now;
      if (!left_over) sorted.ignored.push_back(Ignore(one, *flaw, DetailOf(*flaw, one)));
    } else if (one.decision == OverrideDecision::kReject) {
      sorted.rejects.push_back(std::move(one));
    } else {
      sorted.approvals.push_back(std::move(one));
    }
  }
  return sorted;
}

}  // namespace gate::decide
