#pragma once

#include <string>

#include "gate/lint/lint.h"

// A report for people and for programs. None ends with a newline.
namespace gate::lint {

// "file:line:column: error: Rollout demo: what is wrong; what to do [rule]", a line each, and a
// line that sums up.
std::string RenderText(const Report& report);

// {"errors": 1, "warnings": 0, "rollouts": 1, "templates": 1, "findings": [{"rule", "severity",
// "file", "line", "column", "object", "message", "fix"}]}
std::string RenderJson(const Report& report);

// SARIF 2.1.0, for code scanning. All rules are in it, found or not; their help is at
// `docs_url`#RULE, or, if that is empty, named by a URN.
std::string RenderSarif(const Report& report, const std::string& version,
                        const std::string& docs_url);

}  // namespace gate::lint
