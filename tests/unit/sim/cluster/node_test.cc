#include <gmock/gmock.h>

#include "tests/unit/sim/cluster/lab.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

TEST(SchedulerTest, LetsPodsWaitWhileTheNodeTakesNone) {
  Lab lab;
  lab.cluster.SetScheduling(Cluster::Scheduling::kClosed);
  lab.Create(APod());
  lab.RunFor(seconds(30));
  const Json scheduled = ConditionOf(*lab.Pod(), "PodScheduled");
  EXPECT_EQ(scheduled["status"], "False");
  EXPECT_EQ(scheduled["reason"], "Unschedulable");
  EXPECT_EQ(scheduled["message"], "0/1 nodes are available: 1 node(s) were unschedulable.");
  EXPECT_TRUE(lab.HasEvent("FailedScheduling: 0/1 nodes are available"));
  lab.cluster.SetScheduling(Cluster::Scheduling::kOpen);
  lab.RunFor(seconds(4));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

TEST(SchedulerTest, LeavesRunningPodsAloneWhenTheNodeIsClosed) {
  Lab lab;
  lab.Create(APod());
  lab.RunFor(seconds(5));
  lab.cluster.SetScheduling(Cluster::Scheduling::kClosed);
  lab.RunFor(seconds(60));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

TEST(SchedulerTest, ForgetsAWaitingPodThatIsDeleted) {
  Lab lab;
  lab.cluster.SetScheduling(Cluster::Scheduling::kClosed);
  lab.Create(APod());
  lab.RunFor(seconds(1));
  lab.Delete(Type::kPod, "single");
  EXPECT_THAT(lab.Pods(), IsEmpty());  // nothing of it runs anywhere
  lab.cluster.SetScheduling(Cluster::Scheduling::kOpen);
  lab.RunFor(seconds(5));
  EXPECT_THAT(lab.runtime.started, IsEmpty());
}

TEST(NodeTest, IsMissedAfterAWhileAndItsPodsAreDeletedMuchLater) {
  Lab lab;
  lab.Create(AReplicaSet(2));
  lab.RunFor(seconds(5));
  lab.cluster.StopNode();
  EXPECT_EQ(lab.runtime.running, 0);
  lab.RunFor(seconds(49));
  EXPECT_EQ(lab.ReadyPods(), 2U);  // nobody knows yet
  lab.RunFor(seconds(2));
  EXPECT_EQ(lab.ReadyPods(), 0U);
  lab.RunFor(seconds(297));
  EXPECT_THAT(lab.Pods(), SizeIs(2));
  lab.RunFor(seconds(4));
  EXPECT_THAT(lab.Pods(), SizeIs(4));  // deleted, but no kubelet says that they are gone
  EXPECT_EQ(lab.ReadyPods(), 0U);
}

TEST(NodeTest, ComesBackAndRunsWhatItRanBefore) {
  Lab lab;
  lab.Create(AReplicaSet(2));
  lab.RunFor(seconds(5));
  const auto before = lab.PodNames();
  lab.cluster.StopNode();
  lab.RunFor(seconds(100));
  lab.cluster.StartNode();
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.PodNames(), before);
  EXPECT_EQ(lab.ReadyPods(), 2U);
  for (const ObjectPtr& pod : lab.Pods()) {
    EXPECT_EQ(StatusOf(*pod)["containerStatuses"][0]["restartCount"], 1);
  }
}

TEST(NodeTest, RemovesWhatWasDeletedMeanwhileAndStartsWhatIsNew) {
  Lab lab;
  lab.Create(AReplicaSet(2));
  lab.RunFor(seconds(5));
  const auto before = lab.PodNames();
  lab.cluster.StopNode();
  lab.RunFor(seconds(360));
  lab.cluster.StartNode();
  lab.RunFor(seconds(10));
  EXPECT_EQ(lab.ReadyPods(), 2U);
  EXPECT_THAT(lab.Pods(), SizeIs(2));
  for (const std::string& name : before) EXPECT_EQ(lab.Get(Type::kPod, name), nullptr);
}

TEST(NodeTest, AShortOutageIsSeenOnlyInTheRestarts) {
  Lab lab;
  lab.Create(APod());
  lab.RunFor(seconds(5));
  lab.cluster.StopNode();
  lab.RunFor(seconds(10));
  lab.cluster.StartNode();
  lab.RunFor(seconds(100));
  EXPECT_EQ(lab.ReadyPods(), 1U);
  EXPECT_EQ(StatusOf(*lab.Pod())["containerStatuses"][0]["restartCount"], 1);
}

TEST(NodeTest, RestartsAPodThatWasStarting) {
  Lab lab;
  lab.Create(APod());
  lab.RunFor(milliseconds(100));
  lab.cluster.StopNode();
  lab.RunFor(seconds(10));
  EXPECT_THAT(lab.runtime.started, IsEmpty());
  lab.cluster.StartNode();
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.ReadyPods(), 1U);
}

}  // namespace
}  // namespace drill::sim
