#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "gate/adapters/beast_http_client.h"
#include "gate/base/strict_json.h"
#include "tests/support/program.h"
#include "tests/support/raw_server.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_certificates.h"
#include "tests/unit/adapters/http_test_helpers.h"

// `rollout-gate serve` as its user meets it: processes, files, sockets, and mock-mc as MC.
namespace gate {
namespace {

using test_support::Program;
using test_support::ProgramOutcome;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kScript = R"(apiVersion: mock-mc/v1
keys: [{id: mc-1, algorithm: ed25519, privateKeyFile: mc-1.pem}]
rules:
  - {id: unknown, match: {release: unknown}, respond: {status: 404}}
  - {id: captive, match: {release: captive}, respond: {status: 200, body: "<html>Log in</html>"}}
  - {id: slack, match: {path: /slack/**}, record: true}
  - {id: all, evidence: {ok: true}}
)";

class ServeProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const ProgramOutcome made = test_support::RunProgram(
        {{MOCK_MC_PROGRAM, "keygen", "--id", "mc-1", "--out-dir", folder_.path()}});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    folder_.Add("token", "a-token");
    folder_.Add("caller", "let-me-in");
  }

  std::string File(const std::string& name) const { return folder_.path() + "/" + name; }

  // Starts MC; returns its URL.
  std::string StartMc() {
    const std::string script = folder_.Add("script.yaml", kScript);
    mc_.emplace(
        test_support::ProgramSpec{{MOCK_MC_PROGRAM, "serve", script, "--listen", "127.0.0.1:0",
                                   "--admin", "127.0.0.1:0", "--print-ready"}});
    const std::string ready = mc_->ReadLine();
    const std::size_t begin = ready.find("http=") + 5;
    return "http://" + ready.substr(begin, ready.find(' ', begin) - begin);
  }

  // Writes a configuration with these further lines.
  std::string Configure(const std::string& mc_url, const std::string& more = "serve: {}\n") {
    return folder_.Add("gate.yaml", "environment: staging\nmc:\n  url: " + mc_url +
                                        "\n  tokenFile: " + File("token") +
                                        "\n  keyringFile: " + File("keyring.yaml") +
                                        "\ntiming: {budget: 300ms, backoffBase: 50ms}\n" + more);
  }

  static test_support::ProgramSpec Gate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ROLLOUT_GATE_PROGRAM);
    return {std::move(arguments)};
  }

  void Serve(const std::string& config, const std::vector<std::string>& more = {"--no-kube"}) {
    std::vector<std::string> arguments = {"serve", "--config", config, "--serve-listen=127.0.0.1:0",
                                          "--print-ready"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    gate_.emplace(Gate(std::move(arguments)));
    const std::string ready = gate_->ReadLine();
    ASSERT_THAT(ready, StartsWith("ready http")) << gate_->Wait().err;
    url_ = ready.substr(6, ready.size() - 7);
  }

  static std::string QuestionAbout(const std::string& release) {
    return Json({{"releaseId", release},
                 {"stage", "20"},
                 {"namespace", "shop"},
                 {"rollout", "demo"},
                 {"podHash", "abc"},
                 {"environment", "staging"}})
        .dump();
  }

  HttpResponse Send(HttpRequest request) {
    auto response = client_.Send(request, In(kPlenty));
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : HttpResponse{};
  }

  // The whole answer to the question about a release, which must be 200.
  Json VerdictOn(const std::string& release) {
    const HttpResponse response = Send(PostOf(url_ + "/v1/verdicts", QuestionAbout(release)));
    EXPECT_EQ(response.status, 200);
    return Json::parse(response.body);
  }

  ProgramOutcome Stop() {
    gate_->Signal(SIGTERM);
    return gate_->Wait();
  }

  test_support::TempFolder folder_;
  std::optional<Program> mc_;
  std::optional<Program> gate_;
  BeastHttpClient client_;
  std::string url_;
};

TEST_F(ServeProgramTest, ServesVerdictsUntilItIsTerminated) {
  Serve(Configure(StartMc()));
  const Json verdict = VerdictOn("shop-1.5.0");
  EXPECT_EQ(verdict.at("verdict"), "pass");
  EXPECT_THAT(Send(GetOf(url_ + "/metrics")).body,
              HasSubstr("\nrollout_gate_pass_total{environment=\"staging\"} 1\n"));
  const ProgramOutcome outcome = Stop();
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("serving on " + url_), HasSubstr("stopped")));
  const Json record = Json::parse(outcome.out);
  EXPECT_EQ(record.at("traceId"), verdict.at("traceId"));
}

TEST_F(ServeProgramTest, AnswersThatAreNoEvidenceHoldTheRelease) {
  Serve(Configure(StartMc()));
  const Json unknown = VerdictOn("unknown");
  EXPECT_EQ(unknown.at("verdict"), "inconclusive");
  EXPECT_EQ(unknown.at("reason"), "no-evidence");
  const Json captive = VerdictOn("captive");
  EXPECT_EQ(captive.at("verdict"), "inconclusive");
  const Json empty = VerdictOn("");
  EXPECT_EQ(empty.at("verdict"), "inconclusive");
  EXPECT_EQ(empty.at("reason"), "release-id-missing");
}

TEST_F(ServeProgramTest, WhenMcIsDownTheVerdictIsInconclusiveAndTheBreakerOpens) {
  Serve(Configure("http://127.0.0.1:1", "serve: {breakerFailures: 3, breakerOpenFor: 1h}\n"));
  EXPECT_EQ(VerdictOn("shop-1.5.0").at("verdict"), "inconclusive");
  while (VerdictOn("shop-1.5.0").at("reason") != "circuit-open") {
  }
  const std::string metrics = Send(GetOf(url_ + "/metrics")).body;
  EXPECT_THAT(metrics, HasSubstr("\nrollout_gate_breaker_state 2\n"));
  EXPECT_THAT(metrics,
              HasSubstr("rollout_gate_mc_request_duration_seconds_count{result=\"connect\"} 3\n"));
}

TEST_F(ServeProgramTest, ASecretThatIsMissingHoldsReleasesAndComesBackByItself) {
  const std::string config = Configure(StartMc());
  std::filesystem::remove(File("token"));
  Serve(config);
  EXPECT_EQ(VerdictOn("shop-1.5.0").at("reason"), "token-unavailable");
  EXPECT_EQ(Send(GetOf(url_ + "/healthz")).status, 200);
  EXPECT_EQ(Send(GetOf(url_ + "/readyz")).status, 200);
  folder_.Add("token", "a-token");
  EXPECT_EQ(VerdictOn("shop-1.5.0").at("verdict"), "pass");
  EXPECT_THAT(Stop().err, HasSubstr("mc.tokenFile: " + File("token")));
}

TEST_F(ServeProgramTest, OnlyCallersWithTheTokenAreAnswered) {
  Serve(Configure(StartMc(), "serve: {callerTokenFile: " + File("caller") + "}\n"));
  HttpRequest request = PostOf(url_ + "/v1/verdicts", QuestionAbout("shop-1.5.0"));
  EXPECT_EQ(Send(request).status, 401);
  request.bearer_token = Secret("let-me-in");
  EXPECT_EQ(Send(request).status, 200);
  folder_.Add("caller", "another");
  EXPECT_EQ(Send(request).status, 401);
  const ProgramOutcome outcome = Stop();
  EXPECT_THAT(outcome.err + outcome.out, Not(HasSubstr("let-me-in")));
}

TEST_F(ServeProgramTest, BadRequestsGetTheirAnswerAndYieldNoVerdict) {
  Serve(Configure(StartMc()));
  EXPECT_EQ(Send(PostOf(url_ + "/v1/verdicts", "{")).status, 400);
  const std::string large(std::size_t{10} << 20U, 'x');
  EXPECT_EQ(Send(PostOf(url_ + "/v1/verdicts", large)).status, 413);
  EXPECT_EQ(Send(GetOf(url_ + "/v1/verdicts")).status, 405);
  EXPECT_EQ(Stop().out, "") << "no audit record";
}

TEST_F(ServeProgramTest, AnApiServerThatForbidsRecordingLetsNothingPass) {
  const RawServer api([](RawPeer& peer) {
    const std::string status =
        R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","code":403})";
    while (!peer.ReadRequest().empty()) {
      peer.Send("HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(status.size()) + "\r\n\r\n" + status);
    }
  });
  const std::string kubeconfig =
      folder_.Add("kubeconfig",
                  "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                  "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
                  "users: [{name: u, user: {token: t}}]\n"
                  "clusters: [{name: c, cluster: {server: \"" +
                      api.Url("") + "\"}}]\n");
  Serve(Configure(StartMc()), {"--kubeconfig", kubeconfig});
  const Json verdict = VerdictOn("shop-1.5.0");
  EXPECT_EQ(verdict.at("verdict"), "inconclusive");
  EXPECT_EQ(verdict.at("reason"), "record-failed");
}

TEST_F(ServeProgramTest, ServesInTls) {
  const TestAuthority authority;
  const auto issued = authority.Issue({"127.0.0.1"});
  const std::string cert = folder_.Add("tls.crt", issued.cert_pem);
  const std::string key = folder_.Add("tls.key", issued.key_pem);
  Serve(Configure(StartMc(), "serve: {certFile: " + cert + ", keyFile: " + key + "}\n"));
  EXPECT_THAT(url_, StartsWith("https://"));
  BeastHttpClient client({.tls = {.ca_pem = authority.cert_pem()}});
  const auto response =
      client.Send(PostOf(url_ + "/v1/verdicts", QuestionAbout("shop-1.5.0")), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(Json::parse(response->body).at("verdict"), "pass");
}

TEST_F(ServeProgramTest, ConfigurationMistakesAreReportedWithTheirPlace) {
  const std::string config = Configure("http://127.0.0.1:1", "serve: {listn: x}\n");
  const ProgramOutcome outcome =
      test_support::RunProgram(Gate({"serve", "--no-kube", "--config", config}));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err,
            "rollout-gate: " + config + ":7:9: unknown key \"listn\"; did you mean \"listen\"?\n");
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {"--serve-listen=nowhere"}, {"--serve-cert-file=/x"}, {"--nonsense"}}) {
    std::vector<std::string> arguments = {"serve", "--no-kube", "--config", Configure("http://a")};
    arguments.insert(arguments.end(), bad.begin(), bad.end());
    const ProgramOutcome refused = test_support::RunProgram(Gate(arguments));
    EXPECT_EQ(refused.exit_code, 3) << bad[0];
    EXPECT_THAT(refused.err, StartsWith("rollout-gate: ")) << bad[0];
  }
}

TEST_F(ServeProgramTest, APortInUseHasItsOwnExitCode) {
  const std::string config = Configure("http://127.0.0.1:1");
  Serve(config);
  const std::string taken = url_.substr(7);
  const ProgramOutcome outcome = test_support::RunProgram(
      Gate({"serve", "--no-kube", "--config", config, "--serve-listen", taken}));
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_EQ(outcome.err, "rollout-gate: cannot listen on " + taken + ": Address already in use\n");
}

TEST_F(ServeProgramTest, PrintsItsConfigurationAndItsHelp) {
  const ProgramOutcome printed = test_support::RunProgram(
      Gate({"serve", "--config", Configure("http://a"), "--print-config"}));
  EXPECT_EQ(printed.exit_code, 0);
  EXPECT_THAT(printed.out, HasSubstr("\nserve:\n  listen: \"0.0.0.0:8080\""));
  const ProgramOutcome help = test_support::RunProgram(Gate({"serve", "--help"}));
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("Exit codes: 0 asked to stop"),
                              HasSubstr("ROLLOUT_GATE_SERVE_LISTEN")));
}

TEST_F(ServeProgramTest, SaysWhatIsMissingWhenItsProgramIs) {
  const std::string alone = File("rollout-gate");
  std::filesystem::copy_file(ROLLOUT_GATE_PROGRAM, alone);
  const ProgramOutcome outcome = test_support::RunProgram({{alone, "serve"}});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.err, "rollout-gate: cannot run " + File("rollout-gate-serve") +
                             ": No such file or directory; it belongs beside rollout-gate\n");
}

// mock-mc as Slack, and a port where nobody is as PagerDuty.
TEST_F(ServeProgramTest, ATestTellsEverySinkAndSaysWhatCameOfIt) {
  const std::string mc = StartMc();
  folder_.Add("slack-url", mc + "/slack/hook");
  folder_.Add("key", "0123456789abcdef0123456789abcdef");
  const std::string slack = "    - {name: releases, slack: {urlFile: " + File("slack-url") + "}}\n";
  const auto good = test_support::RunProgram(
      Gate({"notify", "test", "--config", Configure(mc, "notify:\n  sinks:\n" + slack)}));
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(good.out, "releases: delivered\n");

  const std::string pager = "    - {name: on-call, pagerduty: {routingKeyFile: " + File("key") +
                            ", url: \"http://127.0.0.1:1\"}}\n";
  const auto half = test_support::RunProgram(
      Gate({"notify", "test", "--config", Configure(mc, "notify:\n  sinks:\n" + slack + pager)}));
  EXPECT_EQ(half.exit_code, 1);
  EXPECT_THAT(half.out, StartsWith("releases: delivered\non-call: not delivered: "));
  EXPECT_THAT(half.out, Not(HasSubstr("0123456789abcdef")));
}

TEST_F(ServeProgramTest, ATestWithNobodyToTellIsAMistake) {
  const auto ended =
      test_support::RunProgram(Gate({"notify", "test", "--config", Configure("http://mc")}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.err, HasSubstr("notify.sinks is empty"));
}

}  // namespace
}  // namespace gate
