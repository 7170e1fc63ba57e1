#include "gate/watch/resume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/sim/argo/stage.h"

// Beside a simulated Argo Rollouts, whose gate asks over the web: only so it can be inconclusive.
namespace gate::watch {
namespace {

using drill::sim::Stage;
using drill::sim::Type;
using drill::sim::WritePart;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr const char* kPaused = "Paused: InconclusiveAnalysisRun";

class ResumeTest : public ::testing::Test {
 protected:
  ResumeTest() {
    stage_.Create(WebGate());
    stage_.DeployFirst(5, Stage::GatedCanary());
  }

  static Json WebGate() {
    return {
        {"apiVersion", "argoproj.io/v1alpha1"},
        {"kind", "AnalysisTemplate"},
        {"metadata", {{"name", "gate"}, {"namespace", "shop"}}},
        {"spec",
         {{"metrics",
           {{{"name", "evidence"},
             {"count", 1},
             {"successCondition", "result == 'pass'"},
             {"failureCondition", "result == 'fail'"},
             {"provider",
              {{"web", {{"url", "http://gate/v1/verdicts"}, {"jsonPath", "{$.verdict}"}}}}}}}}}}};
  }

  void Answer(const std::string& verdict) {
    stage_.web_answers.push_back(drill::sim::WebResponse{200, "{\"verdict\":\"" + verdict + "\"}"});
  }

  // What `rollout-gate resume` does.
  Result<ResumePlan> Resume(ResumeMode mode = ResumeMode::kDo) {
    std::optional<Result<ResumePlan>> plan;
    stage_.InProcess("resume", [&](KubeApi& kube, Runtime& runtime) {
      plan = watch::Resume(kube, "shop", "demo", mode, {runtime.Now() + seconds(10), {}});
    });
    return *plan;
  }

  Json Demo() const { return stage_.Get(Type::kRollout, "demo"); }

  Stage stage_;
};

TEST_F(ResumeTest, AsksTheSameGateAgainAndSkipsNothing) {
  Answer("inconclusive");
  stage_.Release("v2");
  stage_.RunUntil([&] { return stage_.Phase() == kPaused; });
  stage_.RunFor(minutes(20));
  ASSERT_EQ(stage_.Phase(), kPaused) << "no timer ends such a pause";
  ASSERT_EQ(stage_.web_requests.size(), 1U);

  Answer("inconclusive");
  auto plan = Resume();
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(plan->patch.is_null());
  stage_.RunUntil([&] { return stage_.web_requests.size() == 2; });
  stage_.RunUntil([&] { return stage_.Phase() == kPaused; });
  EXPECT_EQ(stage_.Step(), 1) << "asked again, the answer is the same: still at the gate";

  Answer("pass");
  ASSERT_TRUE(Resume());
  stage_.RunUntil([&] { return stage_.Phase() == "Healthy"; });
  EXPECT_THAT(stage_.Runs(), ElementsAre(Pair("2-1", "Inconclusive"), Pair("2-1.1", "Inconclusive"),
                                         Pair("2-1.2", "Successful"), Pair("2-3", "Successful")));
}

TEST_F(ResumeTest, ADryRunChangesNothing) {
  Answer("inconclusive");
  stage_.Release("v2");
  stage_.RunUntil([&] { return stage_.Phase() == kPaused; });
  stage_.RunFor(seconds(10));  // Argo notes the pause in its conditions, too
  const Json before = Demo();
  const auto plan = Resume(ResumeMode::kPlan);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->patch.at("status"), Json({{"pauseConditions", nullptr}}));
  stage_.RunFor(minutes(1));
  EXPECT_EQ(Demo(), before);
}

TEST_F(ResumeTest, WithNothingPausedItSaysSoAndChangesNothing) {
  const Json before = Demo();
  const auto plan = Resume();
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->patch.is_null());
  EXPECT_THAT(plan->why, HasSubstr("its phase is Healthy"));
  EXPECT_EQ(Demo(), before);
}

TEST_F(ResumeTest, APauseOfTheRolloutsOwnIsNotTouched) {
  stage_.web_answers = {std::nullopt};  // no answer ever
  stage_.Release("v2");
  stage_.RunUntil([&] { return stage_.Step() == 1; });
  stage_.Patch(Type::kRollout, "demo", {{"spec", {{"paused", true}}}});
  const auto plan = Resume();
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->patch.is_null());
  EXPECT_EQ(JsonIsTrue(Demo(), "/spec/paused"), true);
}

TEST(PlanResumeTest, TakesAwayOnlyThePauseOfTheGate) {
  const Json other = {{"reason", "CanaryPauseStep"}, {"startTime", "2026-03-01T12:00:00Z"}};
  const Json rollout = {{"metadata", {{"resourceVersion", "7"}}},
                        {"status",
                         {{"currentStepIndex", 1},
                          {"controllerPause", true},
                          {"pauseConditions", {other, {{"reason", "InconclusiveAnalysisRun"}}}}}}};
  const ResumePlan plan = PlanResume(rollout);
  EXPECT_EQ(plan.patch, Json({{"metadata", {{"resourceVersion", "7"}}},
                              {"status", {{"pauseConditions", {other}}}}}));
}

TEST(PlanResumeTest, SaysWhatTheRolloutDoesInstead) {
  const auto why = [](const Json& status) { return PlanResume({{"status", status}}).why; };
  EXPECT_THAT(why({{"abort", true}}), HasSubstr("aborted"));
  EXPECT_THAT(why({{"pauseConditions", {{{"reason", "CanaryPauseStep"}}}}}),
              HasSubstr("CanaryPauseStep"));
  EXPECT_THAT(why({{"canary",
                    {{"currentStepAnalysisRunStatus", {{"status", "Running"}, {"name", "r1"}}}}}}),
              HasSubstr("AnalysisRun r1"));
}

}  // namespace
}  // namespace gate::watch
