// gate-drill as its user meets it: exit codes, messages, what is left behind. Without a cluster.
#include "tests/support/program.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "gate/base/strict_json.h"
#include "reports/file_io.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/reports/sample_run.h"

namespace drill {
namespace {

namespace fs = std::filesystem;
using test_support::Program;
using test_support::ProgramOutcome;
using test_support::ProgramSpec;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string AScenario(const std::string& id, const std::string& title = "title: It works") {
  return "apiVersion: drill/v1\nkind: Scenario\nid: " + id + "\n" + title +
         "\nworld:\n  releases: {stable: shop-1.4.0, canary: shop-1.5.0}\n  mc: {}\n"
         "expect: [{id: no, never: {event: promoted}}]\n";
}

// Runs in a folder of its own, with a PATH and a folder for temporary files in there.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    for (const char* name : {"bin", "tmp", "scenarios"}) {
      fs::create_directory(folder_.path() + "/" + name);
    }
  }

  ProgramSpec Drill(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), GATE_DRILL_PROGRAM);
    return {std::move(arguments),
            folder_.path(),
            {{"PATH", folder_.path() + "/bin"}, {"TMPDIR", folder_.path() + "/tmp"}}};
  }
  ProgramOutcome Run(std::vector<std::string> arguments) const {
    return test_support::RunProgram(Drill(std::move(arguments)));
  }

  // The names in a folder, or "-" for one that is not there.
  std::set<std::string> NamesIn(const std::string& name) const {
    const fs::path path = folder_.path() + "/" + name;
    if (!fs::exists(path)) return {"-"};
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) names.insert(entry.path().filename());
    return names;
  }
  std::string Read(const std::string& name) const {
    const auto text = reports::ReadWholeFile(folder_.path() + "/" + name);
    return text ? *text : text.error().message;
  }

  // Bad input: exit code 3, this on stderr, and nothing made.
  void ExpectRefusal(std::vector<std::string> arguments, const std::string& message) const {
    const auto before = NamesIn(".");
    const ProgramOutcome outcome = Run(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.err, message + "\n");
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(NamesIn("."), before);
    EXPECT_THAT(NamesIn("tmp"), IsEmpty());
  }

  const test_support::TempFolder folder_;
};

// --- Simulated runs -----------------------------------------------------------------------------

TEST_F(ProgramTest, ASimulatedRunTellsItsSeedAndTraceAndTheSameSeedGivesTheSameTrace) {
  const auto run = [this](const std::string& seed) {
    return Run({"run", "--scenarios", SCENARIO_FOLDER, "--only", "GATE-005,GATE-022", "--seed",
                seed, "--report", "report"});
  };
  const ProgramOutcome first = run("7");
  EXPECT_EQ(first.exit_code, 0) << first.out << first.err;
  const std::size_t at = first.out.find("\nseed 7, trace ");
  ASSERT_NE(at, std::string::npos) << first.out;
  const std::string line = first.out.substr(at, first.out.find('\n', at + 1) - at);
  const std::string trace = line.substr(line.rfind(' ') + 1);
  EXPECT_EQ(trace.size(), 16U);
  EXPECT_THAT(Read("report/report.json"), HasSubstr("\"traceHash\": \"" + trace + "\""));
  EXPECT_THAT(Read("report/report.md"), HasSubstr("| trace hash | " + trace + " |"));
  EXPECT_THAT(run("7").out, HasSubstr(line));
  EXPECT_THAT(run("8").out, testing::Not(HasSubstr(trace)));
}

TEST_F(ProgramTest, TheTimelineIsShownOnRequest) {
  const std::vector<std::string> arguments = {
      "run", "--scenarios", SCENARIO_FOLDER, "--only", "GATE-022", "--seed", "7"};
  EXPECT_THAT(Run(arguments).out, testing::Not(HasSubstr("seconds  weight")));
  auto with = arguments;
  with.push_back("--timeline");
  const std::string text = Run(with).out;
  EXPECT_THAT(text, HasSubstr("   seconds  weight   stable   canary  who        what\n"));
  EXPECT_THAT(text, HasSubstr("fault      argo.restart\n"));
  EXPECT_THAT(text, HasSubstr("restored: the stable release alone\n"));
}

