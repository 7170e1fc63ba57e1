// gate-drill: plays scenarios against the gate and writes the readiness report.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "gate/adapters/os_seed.h"
#include "gate/adapters/signal_stop.h"
#include "gate/adapters/system_files.h"
#include "gate/adapters/system_process_runner.h"
#include "gate/adapters/system_runtime.h"
#include "harness/cli/attest_commands.h"
#include "harness/cli/complain.h"
#include "harness/cli/fidelity_commands.h"
#include "harness/cli/history_commands.h"
#include "harness/cli/key_files.h"
#include "harness/cli/serve_command.h"
#include "harness/fidelity/compare.h"
#include "harness/fidelity/trace_files.h"
#include "harness/kind/kind_backend.h"
#include "harness/provenance.h"
#include "harness/runner/backend.h"
#include "harness/runner/backend_options.h"
#include "harness/runner/progress.h"
#include "harness/runner/recorder.h"
#include "harness/runner/runner.h"
#include "harness/runner/summary.h"
#include "harness/runner/timeline_view.h"
#include "harness/scenario/load.h"
#include "harness/sim/argo/version.h"
#include "harness/sim/campaign/command_line.h"
#include "harness/sim/campaign/replay.h"
#include "harness/sim/stage/sim_backend.h"
#include "reports/assess.h"
#include "reports/attest/approval.h"
#include "reports/attest/manifest.h"
#include "reports/attest/verify.h"
#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/read.h"
#include "reports/render.h"

namespace {

using drill::BackendOptions;
using drill::ExitCode;
using drill::cli::Complain;
using gate::Error;
using gate::ErrorCode;
using gate::Result;

struct Options {
  std::vector<std::string> scenarios = {"scenarios"};
  std::vector<std::string> only;
  int jobs = 4;
  int repeat = 1;
  std::string report = "drill-report";
  std::string sign;     // file of the private key; empty: the report is not signed
  std::string history;  // file; empty: the run is not remembered
  std::string profile = "commit";
  std::vector<std::string> with;       // report folders of other runs
  std::vector<std::string> approvals;  // signed report folders that people have approved
  std::string approvers;               // file: whose approvals count
  enum class Timeline { kHidden, kShown } timeline = Timeline::kHidden;
  BackendOptions backend;
};

// What backends are made of.
struct Machine {
  gate::SystemRuntime runtime;
  gate::SystemFiles files;
  gate::SystemProcessRunner processes{runtime};
};

// Where the programs and the manifests beside this program are.
Result<drill::KindPaths> FindPaths() {
  std::error_code error;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return Error{ErrorCode::kUnavailable, "finding this program's own files: " + error.message()};
  }
  return drill::FindKindPaths(executable.string());
}

Result<std::unique_ptr<drill::Backend>> MakeSimBackend(const BackendOptions& options,
                                                       Machine& machine) {
  auto argo = drill::sim::ParseArgoVersion(options.argo_version);
  if (!argo) return std::move(argo).error().Wrap("--argo-version");
  auto paths = FindPaths();
  if (!paths) return std::move(paths).error();
  const std::string manifests = paths->files + "/scenario";
  drill::sim::SimBackend::Options made{options.seed, *argo, {}};
  made.replay = [&machine, manifests](const drill::Scenario& scenario) {
    return drill::sim::ReplayScenario(machine.files, manifests, scenario);
  };
  return std::unique_ptr<drill::Backend>(
      std::make_unique<drill::sim::SimBackend>(made, manifests, machine.files));
}

Result<std::unique_ptr<drill::Backend>> MakeKindBackend(const BackendOptions& options,
                                                        Machine& machine) {
  auto paths = FindPaths();
  if (!paths) return std::move(paths).error();
  const drill::ClusterConnector connect = [&machine](const std::string& kubeconfig) {
    return drill::ConnectCluster(machine.files, machine.runtime, kubeconfig);
  };
  // Not of options.seed: two runs with the same seed must not meet, and the token is a secret.
  gate::Rng rng(gate::SeedFromOs());
  return std::unique_ptr<drill::Backend>(std::make_unique<drill::KindBackend>(
      options, *std::move(paths),
      drill::KindBackend::Parts{machine.runtime, machine.files, machine.processes, connect, rng}));
}

