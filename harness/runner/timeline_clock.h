#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/time.h"
#include "harness/expect/matcher.h"
#include "harness/scenario/timeline.h"
#include "harness/trace/trace.h"

namespace drill {

// Knows which entries of a timeline are due when. Feed it every event since the deployment of the
// canary, that one included.
class TimelineClock {
 public:
  // `entries` must outlive this object.
  explicit TimelineClock(const std::vector<TimelineEntry>& entries);

  void OnEvent(const TraceEvent& event);

  // When the next entry is due, as far as is known; nothing if none is.
  std::optional<gate::Instant> NextDue() const;

  // The entry that is due by `now` for the longest time, each only once; of several that were due
  // at the same time the first of the file. Null if there is none.
  const TimelineEntry* TakeDue(gate::Instant now);

  // The first entry that was never taken, in words, and why: its event was not seen, or the
  // scenario was over before. Nothing if all were.
  std::optional<std::string> Undone() const;

 private:
  struct Pending {
    const TimelineEntry* entry;
    Matcher on;
    std::optional<gate::Instant> due;
    bool taken = false;
  };
  std::vector<Pending> pending_;
};

}  // namespace drill