// A run of a campaign whose canary has no image, so that its rollout never settles.
constexpr const char* kReplayed =
    "apiVersion: drill/v1\nkind: Scenario\nid: shrunk-1-of-1\ntitle: It never settles\n"
    "backends: [sim]\nreplay: {seed: \"7\", campaignSeed: \"1\"}\n"
    "world:\n  releases: {stable: shop-1.4.0, canary: shop-1.5.0}\n"
    "  rollout: {replicas: 1, canaryImage: missing}\n  mc: {rules: []}\n"
    "timeline: [{at: 3s, do: {fault: {kind: argo.restart}}}]\n"
    "expect: [{id: invariant, never: {event: broken, invariant: settles}}]\n";

TEST_F(ProgramTest, ARunOfACampaignFailsInTheSameWayReplayedAndRun) {
  const std::string file = folder_.Add("scenarios/case.yaml", kReplayed);
  const ProgramOutcome replayed = Run({"replay", "scenarios/case.yaml", "--timeline"});
  EXPECT_EQ(replayed.exit_code, 1) << replayed.out << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr("settles broken "));
  EXPECT_THAT(replayed.out, HasSubstr("fault      argo.restart\n"));
  EXPECT_THAT(replayed.out, HasSubstr("INVARIANT  settles: "));
  const std::size_t at = replayed.out.rfind("trace ");
  ASSERT_NE(at, std::string::npos);
  const std::string trace = replayed.out.substr(at + 6, 16);

  const ProgramOutcome ran = Run({"run", "--report", "report"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(Read("report/report.json"), HasSubstr("\"traceHash\": \"" + trace + "\""));
  EXPECT_THAT(Read("report/report.json"), HasSubstr("\"invariant\": \"settles\""));
}

TEST_F(ProgramTest, AReplayThatGoesAnotherWayThanWrittenSaysSo) {
  std::string text = kReplayed;
  text.replace(text.find("\"1\"}"), 4, "\"1\", trace: \"1\"}");
  folder_.Add("case.yaml", text);
  const ProgramOutcome outcome = Run({"replay", "case.yaml"});
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.out, HasSubstr("it went another way than when it was written: "
                                     "trace 0000000000000001\n"));
}

TEST_F(ProgramTest, ReplayTakesOnlyRunsOfCampaigns) {
  folder_.Add("a.yaml", AScenario("A-1"));
  ExpectRefusal({"replay", "a.yaml"},
                "a.yaml: is no run of a campaign (it has no \"replay\"); gate-drill run plays it");
}

// --- check and list -----------------------------------------------------------------------------

TEST_F(ProgramTest, CheckFindsSoundFilesSound) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1"));
  folder_.Add("scenarios/b.yaml", AScenario("B-1"));
  const ProgramOutcome outcome = Run({"check"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "2 scenarios and 0 checklist rows are sound\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ProgramTest, CheckNamesEveryMistakeWithItsPlaceAndTheKeyThatWasMeant) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1", "titel: It works"));
  folder_.Add("scenarios/b.yaml", AScenario("B-1", "title: It works\nhorizon: 5 parsecs"));
  const ProgramOutcome outcome = Run({"check"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err,
              StartsWith("scenarios/a.yaml:1:1: \"title\" is missing\n"
                         "scenarios/a.yaml:4:1: unknown key \"titel\"; did you mean \"title\"?\n"
                         "scenarios/b.yaml:5:10: "));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 3);
}