// The one place that knows which backends there are.
Result<std::unique_ptr<drill::Backend>> MakeBackend(const BackendOptions& options,
                                                    Machine& machine) {
  if (options.backend == "sim") return MakeSimBackend(options, machine);
  if (options.backend == "kind") return MakeKindBackend(options, machine);
  return Error{
      ErrorCode::kInvalidArgument,
      fmt::format("backend \"{}\" is not part of this build of gate-drill", options.backend)};
}

void WriteToStdout(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

bool StdoutIsTerminal() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && terminal != nullptr && std::string(terminal) != "dumb";
}

int TerminalColumns() {
  struct winsize size {};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

// A file has room for more than a narrow terminal.
std::size_t TimelineColumns() {
  return StdoutIsTerminal() ? static_cast<std::size_t>(TerminalColumns()) : drill::kTimelineColumns;
}

void PrintTimelines(const reports::RunResult& run) {
  for (const reports::ScenarioResult& scenario : run.scenarios) {
    if (!scenario.started) continue;
    WriteToStdout("\n" + drill::RenderTimeline(scenario.id + ": " + scenario.title,
                                               scenario.timeline, TimelineColumns()));
  }
}

std::unique_ptr<drill::ProgressView> MakeProgress(gate::Runtime& runtime) {
  if (StdoutIsTerminal()) {
    return std::make_unique<drill::LiveProgress>(WriteToStdout, runtime, TerminalColumns);
  }
  return std::make_unique<drill::PlainProgress>(WriteToStdout, runtime);
}

// 20260301T120000Z-1a2b3c4d: sorts by time, and two runs never share one.
std::string NewRunId(gate::WallTime now) {
  std::string stamp = gate::FormatRfc3339(now, 0);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}-{:08x}", stamp, gate::SeedFromOs() & 0xFFFFFFFFU);
}

Result<std::unique_ptr<reports::Journal>> StartJournal(const std::string& folder) {
  if (auto made = reports::MakeFolder(folder); !made) return std::move(made).error();
  if (auto moved = reports::SetJournalAside(folder); !moved) return std::move(moved).error();
  if (auto moved = reports::SetAttestationsAside(folder); !moved) return std::move(moved).error();
  return reports::Journal::Create(reports::JournalPath(folder));
}

// The results of other runs that are to count in this one.
Result<std::vector<reports::Proof>> LoadProofs(const Options& options) {
  std::vector<reports::Proof> proofs;
  for (const std::string& folder : options.with) {
    std::error_code error;
    if (std::filesystem::equivalent(folder, options.report, error)) {
      return Error{ErrorCode::kInvalidArgument,
                   folder + ": is the folder that this run's report goes to"};
    }
    const auto run = reports::ReadRun(reports::JournalPath(folder));
    if (!run) return Error(run.error()).Wrap("--with");
    auto proof = reports::ProofOf(*run);
    if (!proof) return std::move(proof).error().Wrap("--with " + folder);
    proofs.push_back(*std::move(proof));
  }
  return proofs;
}

// What people have answered to other reports, as far as it counts.
Result<reports::Answers> LoadAnswers(const Options& options) {
  reports::Answers all;
  if (options.approvals.empty()) return all;
  const auto approvers = drill::cli::ReadApprovers(options.approvers);
  if (!approvers) return approvers.error();
  if (auto added = reports::AddAnswers(options.approvals, *approvers, all); !added) {
    return Error{added.error().code, "--approvals " + added.error().message};
  }
  return all;
}

