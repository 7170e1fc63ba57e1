#pragma once

#include "gate/base/strict_json.h"

namespace gate {

// The JSON merge patch (RFC 7396) that turns the object `from` into the object `to`, which must
// hold no nulls; an empty object if they are equal.
Json MergeDiff(const Json& from, const Json& to);

}  // namespace gate
