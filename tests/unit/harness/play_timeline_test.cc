#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/runner/play.h"
#include "tests/support/baton_runtime.h"
#include "tests/unit/harness/fake_backend.h"
#include "tests/unit/harness/objects.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Nanos;
using reports::Outcome;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// A canary that is promoted 20 s after the deployment (Promotes()), unless a test wants another.
class PlayTimelineTest : public testing::Test {
 protected:
  reports::ScenarioResult PlayIt(const std::string& timeline, StageScript script = Promotes()) {
    auto scenario = ParseScenario(
        "apiVersion: drill/v1\nkind: Scenario\nid: GATE-001\ntitle: t\nworld:\n"
        "  releases: {stable: shop-1.4.0, canary: shop-1.5.0}\n  mc: {}\nhorizon: 60s\n"
        "until: [{event: promoted}]\nexpect: [{id: e, eventually: {event: promoted}}]\n"
        "timeline: " +
            timeline + "\n",
        "s.yaml");
    GATE_CHECK(scenario.has_value());
    backend_.scripts["GATE-001"] = std::move(script);
    return Play(*scenario, backend_, recorder_, {}, {});
  }
  // What was sent to the API server after the deployment.
  std::vector<std::string> Requests() {
    auto requests = backend_.logs["GATE-001"].requests;
    requests.erase(requests.begin());
    return requests;
  }

  static std::vector<reports::TraceEntry> Entries(const reports::ScenarioResult& result,
                                                  const std::string& name) {
    std::vector<reports::TraceEntry> entries;
    std::copy_if(result.timeline.begin(), result.timeline.end(), std::back_inserter(entries),
                 [&](const reports::TraceEntry& entry) { return entry.name == name; });
    return entries;
  }
  static Nanos Deployed(const reports::ScenarioResult& result) {
    return Entries(result, "deployed").front().at;
  }

  test_support::BatonRuntime runtime_;
  FakeBackend backend_{runtime_};
  MemoryJournal journal_;
  MemoryView view_;
  std::stop_source stop_;
  Recorder recorder_{journal_, view_, runtime_, stop_};
};

TEST_F(PlayTimelineTest, ActsAtTheTimeAfterTheDeployment) {
  const auto result = PlayIt("[{at: 3s, do: abort}, {at: 7s, do: {scale: 9}}]");
  EXPECT_EQ(result.outcome, Outcome::kPass) << result.reason;
  EXPECT_THAT(Requests(), ElementsAre(R"(patch rollouts/demo/status {"status":{"abort":true}})",
                                      R"(patch rollouts/demo {"spec":{"replicas":9}})"));
  const auto actions = Entries(result, "action");
  ASSERT_THAT(actions, SizeIs(2));
  EXPECT_EQ(actions[0].at - Deployed(result), seconds(3));
  EXPECT_EQ(actions[1].at - Deployed(result), seconds(7));
  EXPECT_EQ(actions[0].fields, gate::Json::parse(R"({"do": "abort", "ok": true,
      "detail": "{\"status\":{\"abort\":true}}"})"));
}

TEST_F(PlayTimelineTest, ActsAfterTheFirstEventThatMatches) {
  const auto result = PlayIt("[{on: {event: verdict, stage: \"20\"}, after: 5s, do: pause}]");
  EXPECT_EQ(result.outcome, Outcome::kPass) << result.reason;
  const auto verdicts = Entries(result, "verdict");
  const auto actions = Entries(result, "action");
  ASSERT_THAT(actions, SizeIs(1));
  EXPECT_EQ(actions[0].at, verdicts.front().at + seconds(5));
}

TEST_F(PlayTimelineTest, AnActionCanFollowAnAction) {
  const auto result =
      PlayIt("[{on: {event: action, do: abort}, after: 1s, do: retry}, {at: 3s, do: abort}]");
  EXPECT_EQ(result.outcome, Outcome::kPass) << result.reason;
  EXPECT_THAT(Requests(), ElementsAre(HasSubstr("\"abort\":true"), HasSubstr("\"abort\":false")));
}

TEST_F(PlayTimelineTest, AnotherDeploymentIsOneMoreDeployedEvent) {
  const auto result = PlayIt("[{at: 3s, do: {deploy: shop-1.6.0}}]");
  const auto deployed = Entries(result, "deployed");
  ASSERT_THAT(deployed, SizeIs(2));
  EXPECT_EQ(deployed[1].fields["release"], "shop-1.6.0");
  EXPECT_EQ(deployed[1].at - deployed[0].at, seconds(3));
}

TEST_F(PlayTimelineTest, AnActionThatFailsEndsTheScenarioInconclusively) {
  StageScript script = Promotes();
  script.action = Error{ErrorCode::kUnavailable, "no answer"};
  const auto result = PlayIt("[{at: 3s, do: abort}, {at: 4s, do: retry}]", script);
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "timeline: abort: no answer");
  EXPECT_THAT(Requests(), SizeIs(1));
  const auto actions = Entries(result, "action");
  ASSERT_THAT(actions, SizeIs(1));
  EXPECT_EQ(actions[0].fields["ok"], false);
  EXPECT_EQ(backend_.logs["GATE-001"].removed, 1);
}

TEST_F(PlayTimelineTest, WithAnActionLeftUndoneItIsNoPass) {
  const auto result = PlayIt("[{at: 30s, do: abort}]");
  EXPECT_EQ(result.outcome, Outcome::kInconclusive);
  EXPECT_EQ(result.reason, "not done: abort 30s after deployed; the scenario was over before");
}

TEST_F(PlayTimelineTest, AFailureStaysOneWhateverWasLeftUndone) {
  StageScript script = Promotes();
  script.after_deploy.pop_back();
  const auto result = PlayIt("[{on: {event: restored}, do: retry}]", script);
  EXPECT_EQ(result.outcome, Outcome::kFail);
  EXPECT_THAT(result.reason, AllOf(HasSubstr("no event \"promoted\" was seen"),
                                   HasSubstr("not done: retry 0s after restored")));
}

TEST_F(PlayTimelineTest, NothingIsDoneAfterTheHorizon) {
  StageScript script = Promotes();
  script.after_deploy.pop_back();
  PlayIt("[{on: {event: deployed}, after: 60s, do: abort}, {at: 59s, do: retry}]", script);
  EXPECT_THAT(Requests(), ElementsAre(HasSubstr("\"abort\":false")));
}

}  // namespace
}  // namespace drill
