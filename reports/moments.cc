#include "reports/moments.h"

#include <algorithm>
#include <string>

#include "reports/digest.h"

namespace reports {
namespace {

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsBadVerdict(const TraceEntry& entry) {
  return entry.name == "verdict" && FieldText(entry, "verdict") != "pass";
}

// Of the actions of a timeline, those that break something or take something away.
bool IsStrike(const TraceEntry& entry) {
  return entry.name == "action" &&
         IsOneOf(FieldText(entry, "do"), {"abort", "delete-token", "evidence", "fault", "mc",
                                          "restart-controller", "restart-gate", "rotate-token"});
}

bool IsBadAnswer(const TraceEntry& entry) {
  if (entry.name != "mc.request") return false;
  return FieldText(entry, "evidenceOk") == "false" || FieldText(entry, "status") != "200";
}

bool IsFault(const TraceEntry& entry) {
  const bool began = entry.name == "fault" && FieldText(entry, "state") == "began";
  return began || IsStrike(entry) || IsBadAnswer(entry) || IsBadVerdict(entry);
}

bool IsDetection(const TraceEntry& entry) {
  const bool ended_badly = entry.name == "analysisrun.phase" &&
                           IsOneOf(FieldText(entry, "phase"), {"Failed", "Error", "Inconclusive"});
  return ended_badly || IsBadVerdict(entry);
}

bool IsAbort(const TraceEntry& entry) { return entry.name == "rollout.aborted"; }
bool IsRestored(const TraceEntry& entry) { return entry.name == "restored"; }

bool IsChange(const TraceEntry& entry) {
  return IsOneOf(entry.name, {"replicas", "rollout.phase", "rollout.step", "rollout.pause"});
}

}  // namespace

Moments FindMoments(const std::vector<TraceEntry>& timeline) {
  using Fits = bool (*)(const TraceEntry&);
  constexpr std::array<Fits, 4> kFits = {IsFault, IsDetection, IsAbort, IsRestored};
  Moments moments;
  auto from = std::find_if(timeline.begin(), timeline.end(),
                           [](const TraceEntry& entry) { return entry.name == "deployed"; });
  if (from == timeline.end()) return moments;
  moments.deployed = &*from;
  const auto deployed = from;
  for (std::size_t i = 0; i < kFits.size(); ++i) {
    const auto found = std::find_if(from, timeline.end(), kFits[i]);
    if (found == timeline.end()) continue;
    moments.at[i] = &*found;
    from = found;
  }
  const TraceEntry*& steady = moments.at.back();
  if (moments.at[3] != nullptr) {
    steady = moments.at[3];
    for (auto entry = from; entry != timeline.end() && entry->name != "deployed"; ++entry) {
      if (IsChange(*entry)) steady = &*entry;
    }
    return moments;
  }
  const auto promoted = std::find_if(
      deployed, timeline.end(), [](const TraceEntry& entry) { return entry.name == "promoted"; });
  if (promoted != timeline.end()) steady = &*promoted;
  return moments;
}

}  // namespace reports
