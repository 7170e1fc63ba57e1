#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "harness/scenario/canary.h"

namespace drill {

// Changes a Rollout as its scenario wants it. Gates are made after the first analysis step that the
// Rollout has, with another stage; kInvalidArgument if one is wanted and it has none with an
// argument "stage".
gate::Result<void> ShapeRollout(const RolloutShape& shape, gate::Json& rollout);

// Kubernetes' IntOrString: "25%" stays text, "1" becomes a number.
gate::Json IntOrString(const std::string& text);

}  // namespace drill
