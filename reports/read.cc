#include "reports/read.h"

#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/records.h"

namespace reports {
namespace {

// 200 scenarios with every event that is kept stay far below it.
constexpr std::size_t kLargest = std::size_t{512} << 20U;

}  // namespace

gate::Result<std::string> ReadJournalText(const std::string& path) {
  return ReadWholeFile(path, kLargest);
}

gate::Result<gate::Json> ReadReportJson(const std::string& folder) {
  const std::string path = folder + "/report.json";
  const auto text = ReadWholeFile(path, kLargest);
  if (!text) return text.error();
  auto json = gate::ParseStrictJson(*text, {.max_bytes = kLargest});
  if (!json) return std::move(json).error().Wrap(path);
  return json;
}

gate::Result<RunResult> ReadRun(const std::string& journal) {
  const auto text = ReadJournalText(journal);
  if (!text) return text.error();
  auto run = ParseRun(*text);
  if (!run) return std::move(run).error().Wrap(journal);
  return run;
}

gate::Result<RunResult> ParseRun(std::string_view journal) {
  const auto content = ParseJournal(journal);
  if (!content) return content.error();
  return BuildRunResult(*content);
}

gate::Result<Proof> ProofOf(const RunResult& run) {
  if (!run.finished) {
    return gate::Error{gate::ErrorCode::kInvalidArgument,
                       "run " + run.run_id + " was not finished"};
  }
  Proof proof;
  proof.run_id = run.run_id;
  proof.program = run.program;
  proof.program_sha256 = run.program_sha256;
  proof.git_commit = run.git_commit;
  proof.backend = run.backend;
  proof.facts = run.facts;
  proof.seed = run.seed;
  proof.finished = *run.finished;
  proof.journal_head = run.journal_head;
  for (const ScenarioResult& scenario : run.scenarios) {
    if (!scenario.started) continue;
    proof.scenarios.push_back(
        {scenario.id, scenario.sha256, scenario.outcome, scenario.reason, scenario.measures});
  }
  return proof;
}

}  // namespace reports
