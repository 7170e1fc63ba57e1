#include "gate/watch/rollback.h"

#include <algorithm>

#include "gate/evidence/reason.h"

namespace gate::watch {
namespace {

// An abort that was asked for and is not there: it got lost, or whoever asked died before.
constexpr Nanos kAssertAgain = std::chrono::seconds(5);

struct TextField {
  const char* name;
  std::string Rollback::*member;
};
constexpr TextField kTexts[] = {{"canaryHash", &Rollback::canary_hash},
                                {"release", &Rollback::release},
                                {"stage", &Rollback::stage},
                                {"recordId", &Rollback::record_id},
                                {"reason", &Rollback::reason},
                                {"traceId", &Rollback::trace_id}};

struct Flag {
  const char* name;
  bool Rollback::*member;
};
constexpr Flag kFlags[] = {{"abortSeen", &Rollback::abort_seen},
                           {"reasserted", &Rollback::reasserted},
                           {"warned", &Rollback::warned},
                           {"fellBack", &Rollback::fell_back},
                           {"paged", &Rollback::paged}};

// What takes the rollback's place, if something does.
std::optional<RollbackAction> EndOf(const Rollback& rollback, const RolloutFacts& facts) {
  if (!facts.observed) return std::nullopt;
  if (facts.stable_hash == rollback.canary_hash) return RollbackAction::kEndPromoted;
  // Back to the stable template is a rollback too (argo R76), and still has to be completed.
  const bool reverted = facts.current_hash == facts.stable_hash;
  if (facts.current_hash != rollback.canary_hash && !reverted) {
    return RollbackAction::kEndSuperseded;
  }
  const bool retried = rollback.abort_seen && !facts.aborted && !reverted;
  if (retried) return RollbackAction::kEndSuperseded;
  return std::nullopt;
}

// Nobody but us tells Argo of what MC took back.
Nanos AbortAfter(const Rollback& rollback, const RollbackPolicy& policy) {
  const bool withdrawn =
      rollback.reason == evidence::ToString(evidence::Reason::kEvidenceWithdrawn);
  return withdrawn ? Nanos(0) : policy.reassert_after;
}

// Collects what is due, and when the next thing will be.
class Schedule {
 public:
  Schedule(WallTime began, WallTime now) : began_(began), now_(now) {}

  void Add(RollbackAction action, Nanos after, bool done) {
    if (done) return;
    const WallTime at = began_ + after;
    if (at <= now_) {
      plan_.due.push_back(action);
    } else {
      plan_.next = std::min(at, plan_.next.value_or(at));
    }
  }
  void LookAgainAfter(Nanos time) {
    plan_.next = std::min(now_ + time, plan_.next.value_or(now_ + time));
  }
  RollbackPlan Take() { return std::move(plan_); }

 private:
  const WallTime began_;
  const WallTime now_;
  RollbackPlan plan_;
};

}  // namespace

Json ToJson(const Rollback& rollback) {
  Json json = {{"began", FormatRfc3339(rollback.began, 6)}};
  for (const auto& [name, member] : kTexts) json[name] = rollback.*member;
  for (const auto& [name, member] : kFlags) json[name] = rollback.*member;
  return json;
}

Result<Rollback> RollbackFromJson(const Json& json) {
  const Error unreadable{ErrorCode::kProtocol, "not a rollback as the gate writes it"};
  Rollback rollback;
  for (const auto& [name, member] : kTexts) {
    if (!json.contains(name) || !json.at(name).is_string()) return unreadable;
    rollback.*member = json.at(name).get<std::string>();
  }
  for (const auto& [name, member] : kFlags) {
    if (!json.contains(name) || !json.at(name).is_boolean()) return unreadable;
    rollback.*member = json.at(name).get<bool>();
  }
  const auto began = ParseRfc3339(JsonString(json, "/began"));
  if (!began || rollback.canary_hash.empty()) return unreadable;
  rollback.began = *began;
  return rollback;
}

RollbackPlan PlanRollback(const Rollback& rollback, const RolloutFacts& facts,
                          const RollbackPolicy& policy, WallTime now) {
  if (const auto end = EndOf(rollback, facts)) return {{*end}, std::nullopt};
  const bool under_way = facts.aborted || facts.current_hash == facts.stable_hash;
  Schedule schedule(rollback.began, now);
  if (under_way && !rollback.abort_seen) {
    schedule.Add(RollbackAction::kNoteAbort, Nanos(0), false);
  }
  if (under_way && facts.LooksRestored()) {
    schedule.Add(RollbackAction::kConfirmRestored, Nanos(0), false);
    return schedule.Take();
  }
  const Nanos abort_after = AbortAfter(rollback, policy);
  schedule.Add(RollbackAction::kReassertAbort, abort_after, under_way);
  if (!under_way && rollback.began + abort_after <= now) schedule.LookAgainAfter(kAssertAgain);
  schedule.Add(RollbackAction::kWarn, policy.WarnAfter(), rollback.warned);
  schedule.Add(RollbackAction::kFallBack, policy.FallBackAfter(), rollback.fell_back);
  schedule.Add(RollbackAction::kPage, policy.limit, rollback.paged);
  return schedule.Take();
}

}  // namespace gate::watch
