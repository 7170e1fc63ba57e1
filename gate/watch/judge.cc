#include "gate/watch/judge.h"

#include <algorithm>
#include <utility>

namespace gate::watch {
namespace {

using notify::LateStep;
using notify::Notice;
using notify::NoticeKind;

// The same refusal or abort, seen again, is the same rollback.
std::string IdentityOf(const Rollback& rollback) {
  return rollback.canary_hash + "@" + FormatRfc3339(rollback.began, 6);
}

Notice About(const RolloutFacts& facts, const Rollback& rollback, NoticeKind kind, WallTime at) {
  Notice notice;
  notice.kind = kind;
  notice.fact = facts.uid + "/" + IdentityOf(rollback);
  notice.release = rollback.release;
  notice.stage = rollback.stage;
  notice.ns = facts.ns;
  notice.rollout = facts.name;
  notice.pod_hash = rollback.canary_hash;
  notice.reason = rollback.reason;
  notice.trace_id = rollback.trace_id;
  notice.happened_at = at;
  return notice;
}

Notice Late(const RolloutFacts& facts, const Rollback& rollback, LateStep step, std::string message,
            WallTime now) {
  Notice notice = About(facts, rollback, NoticeKind::kRollbackLate, now);
  notice.late = step;
  notice.message = std::move(message);
  notice.took = now - rollback.began;
  return notice;
}

// The rollback that has begun, if one has that is not known yet.
std::optional<Rollback> Begun(const RolloutFacts& facts, const std::vector<VerdictFact>& verdicts,
                              const WatchState& state) {
  const bool given_up = facts.observed && facts.aborted && facts.current_hash != facts.stable_hash;
  if (!facts.InProgress() && !given_up) return std::nullopt;
  const auto refusal = StandingRefusal(facts.current_hash, verdicts);
  if (!refusal && !given_up) return std::nullopt;
  if (!refusal && !facts.aborted_at) return std::nullopt;
  Rollback rollback;
  rollback.canary_hash = facts.current_hash;
  rollback.release = facts.release;
  if (refusal) {
    rollback.stage = refusal->stage;
    rollback.record_id = refusal->id;
    rollback.reason = refusal->reason;
    rollback.trace_id = refusal->trace_id;
    rollback.began = refusal->time;
  } else {
    rollback.began = *facts.aborted_at;
  }
  if (IdentityOf(rollback) == state.closed) return std::nullopt;
  // Argo may ask a gate again that has refused already: its cache lags behind. (Nobody refuses what
  // was not asked for anew, so what comes after a retry is later than this.)
  const bool over = state.closed.starts_with(rollback.canary_hash + "@") && state.restored_at &&
                    rollback.began <= *state.restored_at;
  if (over) return std::nullopt;
  return rollback;
}

void Close(WatchState& state) {
  state.closed = IdentityOf(*state.rollback);
  state.rollback.reset();
}

// Takes one planned action down into the state, and says what follows from it.
void Take(RollbackAction action, const RolloutFacts& facts, WallTime now, Judgement& judgement) {
  Rollback& rollback = *judgement.state.rollback;
  switch (action) {
    case RollbackAction::kNoteAbort:
      rollback.abort_seen = true;
      return;
    case RollbackAction::kReassertAbort:
      rollback.reasserted = true;
      judgement.acts.push_back(action);
      return;
    case RollbackAction::kWarn:
      rollback.warned = true;
      judgement.notices.push_back(Late(facts, rollback, LateStep::kWarn,
                                       "the stable version does not serve alone yet", now));
      return;
    case RollbackAction::kFallBack:
      rollback.fell_back = true;
      judgement.notices.push_back(Late(facts, rollback, LateStep::kFallback,
                                       "what is configured as fallback is tried now", now));
      judgement.acts.push_back(action);
      return;
    case RollbackAction::kPage:
      rollback.paged = true;
      judgement.notices.push_back(
          Late(facts, rollback, LateStep::kPage, "the deadline for the rollback has passed", now));
      return;
    case RollbackAction::kConfirmRestored:
      judgement.acts.push_back(action);
      return;
    case RollbackAction::kEndSuperseded:
    case RollbackAction::kEndPromoted:
      Close(judgement.state);
      return;
  }
}

void FollowRollback(const RolloutFacts& facts, const std::vector<VerdictFact>& verdicts,
                    const RollbackPolicy& policy, WallTime now, Judgement& judgement) {
  WatchState& state = judgement.state;
  if (!state.rollback) state.rollback = Begun(facts, verdicts, state);
  if (!state.rollback) return;
  const RollbackPlan plan = PlanRollback(*state.rollback, facts, policy, now);
  judgement.next = plan.next;
  for (const RollbackAction action : plan.due) Take(action, facts, now, judgement);
}

Notice Bypass(const RolloutFacts& facts, const std::string& pod_hash, const GateStep& gate,
              WallTime now) {
  Notice notice;
  notice.kind = NoticeKind::kBypassed;
  notice.fact = facts.uid + "/" + pod_hash + "/" + gate.stage;
  notice.release = facts.release;
  notice.stage = gate.stage;
  notice.ns = facts.ns;
  notice.rollout = facts.name;
  notice.pod_hash = pod_hash;
  notice.reason = facts.stable_hash == pod_hash ? "promoted" : "step-skipped";
  notice.message = "the release went past the gate at " + gate.stage + " % without a verdict";
  notice.happened_at = now;
  return notice;
}

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

void FindBypasses(const RolloutFacts& facts, const std::vector<VerdictFact>& verdicts, WallTime now,
                  Judgement& judgement) {
  WatchState& state = judgement.state;
  if (!facts.observed || facts.stable_hash.empty()) return;
  const bool first_look = !state.stable;
  const std::string before = state.stable.value_or(facts.stable_hash);
  state.stable = facts.stable_hash;
  const std::string& hash = facts.current_hash;
  if (first_look || Contains(state.former, hash)) return;
  for (const GateStep& gate : BypassedGates(facts, hash, verdicts)) {
    // What was stable at the last look, or before, was judged then.
    if (facts.stable_hash == hash && before == hash) break;
    const std::string told = hash + "/" + gate.stage;
    if (Contains(state.bypassed, told)) continue;
    state.bypassed.push_back(told);
    judgement.notices.push_back(Bypass(facts, hash, gate, now));
  }
  if (before == facts.stable_hash) return;
  state.former.push_back(before);
  if (state.former.size() > WatchState::kMostFormer) state.former.erase(state.former.begin());
  std::erase_if(state.bypassed, [&](const std::string& each) { return !each.starts_with(hash); });
}

// What waits for MC can be asked again.
void FindResumable(const RolloutFacts& facts, const std::vector<VerdictFact>& verdicts,
                   const std::string& answered, WallTime now, Judgement& judgement) {
  const auto inquiry = PlanInquiry(facts, verdicts, judgement.state.resumable);
  if (!inquiry || inquiry->why != Inquiry::Why::kPaused || inquiry->record_id != answered) return;
  const auto verdict = std::find_if(verdicts.begin(), verdicts.end(),
                                    [&](const auto& each) { return each.id == answered; });
  Notice notice;
  notice.kind = NoticeKind::kResumable;
  notice.fact = answered;
  notice.release = verdict->release;
  notice.stage = verdict->stage;
  notice.ns = facts.ns;
  notice.rollout = facts.name;
  notice.pod_hash = verdict->pod_hash;
  notice.reason = verdict->reason;
  notice.message = "MC would give a verdict by now; the rollout is still paused without one";
  notice.happened_at = now;
  judgement.notices.push_back(std::move(notice));
  judgement.state.resumable = answered;
}

std::vector<std::string> Texts(const Json& json, const char* pointer) {
  std::vector<std::string> texts;
  for (const Json& each : JsonArray(json, pointer)) {
    if (each.is_string()) texts.push_back(each.get<std::string>());
  }
  return texts;
}

}  // namespace

Json ToJson(const WatchState& state) {
  Json json = Json::object();
  if (state.rollback) json["rollback"] = ToJson(*state.rollback);
  if (!state.closed.empty()) json["closed"] = state.closed;
  if (state.restored_at) json["restoredAt"] = FormatRfc3339(*state.restored_at, 6);
  if (state.stable) json["stable"] = *state.stable;
  if (!state.former.empty()) json["former"] = state.former;
  if (!state.bypassed.empty()) json["bypassed"] = state.bypassed;
  if (!state.resumable.empty()) json["resumable"] = state.resumable;
  return json;
}

WatchState WatchStateFromJson(const Json& json) {
  WatchState state;
  if (!json.is_object()) return state;
  if (json.contains("rollback")) {
    if (auto rollback = RollbackFromJson(json.at("rollback"))) state.rollback = *rollback;
  }
  state.closed = JsonString(json, "/closed");
  if (auto at = ParseRfc3339(JsonString(json, "/restoredAt"))) state.restored_at = *at;
  if (json.contains("stable")) state.stable = JsonString(json, "/stable");
  state.former = Texts(json, "/former");
  state.bypassed = Texts(json, "/bypassed");
  state.resumable = JsonString(json, "/resumable");
  return state;
}

Judgement Judge(const RolloutFacts& facts, const std::vector<VerdictFact>& verdicts,
                const WatchState& state, const std::string& answered, const RollbackPolicy& policy,
                WallTime now) {
  Judgement judgement;
  judgement.state = state;
  FollowRollback(facts, verdicts, policy, now, judgement);
  FindBypasses(facts, verdicts, now, judgement);
  FindResumable(facts, verdicts, answered, now, judgement);
  return judgement;
}

Judgement CloseRestored(const RolloutFacts& facts, const WatchState& state, WallTime now) {
  GATE_CHECK(state.rollback.has_value());
  Judgement judgement;
  judgement.state = state;
  Notice notice = About(facts, *state.rollback, NoticeKind::kRolledBack, now);
  notice.message = "the stable version serves alone again";
  notice.took = now - state.rollback->began;
  judgement.notices.push_back(std::move(notice));
  judgement.restored = state.rollback;
  Close(judgement.state);
  judgement.state.restored_at = now;
  return judgement;
}

}  // namespace gate::watch
