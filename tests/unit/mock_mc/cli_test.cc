#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/program.h"
#include "tests/unit/mock_mc/raw_client.h"
#include "tests/unit/mock_mc/support.h"

// What a user of the program meets: exit codes, messages, files.
namespace mock_mc::testing {
namespace {

using test_support::Program;
using Outcome = test_support::ProgramOutcome;

test_support::ProgramSpec MockMc(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MOCK_MC_PROGRAM);
  return {std::move(arguments)};
}

Outcome RunProgram(std::vector<std::string> arguments) {
  return test_support::RunProgram(MockMc(std::move(arguments)));
}

class CliTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/mock_mc_cli_XXXXXX";
    directory_ = mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
    return Path(name);
  }

  std::string directory_;
};

constexpr const char* kScript =
    "apiVersion: mock-mc/v1\n"
    "keys: [{id: mc-1, algorithm: ed25519, privateKeyFile: keys/mc-1.pem}]\n"
    "rules: [{match: {release: hang}, fault: hang}, {evidence: {ok: true}}]\n";

TEST_F(CliTest, MakesKeysThatServeAndNeverOverwritesThem) {
  EXPECT_EQ(RunProgram({"keygen", "--id", "mc-1", "--out-dir", Path("keys")}).exit_code, 0);
  struct stat key {};
  ASSERT_EQ(stat(Path("keys/mc-1.pem").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777U, 0600U);
  std::ifstream keyring(Path("keys/keyring.yaml"));
  std::string first_line;
  std::getline(keyring, first_line);
  EXPECT_EQ(first_line, "apiVersion: rollout-gate/keyring/v1");
  const Outcome again = RunProgram({"keygen", "--id", "mc-1", "--out-dir", Path("keys")});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("mc-1.pem exists already"), std::string::npos) << again.err;
  const Outcome second = RunProgram({"keygen", "--id", "mc-2", "--out-dir", Path("keys")});
  EXPECT_EQ(second.exit_code, 2) << "keyring.yaml is there already";
  EXPECT_FALSE(std::filesystem::exists(Path("keys/mc-2.pem"))) << "nothing half-made is left";
}

