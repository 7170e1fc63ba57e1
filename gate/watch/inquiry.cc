#include "gate/watch/inquiry.h"

#include <algorithm>

#include "gate/base/check.h"
#include "gate/evidence/reason.h"

namespace gate::watch {

std::string_view ToString(Inquiry::Why why) {
  switch (why) {
    case Inquiry::Why::kPaused:
      return "paused";
    case Inquiry::Why::kPassed:
      return "passed";
  }
  GATE_CHECK(false);
}

std::string_view ToString(McSays says) {
  switch (says) {
    case McSays::kNothing:
      return "nothing";
    case McSays::kYes:
      return "yes";
    case McSays::kNo:
      return "no";
  }
  GATE_CHECK(false);
}

std::optional<Inquiry> PlanInquiry(const RolloutFacts& facts,
                                   const std::vector<VerdictFact>& verdicts,
                                   const std::string& told) {
  if (!facts.InProgress()) return std::nullopt;
  const auto last = std::find_if(verdicts.rbegin(), verdicts.rend(), [&](const auto& verdict) {
    return verdict.pod_hash == facts.current_hash && !verdict.dry_run;
  });
  if (last == verdicts.rend()) return std::nullopt;
  const bool waits = facts.awaits_people && last->verdict == "inconclusive";
  const bool passed =
      !facts.awaits_people && last->reason == evidence::ToString(evidence::Reason::kEvidenceTrue);
  if (waits ? last->id == told : !passed) return std::nullopt;
  return Inquiry{.why = waits ? Inquiry::Why::kPaused : Inquiry::Why::kPassed,
                 .record_id = last->id,
                 .ns = facts.ns,
                 .rollout = facts.name,
                 .release = last->release,
                 .stage = last->stage,
                 .pod_hash = facts.current_hash};
}

}  // namespace gate::watch
