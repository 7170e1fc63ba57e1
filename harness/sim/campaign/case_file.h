#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/scenario/scenario.h"
#include "harness/sim/campaign/case.h"

namespace drill::sim {

// A case as people keep and read it is a scenario with `replay` (docs/campaign.md): everything that
// was drawn is written out, so that it does not change when the generator does.
struct CaseFile {
  std::string id;
  std::string title;
  Case one;
  std::uint64_t campaign_seed = 0;  // keys and token are drawn from it
  // What came of it when it was written.
  std::string breaks;  // the invariant that it must not break; empty: none at all
  std::optional<std::uint64_t> trace;
};

// With `comment` (lines) at its top.
std::string FormatCase(const CaseFile& file, std::string_view comment);

// The case that a scenario with `replay` is.
Case CaseOf(const Scenario& scenario);

}  // namespace drill::sim
