#pragma once

#include "reports/model.h"

namespace reports {

// A run of `count` scenarios on a simulator whose timelines are like those of the drills: canaries
// that are rolled back, promoted, and now and then one that goes wrong, with everything that a
// report can show. The same `count` gives the same run. Not signed by anybody, and nothing that
// ran.
RunResult DrawnRun(int count);

}  // namespace reports
