#pragma once

#include "gate/base/strict_json.h"
#include "mock-mc/behaviour/journal.h"

namespace mock_mc {

// One entry as docs/mock-mc.md describes it. Monotonic times are nanoseconds since `start`.
gate::Json ToJson(const JournalEntry& entry, gate::Instant start);

}  // namespace mock_mc
