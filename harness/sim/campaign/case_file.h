#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "harness/sim/campaign/case.h"

namespace drill::sim {

// A case as people keep and read it (`kind: Case`, docs/campaign.md): everything that was drawn is
// written out, so that it does not change when the generator does.
struct CaseFile {
  Case one;
  std::uint64_t campaign_seed = 0;  // keys and token are drawn from it
  // What came of it when it was written.
  std::string breaks;  // the invariant; empty: none
  std::optional<std::uint64_t> trace;
};

// With `comment` (lines) at its top.
std::string FormatCase(const CaseFile& file, std::string_view comment);

// Mistakes are reported all at once as file:line:column (kInvalidArgument).
gate::Result<CaseFile> ParseCase(std::string_view text, const std::string& file);

}  // namespace drill::sim
