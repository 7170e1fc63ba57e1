#include "harness/cli/history_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gate/base/strict_json.h"
#include "harness/cli/complain.h"
#include "reports/codec.h"
#include "reports/history/diff.h"
#include "reports/history/history.h"
#include "reports/text.h"

namespace drill::cli {
namespace {

using gate::Json;
using gate::Result;
using reports::History;
using reports::Outcome;

constexpr int kNanosDigits = 9;

enum class Output { kText, kJson };

std::string When(gate::WallTime time) { return gate::FormatRfc3339(time, 0); }

// --- history ------------------------------------------------------------------------------------

struct HistoryOptions {
  std::string file = kHistoryFile;
  std::string backend;
  std::size_t most = 20;
  std::vector<std::string> record;  // folders
  Output output = Output::kText;
};

// What is shown: of one backend, or of each.
struct Shown {
  struct OfBackend {
    std::string backend;
    std::vector<reports::RowHistory> rows;
    std::vector<reports::TrendPoint> trend;
  };
  std::vector<reports::RunHead> runs;
  std::vector<OfBackend> backends;
};

Result<Shown> Look(History& history, const HistoryOptions& options) {
  Shown shown;
  auto runs = history.Runs(options.backend, options.most);
  if (!runs) return std::move(runs).error();
  shown.runs = *std::move(runs);
  auto backends = history.Backends();
  if (!backends) return std::move(backends).error();
  for (const std::string& backend : *backends) {
    if (!options.backend.empty() && backend != options.backend) continue;
    auto rows = history.Rows(backend);
    if (!rows) return std::move(rows).error();
    auto trend = history.Trend(backend, options.most);
    if (!trend) return std::move(trend).error();
    shown.backends.push_back({backend, *std::move(rows), *std::move(trend)});
  }
  return shown;
}

std::string RunLine(const reports::RunHead& run) {
  const std::string worst =
      run.worst ? fmt::format("{} ({})", reports::FormatInterval(*run.worst), run.worst_scenario)
                : "not measured";
  return reports::OneLine(fmt::format("{:<25}  {}  {:<7}  {:<10}  {:<36}  {}", run.run_id,
                                      When(run.started), run.backend, run.decision, worst,
                                      run.git_commit.empty() ? "" : run.git_commit.substr(0, 12))) +
         "\n";
}

std::string At(const std::string& commit, const std::string& run) {
  return commit.empty() ? "run " + run : "commit " + commit.substr(0, 12);
}

std::string RowLine(const reports::RowHistory& row) {
  std::string state = "never proven";
  if (row.proven == Outcome::kPass) {
    state = fmt::format("green since {}, {}", When(row.since), At(row.since_commit, row.since_run));
  }
  if (row.proven == Outcome::kFail) {
    state = fmt::format("RED since {}, first failed at {}", When(row.since),
                        At(row.since_commit, row.since_run));
    state +=
        row.before_run.empty() ? "" : ", last passed at " + At(row.before_commit, row.before_run);
  }
  if (row.proven) state += fmt::format(" ({} {})", row.runs, row.runs == 1 ? "run" : "runs");
  const bool open = row.now != Outcome::kPass && row.now != Outcome::kFail;
  if (open) state += fmt::format("; {} in the newest run", reports::ToString(row.now));
  return reports::OneLine(fmt::format("  {:<22}  {}", row.row, state)) + "\n";
}

std::string RenderText(const Shown& shown) {
  std::string text = "The newest runs, with the worst rollback of each:\n";
  for (const reports::RunHead& run : shown.runs) text += RunLine(run);
  for (const Shown::OfBackend& each : shown.backends) {
    text += fmt::format("\nThe checklist on {}:\n", reports::OneLine(each.backend));
    for (const reports::RowHistory& row : each.rows) text += RowLine(row);
  }
  return text;
}

std::string RenderJson(const Shown& shown) {
  Json json = {
      {"schema", "gate-drill/history/v1"}, {"runs", Json::array()}, {"backends", Json::object()}};
  for (const reports::RunHead& run : shown.runs) {
    json["runs"].push_back({{"runId", run.run_id},
                            {"started", gate::FormatRfc3339(run.started, kNanosDigits)},
                            {"backend", run.backend},
                            {"decision", run.decision},
                            {"gitCommit", run.git_commit},
                            {"traceHash", run.trace_hash},
                            {"worst", reports::ToJson(run.worst)},
                            {"worstScenario", run.worst_scenario}});
  }
  for (const Shown::OfBackend& each : shown.backends) {
    Json& of = json["backends"][each.backend];
    of = {{"rows", reports::WriteAll(each.rows)}, {"trend", reports::WriteAll(each.trend)}};
  }
  return gate::DumpJson(json, 2) + "\n";
}

ExitCode Record(const HistoryOptions& options) {
  for (const std::string& folder : options.record) {
    if (auto done = RecordReport(folder, options.file); !done) return Complain(done.error());
  }
  return ExitCode::kPass;
}

ExitCode ShowHistory(const HistoryOptions& options) {
  if (!options.record.empty()) return Record(options);
  const auto history = History::Open(options.file, History::Missing::kRefuse);
  if (!history) return Complain(history.error());
  const auto shown = Look(**history, options);
  if (!shown) return Complain(shown.error());
  fmt::print("{}", options.output == Output::kJson ? RenderJson(*shown) : RenderText(*shown));
  return ExitCode::kPass;
}

void AddHistory(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "history", "past runs: since when rows are green or red, and how long rollbacks took");
  const auto options = std::make_shared<HistoryOptions>();
  command->add_option("--db", options->file, "the history")
      ->option_text("FILE")
      ->capture_default_str();
  command->add_option("--backend", options->backend, "only of runs on this backend");
  command->add_option("--most", options->most, "how many runs to show")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      ->add_option("--record", options->record,
                   "add the reports in these folders instead; those that it has stay as they are")
      ->option_text("DIR...");
  command->add_flag_callback(
      "--json", [options] { options->output = Output::kJson; }, "for programs");
  command->callback([options, &chosen] { chosen = [options] { return ShowHistory(*options); }; });
}

// --- diff ---------------------------------------------------------------------------------------

struct DiffOptions {
  std::string file = kHistoryFile;
  std::string before;
  std::string after;
  Output output = Output::kText;
};

// A report folder, or a run that the history remembers.
Result<reports::RunSummary> FindRun(const std::string& name, const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(name, error)) return reports::ReadRunSummary(name);
  const auto history = History::Open(file, History::Missing::kRefuse);
  if (!history) return gate::Error(history.error()).Wrap(name + " is no folder");
  return (*history)->Load(name);
}

