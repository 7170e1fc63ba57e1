#include <gmock/gmock.h>

#include "tests/unit/sim/cluster/lab.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// "Failed/DeadlineExceeded", in order.
std::vector<std::string> ConditionsOf(const ObjectPtr& job) {
  std::vector<std::string> found;
  const Json& status = StatusOf(*job);
  if (!status.contains("conditions")) return found;
  for (const Json& condition : status["conditions"]) {
    EXPECT_EQ(condition["status"], "True");
    found.push_back(condition.value("type", "") + "/" + condition.value("reason", ""));
  }
  return found;
}

class JobControllerTest : public testing::Test {
 protected:
  JobControllerTest() {
    lab.runtime.behaviours["pass"] = {.ends_after = seconds(2), .exit_code = 0};
    lab.runtime.behaviours["fail"] = {.ends_after = seconds(2), .exit_code = 1};
    lab.runtime.behaviours["stubborn"].on_term = FakeRuntime::Behaviour::OnTerm::kIgnoresIt;
  }
  ObjectPtr Job() const { return lab.Get(Type::kJob, "check"); }
  bool RunUntilCondition(const std::string& type, gate::Nanos at_most) {
    return lab.RunUntil([&] { return !ConditionOf(*Job(), type).is_null(); }, at_most);
  }

  Lab lab;
};

TEST_F(JobControllerTest, CompletesWhenItsPodHasSucceeded) {
  lab.Create(AJob({{"backoffLimit", 0}}, APodSpec("pass")));
  lab.RunFor(seconds(2));
  EXPECT_EQ(StatusInt(Job(), "/active"), 1);
  EXPECT_THAT(ConditionsOf(Job()), IsEmpty());
  lab.RunFor(seconds(6));
  EXPECT_THAT(ConditionsOf(Job()),
              ElementsAre("SuccessCriteriaMet/CompletionsReached", "Complete/CompletionsReached"));
  EXPECT_EQ(ConditionOf(*Job(), "Complete")["message"],
            "Reached expected number of succeeded pods");
  const Json& status = StatusOf(*Job());
  EXPECT_EQ(status["succeeded"], 1);
  EXPECT_FALSE(status.contains("active"));
  EXPECT_FALSE(status.contains("failed"));
  EXPECT_EQ(status["completionTime"], ConditionOf(*Job(), "Complete")["lastTransitionTime"]);
  EXPECT_EQ(status["startTime"], "2026-03-01T10:00:00Z");
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Succeeded");  // kept
}

TEST_F(JobControllerTest, LabelsItsPods) {
  const std::string uid = lab.Create(AJob({}, APodSpec("pass")))->meta.uid;
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.Pod()->meta.labels, (StringMap{{"app", "gate"},
                                               {"batch.kubernetes.io/controller-uid", uid},
                                               {"batch.kubernetes.io/job-name", "check"},
                                               {"controller-uid", uid},
                                               {"job-name", "check"}}));
  EXPECT_THAT(lab.Pod()->meta.name, StartsWith("check-"));
}

TEST_F(JobControllerTest, FailsWithItsFirstPodIfNoOtherIsAllowed) {
  lab.Create(AJob({{"backoffLimit", 0}}, APodSpec("fail")));
  lab.RunFor(seconds(8));
  EXPECT_THAT(ConditionsOf(Job()),
              ElementsAre("FailureTarget/BackoffLimitExceeded", "Failed/BackoffLimitExceeded"));
  EXPECT_EQ(ConditionOf(*Job(), "Failed")["message"],
            "Job has reached the specified backoff limit");
  EXPECT_EQ(StatusInt(Job(), "/failed"), 1);
  EXPECT_FALSE(StatusOf(*Job()).contains("completionTime"));
  lab.RunFor(seconds(600));
  EXPECT_EQ(lab.pods_created, 1);
  EXPECT_EQ(PhaseOf(*lab.Pod()), "Failed");
}