TEST_F(ProgramTest, EveryCommandRefusesFilesThatCannotBeRead) {
  fs::create_directory(folder_.path() + "/empty");
  fs::create_directory(folder_.path() + "/scenarios/folder.yaml");
  folder_.Add("file", "");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"nowhere", "nowhere: No such file or directory"},
      {"file/inside", "file/inside: Not a directory"},
      {"empty", "empty: holds no *.yaml file"},
      {"scenarios", "scenarios/folder.yaml: is not a regular file"}};
  for (const char* command : {"check", "list", "run"}) {
    for (const auto& [path, message] : cases) {
      SCOPED_TRACE(command + (" " + path));
      ExpectRefusal({command, "--scenarios", path}, message);
    }
  }
}

TEST_F(ProgramTest, AFolderThatMayNotBeReadIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const fs::path folder = folder_.path() + "/scenarios";
  fs::permissions(folder, fs::perms::none);
  ExpectRefusal({"check"}, "scenarios: Permission denied");
  fs::permissions(folder, fs::perms::owner_all);  // so that it can be removed
}

TEST_F(ProgramTest, ListShowsEachScenarioOnALine) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1", "title: One\nrequired: false"));
  folder_.Add("scenarios/b.yaml", AScenario("B-1", "title: Two\nbackends: [kind]"));
  const ProgramOutcome outcome = Run({"list"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out,
            "A-1          optional  sim,kind         One\n"
            "B-1          required  kind             Two\n");
}

TEST_F(ProgramTest, TheProjectsOwnScenariosAreSound) {
  const ProgramOutcome outcome = Run({"check", "--scenarios", SCENARIO_FOLDER});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

// --- The command line ---------------------------------------------------------------------------

TEST_F(ProgramTest, UsageMistakesAreInvalidInput) {
  const std::string help = "\nRun with --help for more information.";
  ExpectRefusal({}, "A subcommand is required" + help);
  ExpectRefusal({"report"}, "folder is required" + help);
  ExpectRefusal({"run", "--jobs", "0"}, "--jobs: Value 0 not in range 1 to 64" + help);
  ExpectRefusal({"run", "--backend", "knid"}, "--backend: knid not in {sim,kind,cluster}" + help);
}

TEST_F(ProgramTest, TellsVersionAndHelp) {
  EXPECT_THAT(Run({"--version"}).out, StartsWith("gate-drill 0."));
  const ProgramOutcome help = Run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("Exit codes: 0 passed"));
}

// --- run ----------------------------------------------------------------------------------------

TEST_F(ProgramTest, RunRefusesAnUnknownScenarioAndNamesTheOneThatWasMeant) {
  folder_.Add("scenarios/a.yaml", AScenario("GATE-001"));
  ExpectRefusal({"run", "--only", "GTAE-001"},
                "there is no scenario \"GTAE-001\"; did you mean \"GATE-001\"?");
}

TEST_F(ProgramTest, RunRefusesMistakesInScenarios) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1") + "horizno: 1s\n");
  ExpectRefusal({"run"},
                "scenarios/a.yaml:9:1: unknown key \"horizno\"; did you mean \"horizon\"?");
}

TEST_F(ProgramTest, RunRefusesWhenTheBackendCanPlayNothing) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1", "title: t\nbackends: [sim]"));
  ExpectRefusal({"run", "--backend", "kind"}, "no scenario to play on backend kind");
}

TEST_F(ProgramTest, RunRefusesAReleaseOfArgoRolloutsThatItCannotSimulate) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1"));
  ExpectRefusal({"run", "--argo-version", "v1.8.3"},
                "--argo-version: Argo Rollouts \"v1.8.3\" cannot be simulated, only v1.9 and v1.10 "
                "can; others are played with --backend kind");
}

TEST_F(ProgramTest, RunReportsWhichArgoRolloutsItSimulated) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1"));
  for (const std::string& minor : {std::string("v1.9"), std::string("v1.10")}) {
    ASSERT_EQ(Run({"run", "--argo-version", minor + ".7"}).exit_code, 0);
    const auto report = gate::ParseStrictJson(Read("drill-report/report.json"));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->at("facts").at("argoRollouts").at("version"), minor);
  }
}