TEST_F(CliTest, KeysCanHaveAWindow) {
  EXPECT_EQ(RunProgram({"keygen", "--id", "old", "--out-dir", directory_, "--not-before",
                        "2025-01-01T00:00:00Z", "--not-after", "2026-01-01T01:00:00+01:00"})
                .exit_code,
            0);
  std::ostringstream keyring;
  keyring << std::ifstream(Path("keyring.yaml")).rdbuf();
  EXPECT_NE(keyring.str().find("    notBefore: 2025-01-01T00:00:00.000Z\n"
                               "    notAfter: 2026-01-01T00:00:00.000Z\n"
                               "    publicKey: |\n      -----BEGIN PUBLIC KEY-----\n"),
            std::string::npos)
      << keyring.str();
  const Outcome bad =
      RunProgram({"keygen", "--id", "x", "--out-dir", Path("x"), "--not-after", "tomorrow"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_NE(bad.err.find("--not-after"), std::string::npos) << bad.err;
}

TEST_F(CliTest, RefusesBadKeygenArguments) {
  EXPECT_EQ(RunProgram({"keygen", "--id", "../x", "--out-dir", directory_}).exit_code, 2);
  EXPECT_EQ(
      RunProgram({"keygen", "--id", "x", "--algorithm", "rsa", "--out-dir", directory_}).exit_code,
      2);
  EXPECT_EQ(RunProgram({"keygen", "--id", "x", "--out-dir", "/proc/nowhere"}).exit_code, 2);
}

TEST_F(CliTest, ServesUntilItIsTerminated) {
  RunProgram({"keygen", "--algorithm", "ecdsa-p256", "--id", "mc-1", "--out-dir", Path("keys")});
  std::string text = kScript;
  text.replace(text.find("ed25519"), 7, "ecdsa-p256");
  for (const int signal : {SIGTERM, SIGINT}) {
    Program program(MockMc({"serve", Write("script.yaml", text), "--listen", "127.0.0.1:0",
                            "--admin", "127.0.0.1:0", "--print-ready"}));
    const std::string ready = program.ReadLine();
    ASSERT_TRUE(ready.starts_with("ready http=127.0.0.1:")) << ready;
    const std::size_t space = ready.find(" admin=127.0.0.1:");
    ASSERT_NE(space, std::string::npos) << ready;
    RawClient client(ready.substr(11, space - 11));
    client.Get("/v1/evidence/r?environment=test&stage=20&nonce=0123456789abcdef");
    EXPECT_EQ(ParseAnswer(client.ReadAnswer()).status, 200);
    client.Get("/v1/evidence/hang");
    const auto before = std::chrono::steady_clock::now();
    program.Signal(signal);
    EXPECT_EQ(program.Wait().exit_code, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  }
}

TEST_F(CliTest, ReportsScriptMistakesWithTheirPlace) {
  const std::string script = Write("script.yaml", "apiVersion: mock-mc/v1\nrulez: []\n");
  for (const char* command : {"check", "serve"}) {
    const Outcome outcome = RunProgram({command, script});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.err, script + ":2:1: unknown key \"rulez\"; did you mean \"rules\"?\n");
  }
  const Outcome missing = RunProgram({"check", Path("missing.yaml")});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_EQ(missing.err, "cannot read " + Path("missing.yaml") + ": No such file or directory\n");
  EXPECT_EQ(RunProgram({"check", directory_}).exit_code, 3);
}

TEST_F(CliTest, ExplainsWithoutServing) {
  const std::string script = Write("script.yaml",
                                   "apiVersion: mock-mc/v1\n"
                                   "rules: [{id: a, match: {header: {X-Run: one}},"
                                   " timeline: [{for: 10s, status: 200}, {status: 503}]}]\n");
  const std::string request = "/v1/evidence/r?stage=20";
  const Outcome good = RunProgram({"explain", script, request, "-H", "X-Run: one", "--at", "0s",
                                   "--at", "10s", "--repeat", "2", "--every", "1s"});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_NE(good.out.find("  a  answers\n"), std::string::npos) << good.out;
  EXPECT_NE(good.out.find("  11s 4 a    a/2      503"), std::string::npos) << good.out;
  const Outcome other = RunProgram({"explain", script, request});
  EXPECT_EQ(other.exit_code, 0);
  EXPECT_NE(other.out.find("  a  no: header X-Run is absent, wanted \"one\"\n"), std::string::npos)
      << other.out;
  EXPECT_EQ(RunProgram({"explain", script}).exit_code, 2);
  EXPECT_EQ(RunProgram({"explain", script, request, "--at", "soon"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"explain", script, request, "--repeat", "0"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"explain", Write("bad.yaml", "rules: []\n"), request}).exit_code, 3);
}

TEST_F(CliTest, ReportsKeyFilesThatAreMissing) {
  const Outcome outcome = RunProgram({"check", Write("script.yaml", kScript)});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err, Path("script.yaml") + ":2:55: cannot read " + Path("keys/mc-1.pem") +
                             ": No such file or directory\n");
}

TEST_F(CliTest, ReportsAPortInUse) {
  const std::string script = Write("script.yaml", "apiVersion: mock-mc/v1\n");
  Program first(MockMc(
      {"serve", script, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--print-ready"}));
  const std::string ready = first.ReadLine();
  const std::string taken = ready.substr(11, ready.find(" admin=") - 11);
  const Outcome second = RunProgram({"serve", script, "--listen", taken, "--admin", "127.0.0.1:0"});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_EQ(second.err, "mock-mc: cannot listen on " + taken +
                            ": Address already in use; end the other program or choose another "
                            "port\n");
}

TEST_F(CliTest, UsageMistakesAreExitCodeTwo) {
  EXPECT_EQ(RunProgram({}).exit_code, 2);
  EXPECT_EQ(RunProgram({"serve"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"serv", "x"}).exit_code, 2);
  const std::string script = Write("script.yaml", "apiVersion: mock-mc/v1\n");
  EXPECT_EQ(RunProgram({"serve", script, "--tls-cert", "cert.pem"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"serve", script, "--max-connections", "0"}).exit_code, 2);
}

TEST_F(CliTest, TellsVersionAndHelp) {
  EXPECT_TRUE(RunProgram({"--version"}).out.starts_with("mock-mc 0."));
  const Outcome help = RunProgram({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.out.find("keygen"), std::string::npos);
}

TEST_F(CliTest, TheExamplesAreGood) {
  ASSERT_EQ(RunProgram({"keygen", "--id", "mc-1", "--out-dir", Path("keys")}).exit_code, 0);
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MOCK_MC_EXAMPLES)) {
    const std::string copy = Path(entry.path().filename());
    std::filesystem::copy_file(entry.path(), copy);
    const Outcome outcome = RunProgram({"check", copy});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    ++checked;
  }
  EXPECT_GE(checked, 3);
}

}  // namespace
}  // namespace mock_mc::testing
