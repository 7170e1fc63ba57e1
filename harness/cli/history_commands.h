#pragma once

#include <string>

#include "gate/base/result.h"
#include "harness/cli/chosen.h"

namespace CLI {
class App;
}

namespace drill::cli {

inline constexpr const char* kHistoryFile = "drill-history.sqlite";

// `gate-drill history` and `gate-drill diff`: docs/report-history.md.
void AddHistoryCommands(CLI::App& app, Chosen& chosen);

// That `file` can be used as a history; creates it if need be.
gate::Result<void> CheckHistory(const std::string& file);

// Adds the report in `folder` to the history in `file`, which is created if need be.
gate::Result<void> RecordReport(const std::string& folder, const std::string& file);

}  // namespace drill::cli