ExitCode Diff(const DiffOptions& options) {
  const auto before = FindRun(options.before, options.file);
  if (!before) return Complain(before.error(), ExitCode::kInvalidInput);
  const auto after = FindRun(options.after, options.file);
  if (!after) return Complain(after.error(), ExitCode::kInvalidInput);
  const auto differences = reports::Compare(*before, *after);
  if (options.output == Output::kJson) {
    fmt::print("{}\n", gate::DumpJson(reports::ToJson(*before, *after, differences), 2));
  } else {
    fmt::print("{}", reports::RenderText(*before, *after, differences));
  }
  return reports::IsWorse(differences) ? ExitCode::kFail : ExitCode::kPass;
}

void AddDiff(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("diff", "what became better and what worse from one run to another");
  const auto options = std::make_shared<DiffOptions>();
  command->add_option("before", options->before, "a report folder, or the id of a past run")
      ->required();
  command->add_option("after", options->after, "another one")->required();
  command->add_option("--db", options->file, "the history that knows past runs")
      ->option_text("FILE")
      ->capture_default_str();
  command->add_flag_callback(
      "--json", [options] { options->output = Output::kJson; }, "for programs");
  command->footer("Exit codes: 0 nothing became worse, 1 something did, 3 invalid input.");
  command->callback([options, &chosen] { chosen = [options] { return Diff(*options); }; });
}

}  // namespace

void AddHistoryCommands(CLI::App& app, Chosen& chosen) {
  AddHistory(app, chosen);
  AddDiff(app, chosen);
}

Result<reports::PastRuns> ReadPast(const std::string& file, const std::string& backend) {
  constexpr std::size_t kMost = 40;  // runs that a drawing has room for
  const auto history = History::Open(file, History::Missing::kCreate);
  if (!history) return history.error();
  auto trend = (*history)->Trend(backend, kMost);
  if (!trend) return std::move(trend).error();
  auto rows = (*history)->Rows(backend);
  if (!rows) return std::move(rows).error();
  return reports::PastRuns{*std::move(trend), *std::move(rows)};
}

Result<void> RecordReport(const std::string& folder, const std::string& file) {
  const auto run = reports::ReadRunSummary(folder);
  if (!run) return run.error();
  const auto history = History::Open(file, History::Missing::kCreate);
  if (!history) return history.error();
  const auto recorded = (*history)->Record(*run);
  if (!recorded) return recorded.error();
  return {};
}

}  // namespace drill::cli
