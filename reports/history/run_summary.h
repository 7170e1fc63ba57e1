#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "reports/model.h"

// What is remembered of a run, to compare it with others.
namespace reports {

struct RowSummary {
  std::string id;
  std::string text;
  Outcome outcome = Outcome::kNotRun;
};

struct MeasureSummary {
  std::string scenario;
  std::string id;
  Outcome outcome = Outcome::kNotRun;
  std::optional<Interval> measured;
  gate::Nanos limit{0};
};

struct ScenarioSummary {
  std::string id;
  std::string title;
  std::string sha256;  // of its file
  bool required = false;
  Outcome outcome = Outcome::kNotRun;
  std::string reason;
};

struct RunSummary {
  std::string run_id;
  gate::WallTime started;
  std::string program;
  std::string backend;
  std::string decision;  // "READY", ...
  std::string git_commit;
  std::string trace_hash;
  std::string journal_head;
  std::vector<RowSummary> rows;  // by id, as are the others
  std::vector<ScenarioSummary> scenarios;
  std::vector<MeasureSummary> measures;  // by scenario, then by id

  // The measure with the largest upper bound of all that were measured; null if none was.
  const MeasureSummary* Worst() const;
};

// From the content of a report.json. kProtocol names what is wrong.
gate::Result<RunSummary> SummarizeReport(const gate::Json& report);

// From the report in `folder`; errors also as in reports/file_io.h.
gate::Result<RunSummary> ReadRunSummary(const std::string& folder);

}  // namespace reports
