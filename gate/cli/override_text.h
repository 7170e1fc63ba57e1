#pragma once

#include <string>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/decide/override.h"

namespace gate::cli {

// For programs.
Json ToJson(const decide::Override& one, WallTime now);
Json ToJson(const decide::IgnoredOverride& malformed);

// One line: "ann approves release shop-1.5.0 at stage 20 of shop/demo until ...".
std::string Sentence(const decide::Override& one, WallTime now);

// A table, with a heading.
std::vector<std::string> Table(const decide::FoundOverrides& found, WallTime now);

}  // namespace gate::cli
