// gate-drill's subcommands about reports as their user meets them: signing, verifying, approving,
// history, differences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "gate/base/strict_json.h"
#include "reports/file_io.h"
#include "reports/render.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/mock_mc/raw_client.h"
#include "tests/unit/reports/sample_run.h"

namespace drill {
namespace {

namespace fs = std::filesystem;
using test_support::Program;
using test_support::ProgramOutcome;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ReportProgramTest : public testing::Test {
 protected:
  test_support::ProgramSpec Drill(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), GATE_DRILL_PROGRAM);
    return {std::move(arguments), folder_.path()};
  }
  ProgramOutcome Run(std::vector<std::string> arguments) const {
    return test_support::RunProgram(Drill(std::move(arguments)));
  }
  std::string Read(const std::string& name) const {
    const auto text = reports::ReadWholeFile(folder_.path() + "/" + name);
    return text ? *text : text.error().message;
  }

  void AddReport(const std::string& name, const reports::RunResult& run) const {
    fs::create_directory(folder_.path() + "/" + name);
    folder_.Add(name + "/journal.jsonl", reports::JournalOf(run));
    ASSERT_TRUE(reports::WriteReport(folder_.path() + "/" + name));
  }

  void Keygen(const std::string& name) const {
    const ProgramOutcome outcome = Run({"keygen", "--out", name});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }

  // The report of a run, signed with ci.key.
  void AddSignedReport(const std::string& name, const reports::RunResult& run) const {
    Keygen("ci");
    AddReport(name, run);
    ASSERT_EQ(Run({"sign", name, "--key", "ci.key"}).exit_code, 0);
  }

  // approvers.yaml: Sam, in one role.
  void AddApprovers(const std::string& role, const std::string& key) const {
    std::string list = "apiVersion: gate-drill/approvers/v1\napprovers:\n  - role: " + role +
                       "\n    name: Sam\n    publicKey: |\n";
    const std::string pem = Read(key);
    for (std::size_t at = 0; at < pem.size(); at = pem.find('\n', at) + 1) {
      list += "      " + pem.substr(at, pem.find('\n', at) - at) + "\n";
    }
    folder_.Add("approvers.yaml", list);
  }

  const test_support::TempFolder folder_;
};

// --- keygen -------------------------------------------------------------------------------------