// Everything about a run that is known before it begins.
reports::RunResult DescribeRun(const Options& options, const std::vector<std::string>& arguments,
                               Machine& machine, gate::WallTime now) {
  reports::RunResult head;
  head.run_id = NewRunId(now);
  head.program = "gate-drill " GATE_VERSION;
  head.program_sha256 = drill::ProgramDigest();
  const drill::GitState git =
      drill::ReadGitState(machine.processes, machine.runtime, options.scenarios.front());
  head.git_commit = git.commit;
  head.git_dirty = git.dirty;
  head.environment = drill::DescribeEnvironment();
  head.command_line = arguments;
  head.backend = options.backend.backend;
  head.seed = options.backend.seed;
  head.profile = reports::ParseProfile(options.profile).value_or(reports::Profile::kRelease);
  head.repeat = options.repeat;
  head.started = now;
  return head;
}

// Nothing if it is not to be signed.
Result<std::optional<gate::signing::SigningKey>> ReadReportKey(const Options& options) {
  if (options.sign.empty()) return std::optional<gate::signing::SigningKey>();
  auto key = drill::cli::ReadSigningKey(options.sign);
  if (!key) return std::move(key).error();
  return std::optional(*std::move(key));
}

// Compares what this run and the others did, where one was simulated and the other was not. That
// nothing can be compared is no failure of the run; the report then says "not validated".
std::vector<reports::FidelityRow> CompareWithOthers(const Options& options) {
  if (options.with.empty()) return {};
  const auto here = drill::LoadTraces(options.report);
  if (!here) return {};
  std::map<std::string, reports::FidelityRow> rows;
  for (const std::string& folder : options.with) {
    const auto there = drill::LoadTraces(folder);
    if (!there || there->empty() || there->front().backend == options.backend.backend) continue;
    const bool simulated_here = options.backend.backend == "sim";
    const auto& sim = simulated_here ? *here : *there;
    const auto& real = simulated_here ? *there : *here;
    for (const drill::Agreement& each : drill::CompareTraces(sim, real)) {
      if (auto row = drill::FidelityRowOf(each)) rows.insert_or_assign(each.scenario, *row);
    }
  }
  std::vector<reports::FidelityRow> result;
  for (auto& [scenario, row] : rows) result.push_back(std::move(row));
  return result;
}

// What GitHub shows of a step, when this is one.
void TellGitHub(const reports::RunResult& run) {
  if (const char* summary = std::getenv("GITHUB_STEP_SUMMARY"); summary != nullptr && *summary) {
    const auto told = reports::AppendToFile(summary, reports::RenderStepSummary(run));
    if (!told) Complain(told.error(), ExitCode::kPass);
  }
  const char* actions = std::getenv("GITHUB_ACTIONS");
  if (actions != nullptr && std::string_view(actions) == "true") {
    WriteToStdout(reports::RenderAnnotations(run));
  }
}

