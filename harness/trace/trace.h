#pragma once

#include <string>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"

namespace drill {

// One thing that was seen to happen. `fields` is a flat JSON object of strings, numbers and
// booleans; the names are listed in docs/scenario-language.md.
struct TraceEvent {
  std::string name;         // "verdict", "rollout.phase", "restored", ...
  gate::Instant at;         // when the harness learnt of it (monotonic), or our best knowledge
  gate::WallTime wall;      // civil time; from the object itself where it carries one
  gate::Nanos uncertainty;  // how far `at` may be from the truth, one-sided: it was not later
  gate::Json fields;
};

using Trace = std::vector<TraceEvent>;  // ordered by `at`

}  // namespace drill
