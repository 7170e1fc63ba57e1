#pragma once

#include <string>
#include <vector>

#include "harness/fidelity/compare.h"
#include "harness/fidelity/divergences.h"

namespace drill {

// For documents: a table in Markdown with a row per scenario, which says how many entries of its
// tracks are the same, and why others are not.
std::string RenderMarkdown(const std::vector<Agreement>& agreements,
                           const std::vector<Divergence>& listed);

}  // namespace drill