TEST_F(ProgramTest, RunPlaysAsOftenAsAskedForAndReportsEachTime) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1"));
  ASSERT_EQ(Run({"run", "--repeat", "3"}).exit_code, 0);
  const auto report = gate::ParseStrictJson(Read("drill-report/report.json"), {1U << 24U});
  ASSERT_TRUE(report) << report.error().message;
  const gate::Json& again = report->at("scenarios").at(0).at("repetitions");
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again.at(0).at("number"), 2);
  EXPECT_EQ(again.at(1).at("number"), 3);
  EXPECT_EQ(again.at(1).at("outcome"), "passed");
}

TEST_F(ProgramTest, RunRefusesAReportFolderThatIsAFile) {
  folder_.Add("scenarios/a.yaml", AScenario("A-1"));
  folder_.Add("taken", "");
  ExpectRefusal({"run", "--backend", "kind", "--report", "taken"}, "taken: Not a directory");
}

// Tools that are found on PATH instead of the real ones.
class FakeToolsTest : public ProgramTest {
 protected:
  FakeToolsTest() {
    folder_.Add("scenarios/a.yaml", AScenario("A-1"));
    const std::string fifo = folder_.path() + "/started";
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    started_ = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC);  // O_RDWR: opening does not wait
    AddTool("docker", "echo 29.0.0");
    AddTool("kubectl", "echo '{\"clientVersion\": {\"gitVersion\": \"v1.34.0\"}}'");
    AddTool("kind", "echo $$ >" + fifo + "\nexec /bin/sleep 120");
  }
  ~FakeToolsTest() override {
    if (tool_ > 0) ::kill(tool_, SIGKILL);
    ::close(started_);
  }

  void AddTool(const std::string& name, const std::string& commands) const {
    const std::string path = folder_.Add("bin/" + name, "#!/bin/sh\n" + commands + "\n");
    fs::permissions(path, fs::perms::owner_all);
  }

  // A run that hangs in a call of kind once AwaitKind has returned.
  ProgramSpec HangingRun() const {
    return Drill({"run", "--backend", "kind", "--gate-image", "gate:x", "--mock-image", "mock:x"});
  }
  void AwaitKind() {
    pollfd file{started_, POLLIN, 0};
    ASSERT_EQ(::poll(&file, 1, 30'000), 1) << "kind was not called";
    std::array<char, 32> text{};
    ASSERT_GT(::read(started_, text.data(), text.size() - 1), 0);
    tool_ = std::atoi(text.data());
    ASSERT_GT(tool_, 0);
  }

  int started_ = -1;
  pid_t tool_ = -1;  // the fake kind
};

TEST_F(FakeToolsTest, ToolsThatAreNotOnThePathAreNamedAndNothingStaysButTheReport) {
  for (const char* tool : {"docker", "kubectl", "kind"}) {
    fs::remove(folder_.path() + "/bin/" + tool);
  }
  const ProgramOutcome outcome = test_support::RunProgram(HangingRun());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err,
            "kind is not on PATH; install it (https://kind.sigs.k8s.io/#installation)\n"
            "kubectl is not on PATH; install it (https://kubernetes.io/docs/tasks/tools/)\n"
            "docker is not on PATH; install Docker Engine "
            "(https://docs.docker.com/engine/install/)\n");
  EXPECT_THAT(outcome.out, HasSubstr("\nINCOMPLETE\n0 passed, 1 failed\n"));
  EXPECT_THAT(NamesIn("tmp"), IsEmpty());
  EXPECT_THAT(NamesIn("drill-report"),
              ElementsAre("ctrf.json", "journal.jsonl", "junit.xml", "oscal.json", "report.html",
                          "report.json", "report.md"));
  EXPECT_THAT(Read("drill-report/report.md"), HasSubstr("kind is not on PATH"));
}