ExitCode Run(const Options& options, const std::vector<std::string>& arguments) {
  const auto key = ReadReportKey(options);
  if (!key) return Complain(key.error(), ExitCode::kInvalidInput);
  std::optional<reports::PastRuns> past;
  if (!options.history.empty()) {
    auto read = drill::cli::ReadPast(options.history, options.backend.backend);
    if (!read) return Complain(read.error(), ExitCode::kInvalidInput);
    past = *std::move(read);
  }
  const auto set = drill::LoadScenarios(options.scenarios);
  if (!set) return Complain(set.error(), ExitCode::kInvalidInput);
  const auto selected = drill::SelectScenarios(*set, options.only, options.backend.backend);
  if (!selected) return Complain(selected.error(), ExitCode::kInvalidInput);
  auto proofs = LoadProofs(options);
  if (!proofs) return Complain(proofs.error(), ExitCode::kInvalidInput);
  auto answers = LoadAnswers(options);
  if (!answers) return Complain(answers.error(), ExitCode::kInvalidInput);
  Machine machine;
  const auto backend = MakeBackend(options.backend, machine);
  if (!backend) return Complain(backend.error(), ExitCode::kInvalidInput);
  auto journal = StartJournal(options.report);
  if (!journal) return Complain(journal.error(), ExitCode::kInvalidInput);

  gate::SystemRuntime& runtime = machine.runtime;
  gate::SignalStop signals;
  std::stop_source stop;
  const std::stop_callback on_signal(signals.token(), [&] { stop.request_stop(); });
  std::unique_ptr<drill::ProgressView> progress = MakeProgress(runtime);
  using Pace = drill::Recorder::Pace;
  drill::Recorder recorder(**journal, *progress, runtime, stop,
                           options.backend.backend == "sim" ? Pace::kAtItsEnd : Pace::kAsItHappens);

  reports::RunResult head = DescribeRun(options, arguments, machine, runtime.WallNow());
  head.proofs = *std::move(proofs);
  head.past = std::move(past);
  head.approvals = std::move(answers->approvals);
  head.ignored_approvals = std::move(answers->ignored);
  drill::DescribeScenarios(*set, *selected, options.only, head);
  recorder.RunStart(head);
  // From now on the folder's report speaks of this run, whatever happens to it.
  if (auto first = reports::WriteReport(options.report); !first) {
    return Complain(first.error(), ExitCode::kInvalidInput);
  }
  drill::RunOptions run_options;
  run_options.jobs = options.jobs;
  run_options.repeat = options.repeat;
  const auto ran = drill::RunScenarios(*set, *selected, **backend, runtime, recorder, run_options,
                                       stop.get_token());
  if (signals.signal() != 0) recorder.RunTrouble("stopped by a signal");
  if (const auto rows = CompareWithOthers(options); !rows.empty()) recorder.RunFidelity(rows);
  recorder.RunEnd();
  progress.reset();

  if (const auto failure = recorder.failure()) return Complain(*failure, ExitCode::kInternal);
  const auto result = reports::WriteReport(options.report);
  if (!result) return Complain(result.error(), ExitCode::kInternal);
  journal->reset();  // it is complete
  if (*key) {
    const auto sealed = reports::SignReport(options.report, **key);
    if (!sealed) return Complain(sealed.error(), ExitCode::kInternal);
  }
  if (!options.history.empty()) {
    // What the run proves does not hang on whether it is remembered.
    const auto recorded = drill::cli::RecordReport(options.report, options.history);
    if (!recorded) fmt::print(stderr, "not remembered: {}\n", recorded.error().message);
  }
  if (options.timeline == Options::Timeline::kShown) PrintTimelines(*result);
  fmt::print("{}", drill::Summarize(*result));
  TellGitHub(*result);
  if (signals.signal() != 0) return ExitCode::kAborted;
  if (!ran) {
    Complain(ran.error(), ExitCode::kInconclusive);
    const bool input = ran.error().code == ErrorCode::kInvalidArgument;
    return input ? ExitCode::kInvalidInput : ExitCode::kInconclusive;
  }
  // A release that lacks a proof or a person's answer has not passed, whatever was played.
  if (result->profile == reports::Profile::kRelease) {
    return drill::ExitCodeOf(reports::Decide(*result));
  }
  return drill::ExitCodeOf(*result);
}

ExitCode Check(const Options& options) {
  const auto set = drill::LoadScenarios(options.scenarios);
  if (!set) return Complain(set.error(), ExitCode::kInvalidInput);
  fmt::print("{} scenarios and {} checklist rows are sound\n", set->scenarios.size(),
             set->checklist.size());
  return ExitCode::kPass;
}

ExitCode List(const Options& options) {
  const auto set = drill::LoadScenarios(options.scenarios);
  if (!set) return Complain(set.error(), ExitCode::kInvalidInput);
  for (const drill::Scenario& scenario : set->scenarios) {
    fmt::print("{:<12} {:<9} {:<16} {}\n", scenario.id, scenario.required ? "required" : "optional",
               fmt::format("{}", fmt::join(scenario.backends, ",")), scenario.title);
  }
  return ExitCode::kPass;
}

