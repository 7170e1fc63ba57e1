#pragma once

#include <string>

#include "gate/base/result.h"
#include "harness/cli/chosen.h"
#include "reports/model.h"

namespace CLI {
class App;
}

namespace drill::cli {

inline constexpr const char* kHistoryFile = "drill-history.sqlite";

// `gate-drill history` and `gate-drill diff`: docs/report-history.md.
void AddHistoryCommands(CLI::App& app, Chosen& chosen);

// What the history in `file` knows of `backend`; creates it if need be.
gate::Result<reports::PastRuns> ReadPast(const std::string& file, const std::string& backend);

// Adds the report in `folder` to the history in `file`, which is created if need be.
gate::Result<void> RecordReport(const std::string& folder, const std::string& file);

}  // namespace drill::cli
