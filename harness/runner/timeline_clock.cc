#include "harness/runner/timeline_clock.h"

#include <algorithm>

namespace drill {

TimelineClock::TimelineClock(const std::vector<TimelineEntry>& entries) {
  for (const TimelineEntry& entry : entries) {
    const EventPattern on = entry.on.value_or(EventPattern{"deployed", {}});
    pending_.push_back({&entry, Matcher(on), std::nullopt, false});
  }
}

void TimelineClock::OnEvent(const TraceEvent& event) {
  for (Pending& each : pending_) {
    if (!each.due && each.on.Matches(event)) each.due = event.at + each.entry->after;
  }
}

std::optional<gate::Instant> TimelineClock::NextDue() const {
  std::optional<gate::Instant> next;
  for (const Pending& each : pending_) {
    if (!each.taken && each.due && (!next || *each.due < *next)) next = each.due;
  }
  return next;
}

const TimelineEntry* TimelineClock::TakeDue(gate::Instant now) {
  const auto next = NextDue();
  if (!next || *next > now) return nullptr;
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& each) {
    return !each.taken && each.due == next;
  });
  found->taken = true;
  return found->entry;
}

std::optional<std::string> TimelineClock::Undone() const {
  for (const Pending& each : pending_) {
    if (each.taken) continue;
    return "not done: " + Describe(*each.entry) +
           (each.due ? "; the scenario was over before" : "; that event was not seen");
  }
  return std::nullopt;
}

}  // namespace drill