// From `journal`, or from the folder's own if that is empty.
ExitCode Report(const std::string& folder, const std::string& journal) {
  if (!journal.empty()) {
    const auto made = reports::MakeFolder(folder);
    if (!made) return Complain(made.error(), ExitCode::kInvalidInput);
  }
  const auto run =
      reports::WriteReport(folder, journal.empty() ? reports::JournalPath(folder) : journal);
  if (!run) return Complain(run.error(), ExitCode::kInvalidInput);
  const reports::Decision decision = reports::Decide(*run);
  fmt::print("{}: {}/report.html\n", reports::ToString(decision), folder);
  return drill::ExitCodeOf(decision);
}

// Runs one of the simulator's commands.
template <typename Command, typename CommandOptions>
ExitCode InSimulator(const Command& command, const CommandOptions& options) {
  auto paths = FindPaths();
  if (!paths) return Complain(paths.error(), ExitCode::kInvalidInput);
  Machine machine;
  gate::SignalStop signals;
  using Progress = drill::sim::CommandPlace::Progress;
  return command(options,
                 {machine.runtime, machine.files, paths->files + "/scenario", WriteToStdout,
                  [](std::string_view text) { fmt::print(stderr, "{}", text); },
                  StdoutIsTerminal() ? Progress::kOneLine : Progress::kLines, signals.token(),
                  TimelineColumns()});
}

void AddScenarioOption(CLI::App& command, Options& options) {
  command
      .add_option("--scenarios,paths", options.scenarios,
                  "scenario files, or folders of them (default: scenarios)")
      ->option_text("PATH...");
}

void AddBackendOptions(CLI::App& run, BackendOptions& backend) {
  run.add_option("--backend", backend.backend, "where to play: sim, kind or cluster")
      ->check(CLI::IsMember({"sim", "kind", "cluster"}))
      ->capture_default_str();
  run.add_option("--seed", backend.seed, "for everything random (default: a new one)");
  run.add_option("--cluster", backend.cluster,
                 "an existing kind cluster (default: create one and delete it)");
  run.add_flag_callback(
      "--keep", [&backend] { backend.keep = BackendOptions::Keep::kYes; },
      "leave cluster and namespaces behind");
  run.add_option("--node-image", backend.node_image, "node image of a new kind cluster")
      ->envname("KIND_NODE_IMAGE");
  run.add_option("--argo-version", backend.argo_version,
                 "release of Argo Rollouts to install, or to simulate")
      ->capture_default_str();
  run.add_option("--argo-manifest", backend.argo_manifest,
                 "manifest of Argo Rollouts (default: of the release, from the network)")
      ->envname("ARGO_ROLLOUTS_MANIFEST");
  run.add_option("--argo-image", backend.argo_image,
                 "local image of the controller (default: the cluster pulls it)")
      ->envname("ARGO_ROLLOUTS_IMAGE");
  run.add_option("--gate-image", backend.gate_image,
                 "local image of rollout-gate (default: built from the binary beside this one)");
  run.add_option("--serve-image", backend.serve_image,
                 "local image of rollout-gate-serve (default: likewise)");
  run.add_option("--mock-image", backend.mock_image, "local image of mock-mc (default: likewise)");
  run.add_option("--kubeconfig", backend.kubeconfig, "of the cluster for --backend cluster");
  run.add_option("--context", backend.context, "in that kubeconfig");
}