TEST_F(FakeToolsTest, ADockerDaemonThatDoesNotAnswerIsNamed) {
  AddTool("kind", "echo kind v0.30.0");
  AddTool("docker", "echo 'Cannot connect to the Docker daemon' >&2\nexit 1");
  const ProgramOutcome outcome = test_support::RunProgram(HangingRun());
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, StartsWith("the Docker daemon does not answer; start it"));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST_F(FakeToolsTest, AnInterruptedRunEndsItsToolsAndLeavesOnlyItsReport) {
  Program program(HangingRun());
  AwaitKind();
  program.Signal(SIGINT);
  const ProgramOutcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_NE(::kill(tool_, 0), 0) << "kind still runs";
  tool_ = -1;
  EXPECT_THAT(outcome.out, HasSubstr("stopped by a signal"));
  EXPECT_THAT(NamesIn("tmp"), IsEmpty());
  EXPECT_EQ(Run({"report", "drill-report"}).exit_code, 2);
}

TEST_F(FakeToolsTest, AKilledRunIsIncomplete) {
  Program program(HangingRun());
  AwaitKind();
  // Whoever looks meanwhile finds no report of another run.
  EXPECT_THAT(Read("drill-report/report.md"), HasSubstr("INCOMPLETE"));
  program.Signal(SIGKILL);
  EXPECT_EQ(program.Wait().signal, SIGKILL);
  // And the last thing it wrote did not make it to the disk as a whole.
  folder_.Add("drill-report/journal.jsonl",
              Read("drill-report/journal.jsonl") + R"({"hash":"0123)");

  const ProgramOutcome report = Run({"report", "drill-report"});
  EXPECT_EQ(report.exit_code, 2);
  EXPECT_EQ(report.out, "INCOMPLETE: drill-report/report.html\n");
  EXPECT_EQ(report.err, "");
  EXPECT_THAT(Read("drill-report/report.md"), HasSubstr("INCOMPLETE"));
  EXPECT_THAT(Read("drill-report/report.md"), HasSubstr("A-1"));
}

TEST_F(FakeToolsTest, ARunDoesNotTouchTheReportOfOneThatIsStillGoingOn) {
  const Program program(HangingRun());
  AwaitKind();
  const std::string journal = Read("drill-report/journal.jsonl");
  const ProgramOutcome second = test_support::RunProgram(HangingRun());
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_EQ(second.err, "drill-report: another run is still writing its report there\n");
  EXPECT_EQ(Read("drill-report/journal.jsonl"), journal);
}

TEST_F(FakeToolsTest, ANewRunKeepsTheJournalOfTheLastOne) {
  AddTool("kind", "exit 1");
  test_support::RunProgram(HangingRun());
  const std::string first = Read("drill-report/journal.jsonl");
  test_support::RunProgram(HangingRun());
  EXPECT_EQ(Read("drill-report/journal.1.jsonl"), first);
  EXPECT_NE(Read("drill-report/journal.jsonl"), first);
}

// --- compare ------------------------------------------------------------------------------------

// A trace of F-1 that came to this phase.
std::string ATrace(const std::string& backend, const std::string& controller,
                   const std::string& phase) {
  return R"({"format":"drill-trace/v1","scenario":"F-1","sha256":"a","eventsCut":false,"backend":")" +
         backend + R"(","controller":")" + controller + "\"}\n" +
         R"({"event":"rollout.phase","t":"1.0","message":"","phase":")" + phase + "\"}\n";
}

TEST_F(ProgramTest, CompareHoldsDifferencesAgainstTheListOfThoseThatAreKnown) {
  fs::create_directory(folder_.path() + "/sim");
  fs::create_directory(folder_.path() + "/real");
  folder_.Add("sim/F-1.jsonl", ATrace("sim", "", "Healthy"));
  folder_.Add("real/F-1.jsonl", ATrace("kind", "argo-rollouts:v1.10.1", "Degraded"));
  folder_.Add("list.yaml", "- {scenario: F-1, argo: ['1.10'], track: rollout, reason: A reason}\n");
  folder_.Add("empty.yaml", "[]\n");
  EXPECT_EQ(Run({"compare", "sim", "real"}).exit_code, 1);

  const ProgramOutcome listed = Run({"compare", "sim", "real", "--divergences", "list.yaml"});
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_EQ(listed.err, "");
  EXPECT_THAT(listed.out, HasSubstr("0 of 1 agree"));

  const ProgramOutcome unlisted = Run({"compare", "sim", "real", "--divergences", "empty.yaml"});
  EXPECT_EQ(unlisted.exit_code, 1);
  EXPECT_EQ(unlisted.err, "F-1 on 1.10: rollout differs, which is not listed\n");

  folder_.Add("sim/F-1.jsonl", ATrace("sim", "", "Degraded"));
  const ProgramOutcome gone = Run({"compare", "sim", "real", "--divergences", "list.yaml"});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_EQ(gone.err, "list.yaml:1:3: F-1 on 1.10: rollout agrees; delete this entry\n");
}