TEST_F(JobControllerTest, TriesAgainUpToItsLimitAfterLongerAndLongerWaits) {
  lab.Create(AJob({{"backoffLimit", 2}}, APodSpec("fail")));
  ASSERT_TRUE(RunUntilCondition("Failed", seconds(120)));
  EXPECT_EQ(lab.pods_created, 3);
  EXPECT_EQ(StatusInt(Job(), "/failed"), 3);
  EXPECT_THAT(lab.Pods(), SizeIs(3));
  const auto& starts = lab.runtime.started_at;
  ASSERT_THAT(starts, SizeIs(3));
  // Two seconds of running, then 10 and 20 of waiting, counted from a time in whole seconds.
  EXPECT_GT(starts[1] - starts[0], seconds(11));
  EXPECT_LT(starts[1] - starts[0], seconds(16));
  EXPECT_GT(starts[2] - starts[1], seconds(21));
  EXPECT_LT(starts[2] - starts[1], seconds(26));
}

TEST_F(JobControllerTest, SucceedsAtASecondAttempt) {
  lab.Create(AJob({{"backoffLimit", 1}}, APodSpec("fail")));
  lab.RunFor(seconds(8));
  lab.runtime.behaviours["fail"].exit_code = 0;
  ASSERT_TRUE(RunUntilCondition("Complete", seconds(60)));
  EXPECT_EQ(StatusInt(Job(), "/failed"), 1);
  EXPECT_EQ(StatusInt(Job(), "/succeeded"), 1);
}

TEST_F(JobControllerTest, IsOverItsDeadlineOnlyWhenThePodHasEnded) {
  lab.Create(AJob({{"backoffLimit", 0}, {"activeDeadlineSeconds", 30}}, APodSpec("stubborn")));
  lab.RunFor(milliseconds(28900));  // the start is rounded down to a second
  EXPECT_THAT(ConditionsOf(Job()), IsEmpty());
  lab.RunFor(seconds(2));
  EXPECT_THAT(ConditionsOf(Job()), ElementsAre("FailureTarget/DeadlineExceeded"));
  EXPECT_EQ(StatusInt(Job(), "/terminating"), 1);
  EXPECT_EQ(StatusInt(Job(), "/failed"), 1);
  EXPECT_FALSE(StatusOf(*Job()).contains("active"));
  lab.RunFor(milliseconds(3500));  // the grace period is 5 s
  EXPECT_THAT(ConditionsOf(Job()), SizeIs(1));
  lab.RunFor(seconds(5));
  EXPECT_THAT(ConditionsOf(Job()),
              ElementsAre("FailureTarget/DeadlineExceeded", "Failed/DeadlineExceeded"));
  EXPECT_EQ(ConditionOf(*Job(), "Failed")["message"],
            "Job was active longer than specified deadline");
  EXPECT_EQ(StatusInt(Job(), "/terminating"), 0);
  EXPECT_EQ(StatusInt(Job(), "/failed"), 1);
  EXPECT_EQ(lab.runtime.running, 0);
}

TEST_F(JobControllerTest, IsOverItsDeadlineEvenIfThePodNeverStarts) {
  lab.Create(AJob({{"backoffLimit", 0}, {"activeDeadlineSeconds", 30}}, APodSpec("missing")));
  lab.RunFor(seconds(35));
  EXPECT_THAT(ConditionsOf(Job()),
              ElementsAre("FailureTarget/DeadlineExceeded", "Failed/DeadlineExceeded"));
}

TEST_F(JobControllerTest, MeetsItsDeadlineIfItIsDoneBefore) {
  lab.Create(AJob({{"activeDeadlineSeconds", 30}}, APodSpec("pass")));
  lab.RunFor(seconds(60));
  EXPECT_EQ(ConditionOf(*Job(), "Failed"), nullptr);
  EXPECT_NE(ConditionOf(*Job(), "Complete"), nullptr);
}

TEST_F(JobControllerTest, CountsAPodThatSomebodyDeletesAsFailed) {
  lab.runtime.behaviours["app"].exit_code = 143;
  lab.Create(AJob({{"backoffLimit", 0}}, APodSpec("app")));
  lab.RunFor(seconds(5));
  lab.Delete(Type::kPod, lab.Pod()->meta.name);
  lab.RunFor(seconds(10));
  EXPECT_THAT(ConditionsOf(Job()),
              ElementsAre("FailureTarget/BackoffLimitExceeded", "Failed/BackoffLimitExceeded"));
}