int Main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  Options options;
  std::string folder;
  CLI::App app("Plays scenarios against the evidence gate and writes the readiness report.");
  app.require_subcommand(1);
  app.set_version_flag("--version", "gate-drill " GATE_VERSION);
  app.footer(
      "Exit codes: 0 passed, 1 failed, 2 inconclusive or incomplete, 3 invalid input,\n"
      "4 aborted by a signal, 5 internal error.");

  CLI::App* run = app.add_subcommand("run", "play scenarios and write the report");
  AddScenarioOption(*run, options);
  run->add_option("--only", options.only, "ids of the scenarios to play")
      ->delimiter(',')
      ->allow_extra_args(false);
  run->add_option("--jobs", options.jobs, "scenarios played at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  run->add_option("--repeat", options.repeat,
                  "times that each scenario is played, each with other random choices")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  run->add_option("--profile", options.profile,
                  "what READY has to mean: commit, proven on this backend; or release, on all\n"
                  "backends that the checklist names (--with), and approved by people")
      ->check(CLI::IsMember({"commit", "release"}))
      ->capture_default_str();
  run->add_option("--with", options.with,
                  "report folder of a run on another backend, whose results count, too")
      ->allow_extra_args(false);
  CLI::Option* approvers =
      run->add_option("--approvers", options.approvers, drill::cli::kApproversHelp)
          ->option_text("FILE");
  run->add_option("--approvals", options.approvals,
                  "signed report that people have approved: what they said counts here, too, as\n"
                  "long as it is fresh and about the same; repeatable")
      ->option_text("FOLDER")
      ->allow_extra_args(false)
      ->needs(approvers);
  run->add_option("--report", options.report, "folder for journal and reports")
      ->capture_default_str();
  run->add_flag_callback(
      "--timeline", [&options] { options.timeline = Options::Timeline::kShown; },
      "show what happened when");
  run->add_option("--sign", options.sign, "sign the report with the private key in this file")
      ->option_text("FILE");
  run->add_option("--history", options.history, "add the run to this history (gate-drill history)")
      ->option_text("FILE");
  options.backend.seed = gate::SeedFromOs();
  AddBackendOptions(*run, options.backend);
  CLI::App* check = app.add_subcommand("check", "look for mistakes in scenario files");
  AddScenarioOption(*check, options);
  CLI::App* list = app.add_subcommand("list", "list the scenarios");
  AddScenarioOption(*list, options);
  CLI::App* report = app.add_subcommand("report", "write the reports again from the journal");
  report->add_option("folder", folder, "the report folder of a run")->required();
  std::string from;
  report->add_option("--from", from, "journal to make them from (default: the folder's own)");
  drill::cli::Chosen chosen;
  drill::cli::AddFidelityCommands(app, chosen);

  drill::sim::CampaignOptions campaign_options;
  CLI::App* campaign =
      app.add_subcommand("campaign", "play random cases in the simulator against its invariants");
  drill::sim::AddCampaignOptions(*campaign, campaign_options);
  drill::sim::ReplayOptions replay_options;
  CLI::App* replay = app.add_subcommand("replay", "play a run of a campaign again");
  drill::sim::AddReplayOptions(*replay, replay_options);

  drill::cli::AddAttestCommands(app, chosen);
  drill::cli::AddHistoryCommands(app, chosen);
  drill::cli::AddServeCommand(app, chosen);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::kInvalidInput);
  }
  if (chosen) return static_cast<int>(chosen());
  options.backend.jobs = options.jobs;
  if (run->parsed()) return static_cast<int>(Run(options, arguments));
  if (check->parsed()) return static_cast<int>(Check(options));
  if (list->parsed()) return static_cast<int>(List(options));
  if (campaign->parsed()) {
    return static_cast<int>(InSimulator(drill::sim::RunCampaignCommand, campaign_options));
  }
  if (replay->parsed()) {
    return static_cast<int>(InSimulator(drill::sim::RunReplayCommand, replay_options));
  }
  return static_cast<int>(Report(folder, from));
}

}  // namespace

int main(int argc, char** argv) {
  // A reader or a terminal that goes away must not end the run before it has cleaned up. Handlers,
  // as programs started from here would inherit that a signal is ignored.
  for (const int signal : {SIGPIPE, SIGHUP}) std::signal(signal, [](int) {});
  return Main(argc, argv);
}