TEST_F(ReportProgramTest, KeysAreForTheirOwnerOnlyAreNotShownAndNeverOverwritten) {
  const ProgramOutcome made = Run({"keygen", "--out", "ci"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  struct stat info {};
  ASSERT_EQ(::stat((folder_.path() + "/ci.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const std::string key = Read("ci.key");
  EXPECT_THAT(key, StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_THAT(Read("ci.pub"), StartsWith("-----BEGIN PUBLIC KEY-----\n"));
  EXPECT_THAT(made.out + made.err, Not(HasSubstr(key.substr(28, 20))));

  const ProgramOutcome again = Run({"keygen", "--out", "ci", "--algorithm", "ed25519"});
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(again.err, HasSubstr("ci.key exists already"));
  EXPECT_EQ(Read("ci.key"), key);
  fs::remove(folder_.path() + "/ci.key");
  EXPECT_EQ(Run({"keygen", "--out", "ci"}).exit_code, 3) << "there is a ci.pub";
  EXPECT_FALSE(fs::exists(folder_.path() + "/ci.key"));
}

// --- sign and verify ----------------------------------------------------------------------------

TEST_F(ReportProgramTest, ARunSignsItsReportAndTheNextOneKeepsThatSignature) {
  Keygen("ci");
  const std::vector<std::string> run = {"run",      "--scenarios", SCENARIO_FOLDER, "--only",
                                        "GATE-022", "--sign",      "ci.key"};
  EXPECT_EQ(Run(run).exit_code, 0);
  const ProgramOutcome verified = Run({"verify", "drill-report", "--key", "ci.pub"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("INCOMPLETE"));
  const std::string first = Read("drill-report/report.sigstore.json");
  EXPECT_EQ(Run(run).exit_code, 0);
  EXPECT_EQ(Read("drill-report/report.sigstore.1.json"), first);
  EXPECT_EQ(Run({"verify", "drill-report", "--key", "ci.pub"}).exit_code, 0);
}

TEST_F(ReportProgramTest, ARunWhoseKeyCannotBeReadDoesNotBegin) {
  folder_.Add("bad.key", "no key at all");
  for (const char* key : {"bad.key", "nowhere.key"}) {
    const ProgramOutcome outcome =
        Run({"run", "--scenarios", SCENARIO_FOLDER, "--only", "GATE-022", "--sign", key});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_THAT(outcome.err, StartsWith(key));
    EXPECT_THAT(outcome.err, Not(HasSubstr("no key at all")));
    EXPECT_FALSE(fs::exists(folder_.path() + "/drill-report"));
  }
}

TEST_F(ReportProgramTest, OnlyWhatTheJournalSaysIsSigned) {
  Keygen("ci");
  AddReport("report", reports::SampleRun());
  const std::string truth = Read("report/report.md");
  folder_.Add("report/report.md", "READY");
  EXPECT_EQ(Run({"sign", "report", "--key", "ci.key"}).exit_code, 0);
  EXPECT_EQ(Read("report/report.md"), truth);
  EXPECT_EQ(Run({"verify", "report", "--key", "ci.pub"}).exit_code, 0);

  folder_.Add("report/report.md", "READY");
  EXPECT_EQ(Run({"sign", "report", "--key", "ci.key"}).exit_code, 3);
  EXPECT_EQ(Read("report/report.md"), "READY") << "a signed report is not touched";
}

TEST_F(ReportProgramTest, VerifySaysWhatIsNotAsItWasSigned) {
  AddSignedReport("report", reports::SampleRun());
  const ProgramOutcome good = Run({"verify", "report", "--key", "ci.pub"});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_THAT(good.out, HasSubstr("report: all 7 files are as key "));
  EXPECT_THAT(good.out, HasSubstr("NOT READY"));

  fs::remove(folder_.path() + "/report/junit.xml");
  const ProgramOutcome bad = Run({"verify", "report", "--key", "ci.pub"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_EQ(bad.out, "junit.xml: is missing\nreport: 1 of its parts is not as signed\n");
}

TEST_F(ReportProgramTest, WhatWasNotCheckedIsNotGreen) {
  AddSignedReport("report", reports::SampleRun());
  const ProgramOutcome unsigned_check = Run({"verify", "report", "--no-signature"});
  EXPECT_EQ(unsigned_check.exit_code, 2);
  EXPECT_THAT(unsigned_check.out, HasSubstr("not everything was checked"));
  const ProgramOutcome neither = Run({"verify", "report"});
  EXPECT_EQ(neither.exit_code, 3);
  EXPECT_THAT(neither.err, HasSubstr("--key FILE"));
}

TEST_F(ReportProgramTest, APrivateKeyIsNoKeyToVerifyWith) {
  AddSignedReport("report", reports::SampleRun());
  const ProgramOutcome outcome = Run({"verify", "report", "--key", "ci.key"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, StartsWith("ci.key: this is a private key"));
}

// --- approve ------------------------------------------------------------------------------------

TEST_F(ReportProgramTest, AnApprovalStandsBesideTheReportAndCountsForThoseOnTheList) {
  AddSignedReport("report", reports::SampleRun());
  Keygen("sam");
  const ProgramOutcome approved = Run({"approve", "report", "--role", "sre", "--row", "REQ-PROMOTE",
                                       "--row", "REQ-ROLLBACK-5MIN", "--key", "sam.key",
                                       "--report-key", "ci.pub", "--comment", "saw it"});
  EXPECT_EQ(approved.exit_code, 0) << approved.err;
  EXPECT_THAT(approved.out, StartsWith("report/approval-sre-"));

  EXPECT_EQ(Run({"verify", "report", "--key", "ci.pub"}).exit_code, 2) << "nobody said who counts";
  AddApprovers("sre", "sam.pub");
  const ProgramOutcome verified =
      Run({"verify", "report", "--key", "ci.pub", "--approvers", "approvers.yaml"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("approved: REQ-PROMOTE by Sam (sre) at 20"));
  EXPECT_THAT(verified.out, HasSubstr(": saw it\n"));

  folder_.Add("report/report.md", "READY");
  const ProgramOutcome changed =
      Run({"approve", "report", "--role", "sre", "--row", "REQ-PROMOTE", "--key", "sam.key"});
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.err, StartsWith("report.md: was changed"));
}

// --- sign-off -----------------------------------------------------------------------------------

TEST_F(ReportProgramTest, PeoplesAnswersMakeAReleaseReadyInAReportOfItsOwn) {
  reports::RunResult release = reports::GreenRun();
  release.profile = reports::Profile::kRelease;
  release.checklist.push_back({.id = "REQ-CONTACTS",
                               .text = "The contact tree is current",
                               .max_age = std::chrono::hours(24),
                               .role = "on-call"});
  AddSignedReport("report", release);
  Keygen("sam");
  AddApprovers("on-call", "sam.pub");
  const auto sign_off = [&](const std::string& out) {
    return Run(
        {"sign-off", "report", "--key", "ci.pub", "--approvers", "approvers.yaml", "--out", out});
  };
  const ProgramOutcome early = sign_off("early");
  EXPECT_EQ(early.exit_code, 2) << early.err;
  EXPECT_THAT(early.out, StartsWith("open: REQ-CONTACTS: on-call has not approved it\nINCOMPLETE"));

  const ProgramOutcome approved =
      Run({"approve", "report", "--role", "on-call", "--row", "REQ-CONTACTS", "--key", "sam.key",
           "--report-key", "ci.pub"});
  ASSERT_EQ(approved.exit_code, 0) << approved.err;
  const ProgramOutcome verified =
      Run({"verify", "report", "--key", "ci.pub", "--approvers", "approvers.yaml"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr(", INCOMPLETE)\nwith what people said, now READY: "));

  const ProgramOutcome ready = sign_off("signed-off");
  EXPECT_EQ(ready.exit_code, 0) << ready.out << ready.err;
  EXPECT_THAT(ready.out, StartsWith("READY: "));
  EXPECT_EQ(Run({"report", "signed-off"}).exit_code, 0);
  EXPECT_EQ(Run({"sign", "signed-off", "--key", "sam.key"}).exit_code, 0);
  EXPECT_THAT(Run({"verify", "signed-off", "--key", "sam.pub"}).out, HasSubstr(", READY)"));
  EXPECT_EQ(sign_off("signed-off").exit_code, 3) << "it is not empty";

  // A later run takes the same answer; whose key counts has to be said.
  const std::vector<std::string> run = {"run",      "--scenarios", SCENARIO_FOLDER, "--only",
                                        "GATE-022", "--approvals", "report"};
  EXPECT_EQ(Run(run).exit_code, 3);
  auto with = run;
  with.insert(with.end(), {"--approvers", "approvers.yaml"});
  EXPECT_EQ(Run(with).exit_code, 0);
  EXPECT_THAT(Read("drill-report/report.md"), HasSubstr("| REQ-CONTACTS | approved | Sam |"));
  folder_.Add("report/report.md", "READY");
  EXPECT_EQ(sign_off("changed").exit_code, 1);
  EXPECT_FALSE(fs::exists(folder_.path() + "/changed"));
}

// --- history and diff ---------------------------------------------------------------------------

TEST_F(ReportProgramTest, HistoryTellsSinceWhenARowIsRed) {
  reports::RunResult run = reports::SampleRun();
  run.scenarios[1].outcome = reports::Outcome::kPass;
  run.run_id = "run-1";
  AddReport("first", run);
  run.scenarios[1].outcome = reports::Outcome::kFail;
  run.run_id = "run-2";
  run.git_commit = "fedcba";
  run.started += std::chrono::hours(1);
  AddReport("second", run);

  EXPECT_EQ(Run({"history"}).exit_code, 3) << "there is none yet";
  EXPECT_FALSE(fs::exists(folder_.path() + "/drill-history.sqlite"));
  EXPECT_EQ(Run({"history", "--record", "first", "second"}).exit_code, 0);
  EXPECT_EQ(Run({"history", "--record", "first"}).exit_code, 0);
  const ProgramOutcome text = Run({"history"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("REQ-PROMOTE             RED since 2026-03-01T13:00:00Z, first "
                                  "failed at commit fedcba, last passed at commit 0123456789ab"));
  const auto json = gate::ParseStrictJson(Run({"history", "--json"}).out);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->at("runs").size(), 2U);
  EXPECT_EQ(json->at("backends").at("kind").at("rows").at(0).at("before").at("runId"), "run-1");
  EXPECT_EQ(json->at("backends").at("kind").at("trend").size(), 2U);

  const ProgramOutcome diff = Run({"diff", "run-1", "second"});
  EXPECT_EQ(diff.exit_code, 1);
  EXPECT_THAT(diff.out, HasSubstr("worse   row       REQ-PROMOTE: passed -> failed\n"));
  EXPECT_EQ(Run({"diff", "second", "first"}).exit_code, 0);
  EXPECT_EQ(Run({"diff", "first", "run-3"}).exit_code, 3);
  EXPECT_TRUE(gate::ParseStrictJson(Run({"diff", "first", "second", "--json"}).out));
}

TEST_F(ReportProgramTest, ARunIsRememberedOnRequest) {
  const ProgramOutcome run =
      Run({"run", "--scenarios", SCENARIO_FOLDER, "--only", "GATE-022", "--history", "h.sqlite"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(Run({"history", "--db", "h.sqlite"}).out, HasSubstr("sim"));
  folder_.Add("bad.sqlite", std::string(3000, 'x'));
  EXPECT_EQ(Run({"run", "--scenarios", SCENARIO_FOLDER, "--only", "GATE-022", "--history",
                 "bad.sqlite", "--report", "other"})
                .exit_code,
            3);
  EXPECT_FALSE(fs::exists(folder_.path() + "/other")) << "it did not begin";
  const ProgramOutcome bad = Run({"history", "--db", "bad.sqlite"});
  EXPECT_EQ(bad.exit_code, 3);
  EXPECT_THAT(bad.err, StartsWith("bad.sqlite: is no history of gate-drill"));
}

// --- serve --------------------------------------------------------------------------------------

TEST_F(ReportProgramTest, ServeShowsReportsUntilItIsStopped) {
  AddReport("report", reports::SampleRun());
  Program server(Drill({"serve", ".", "--listen", "127.0.0.1:0"}));
  const std::string url = server.ReadLine();
  ASSERT_THAT(url, StartsWith("http://127.0.0.1:"));
  const std::string address = url.substr(7, url.find('/', 7) - 7);
  const auto get = [&](const std::string& target, const std::string& host) {
    mock_mc::testing::RawClient client(address);
    client.Send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    return client.ReadAnswer();
  };
  EXPECT_THAT(get("/runs/report/files/report.json", address), HasSubstr("\"decision\""));
  EXPECT_THAT(get("/", address), HasSubstr("Content-Security-Policy: default-src 'none'"));
  EXPECT_THAT(get("/", "example.org"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(get("/runs/report/files/%2e%2e/%2e%2e/etc/hostname", address),
              StartsWith("HTTP/1.1 404"));
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait().exit_code, 0);
}

TEST_F(ReportProgramTest, ServeRefusesWhatIsNoFolderOrNoAddress) {
  EXPECT_EQ(Run({"serve", "nowhere"}).exit_code, 3);
  EXPECT_EQ(Run({"serve", ".", "--listen", "here"}).exit_code, 3);
}

}  // namespace
}  // namespace drill