TEST_F(JobControllerTest, CountsAPodThatVanishesAsFailed) {
  lab.Create(AJob({{"backoffLimit", 0}}, APodSpec("app")));
  lab.RunFor(seconds(5));
  ASSERT_TRUE(lab.server.Delete("test", Type::kPod, "shop", lab.Pod()->meta.name, 0));
  lab.RunFor(seconds(10));
  EXPECT_EQ(StatusInt(Job(), "/failed"), 1);
  EXPECT_NE(ConditionOf(*Job(), "Failed"), nullptr);
  EXPECT_EQ(lab.pods_created, 1);
}

TEST_F(JobControllerTest, FailsWhenContainersAreRestartedTooOften) {
  Json spec = APodSpec("fail");
  spec["restartPolicy"] = "OnFailure";
  lab.Create(AJob({{"backoffLimit", 2}}, spec));
  ASSERT_TRUE(RunUntilCondition("Failed", seconds(120)));
  EXPECT_EQ(lab.pods_created, 1);
  EXPECT_EQ(ConditionOf(*Job(), "Failed")["reason"], "BackoffLimitExceeded");
}

TEST_F(JobControllerTest, RunsAsManyPodsSideBySideAsAskedFor) {
  lab.Create(AJob({{"completions", 5}, {"parallelism", 2}}, APodSpec("pass")));
  int most = 0;
  ASSERT_TRUE(lab.RunUntil(
      [&] {
        most = std::max(most, lab.runtime.running);
        return !ConditionOf(*Job(), "Complete").is_null();
      },
      seconds(120)));
  EXPECT_EQ(most, 2);
  EXPECT_EQ(lab.pods_created, 5);
  EXPECT_EQ(StatusInt(Job(), "/succeeded"), 5);
}

TEST_F(JobControllerTest, DoesNotCreateTwiceWhileItsCacheIsBehind) {
  lab.cluster.controller_link().base = seconds(1);
  lab.Create(AJob({}, APodSpec("app")));
  lab.RunFor(milliseconds(1500));
  lab.PatchSpec(Type::kJob, "check", {{"backoffLimit", 3}});
  lab.RunFor(seconds(20));
  EXPECT_EQ(lab.pods_created, 1);
}

TEST_F(JobControllerTest, IsDeletedWithItsPodsAfterItsTtl) {
  lab.Create(AJob({{"ttlSecondsAfterFinished", 100}}, APodSpec("pass")));
  ASSERT_TRUE(RunUntilCondition("Complete", seconds(20)));
  lab.RunFor(seconds(98));
  EXPECT_NE(Job(), nullptr);
  lab.RunFor(seconds(5));
  EXPECT_EQ(Job(), nullptr);
  EXPECT_THAT(lab.Pods(), IsEmpty());
}

TEST_F(JobControllerTest, TakesItsPodsWithItWhenItIsDeleted) {
  lab.Create(AJob({}, APodSpec("app")));
  lab.RunFor(seconds(5));
  lab.Delete(Type::kJob, "check");
  lab.RunFor(seconds(5));
  EXPECT_THAT(lab.Pods(), IsEmpty());
  EXPECT_EQ(lab.runtime.running, 0);
  EXPECT_EQ(lab.pods_created, 1);
}

TEST_F(JobControllerTest, GoesOnAfterTheControllersWereStopped) {
  lab.Create(AJob({{"activeDeadlineSeconds", 30}}, APodSpec("app")));
  lab.RunFor(seconds(5));
  lab.cluster.StopControllers();
  lab.RunFor(seconds(60));
  EXPECT_THAT(ConditionsOf(Job()), IsEmpty());
  lab.cluster.StartControllers();
  lab.RunFor(seconds(5));
  EXPECT_NE(ConditionOf(*Job(), "Failed"), nullptr);
}

}  // namespace
}  // namespace drill::sim
