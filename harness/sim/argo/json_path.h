#pragma once

#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"

namespace drill::sim::argo {

// The values at a Kubernetes JSONPath template (argo R56) such as "{$.data.verdict}" or
// "{.items[0]}"; the braces may be left out. Members, indices (negative: from the end) and [*]; ""
// is the document itself. Errors: kInvalidArgument (not a path that this reads), kNotFound (nothing
// is there).
gate::Result<std::vector<gate::Json>> FindJsonPath(const gate::Json& document,
                                                   std::string_view path);

}  // namespace drill::sim::argo