TEST_F(ProgramTest, CompareRefusesAListThatCannotBeRead) {
  fs::create_directory(folder_.path() + "/sim");
  folder_.Add("sim/F-1.jsonl", ATrace("sim", "", "Healthy"));
  folder_.Add("list.yaml", "- {scenario: F-1, argo: ['1.10'], track: jobs}\n");
  ExpectRefusal({"compare", "sim", "sim", "--divergences", "nowhere.yaml"},
                "nowhere.yaml: No such file or directory");
  ExpectRefusal({"compare", "sim", "sim", "--divergences", "list.yaml"},
                "list.yaml:1:3: \"reason\" is missing");
}

TEST_F(ProgramTest, ComparePrintsATableForADocument) {
  fs::create_directory(folder_.path() + "/sim");
  fs::create_directory(folder_.path() + "/real");
  folder_.Add("sim/F-1.jsonl", ATrace("sim", "", "Healthy"));
  folder_.Add("real/F-1.jsonl", ATrace("kind", "argo-rollouts:v1.9.2", "Healthy"));
  const ProgramOutcome table = Run({"compare", "sim", "real", "--markdown"});
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_THAT(table.out, HasSubstr("| F-1 | 1.9 | agrees | 2 |  |\n"));
}

// --- report -------------------------------------------------------------------------------------

TEST_F(ProgramTest, ReportTellsTheDecisionAndWritesAllFormats) {
  const std::vector<std::pair<reports::RunResult, std::pair<std::string, int>>> cases = {
      {reports::GreenRun(), {"READY", 0}}, {reports::SampleRun(), {"NOT READY", 1}}};
  for (const auto& [run, expected] : cases) {
    const auto& [decision, exit_code] = expected;
    folder_.Add("tmp/journal.jsonl", reports::JournalOf(run));
    const ProgramOutcome outcome = Run({"report", "tmp"});
    EXPECT_EQ(outcome.exit_code, exit_code);
    EXPECT_EQ(outcome.out, decision + ": tmp/report.html\n");
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(NamesIn("tmp"), ElementsAre("ctrf.json", "journal.jsonl", "junit.xml", "oscal.json",
                                            "report.html", "report.json", "report.md"));
    EXPECT_THAT(Read("tmp/report.md"), HasSubstr(decision));
  }
}

TEST_F(ProgramTest, ReportRefusesWhatIsNotThere) {
  ExpectRefusal({"report", "nowhere"}, "nowhere/journal.jsonl: No such file or directory");
  ExpectRefusal({"report", "scenarios"}, "scenarios/journal.jsonl: No such file or directory");
}

TEST_F(ProgramTest, ReportRefusesAJournalThatWasChanged) {
  std::string journal = reports::JournalOf(reports::SampleRun());
  const std::size_t failed = journal.find("\"failed\"");
  ASSERT_NE(failed, std::string::npos);
  const std::string before = journal.substr(0, failed);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  folder_.Add("scenarios/journal.jsonl", journal.replace(failed, 8, "\"passed\""));
  ExpectRefusal({"report", "scenarios"}, "scenarios/journal.jsonl: line " + std::to_string(line) +
                                             ": does not match its own hash: it was changed");
  EXPECT_THAT(NamesIn("scenarios"), ElementsAre("journal.jsonl"));
}

}  // namespace
}  // namespace drill
