#pragma once

#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "harness/sim/argo/analysis_status.h"

namespace drill::sim::argo {

// A condition of a metric (argo R58), in the part of the expr language that conditions are written
// in: literals, `result` with members and indices, arithmetic, comparison, and/or/not (also && ||
// !), in, contains, startsWith, endsWith, matches, ?:, ??, and the functions asInt, asFloat, isNaN,
// isInf, isNil, default and len. Error (kInvalidArgument): it cannot be read or evaluated, or is no
// truth value.
gate::Result<bool> EvaluateCondition(const gate::Json& result, std::string_view condition);

// argo R58: the phase that the conditions give to a value. Error: as above, in the controller's
// words; the measurement is an Error then.
gate::Result<AnalysisPhase> EvaluateResult(const gate::Json& result,
                                           const std::string& success_condition,
                                           const std::string& failure_condition);

}  // namespace drill::sim::argo
