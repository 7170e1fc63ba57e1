#pragma once

#include <span>
#include <string>

#include "gate/base/result.h"
#include "reports/model.h"

// Each format is a pure function of the result model: the same result gives the same bytes.
namespace reports {

// Everything, for programs: sorted keys, two spaces of indentation.
std::string RenderJson(const RunResult& run);

// For people: opens with the decision; what is required and not green is marked with a cross.
std::string RenderMarkdown(const RunResult& run);

// JUnit XML as GitHub, GitLab and Jenkins read it: one test case per scenario. What failed is a
// <failure>; what is inconclusive, or required and did not run, is an <error>; what was not
// required and did not run is <skipped>.
std::string RenderJUnit(const RunResult& run);

// One page for people, with everything in it and nothing from elsewhere: decision, checklist, a
// timeline per scenario. Works without script, in the dark, on a phone, on paper and read aloud.
std::string RenderHtml(const RunResult& run);

// Common Test Report Format 1.0.0: one test per scenario.
std::string RenderCtrf(const RunResult& run);

// OSCAL assessment results 1.1.2: an observation per scenario, a finding per row of the checklist
// that the profile asks for, an attestation per approval.
std::string RenderOscal(const RunResult& run);

// What GitHub shows of a step (GITHUB_STEP_SUMMARY): Markdown within its limit of 1 MiB.
std::string RenderStepSummary(const RunResult& run);

// Workflow commands for GitHub, a line each, that mark the files of scenarios that are not green:
// at most ten errors (required) and ten warnings (others), as it shows no more of a step.
std::string RenderAnnotations(const RunResult& run);

// The files of a report beside its journal, in the order of writing.
struct ReportFile {
  const char* name;  // "report.json"
  std::string (*render)(const RunResult& run);
};
std::span<const ReportFile> ReportFiles();

// Reads a journal and writes the report's files into `folder`, each as a whole. The same journal
// gives the same bytes. Errors: as in reports/file_io.h, and kProtocol if the journal was tampered
// with.
gate::Result<RunResult> WriteReport(const std::string& folder, const std::string& journal);

// The same from the folder's own journal.
gate::Result<RunResult> WriteReport(const std::string& folder);

}  // namespace reports
