#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/sim/cluster/lab.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::SizeIs;
using testing::StartsWith;

TEST(ReplicaSetControllerTest, BringsUpAsManyPodsAsAskedFor) {
  Lab lab;
  lab.Create(AReplicaSet(5));
  lab.RunFor(seconds(4));
  EXPECT_THAT(lab.PodNames(), AllOf(SizeIs(5), Each(StartsWith("demo-")), Each(SizeIs(10))));
  EXPECT_EQ(StatusOf(*lab.Get(Type::kReplicaSet, "demo")), (Json{{"replicas", 5},
                                                                 {"fullyLabeledReplicas", 5},
                                                                 {"readyReplicas", 5},
                                                                 {"availableReplicas", 5},
                                                                 {"observedGeneration", 1}}));
}

TEST(ReplicaSetControllerTest, WantsOnePodIfNothingIsSaid) {
  Lab lab;
  Json set = AReplicaSet(0);
  set["spec"].erase("replicas");
  lab.Create(set);
  lab.RunFor(seconds(1));
  EXPECT_THAT(lab.Pods(), SizeIs(1));
}

TEST(ReplicaSetControllerTest, SaysThatThereAreNoneForNoReplicas) {
  Lab lab;
  lab.Create(AReplicaSet(0));
  lab.RunFor(seconds(1));
  EXPECT_EQ(StatusOf(*lab.Get(Type::kReplicaSet, "demo")),
            (Json{{"replicas", 0}, {"observedGeneration", 1}}));
}

TEST(ReplicaSetControllerTest, OwnsItsPods) {
  Lab lab;
  const ObjectPtr set = lab.Create(AReplicaSet(1));
  lab.RunFor(seconds(1));
  const Meta& pod = lab.Pod()->meta;
  EXPECT_EQ(pod.labels, (StringMap{{"app", "demo"}}));
  ASSERT_NE(pod.Controller(), nullptr);
  EXPECT_EQ(*pod.Controller(), (OwnerReference{"apps/v1", "ReplicaSet", "demo", set->meta.uid}));
}

TEST(ReplicaSetControllerTest, DoesNotCreateTwiceWhileItsCacheIsBehind) {
  Lab lab;
  lab.cluster.controller_link().base = seconds(1);
  lab.Create(AReplicaSet(3));
  // Something makes it look again before it has seen its own pods.
  for (int i = 0; i < 5; ++i) {
    lab.RunFor(milliseconds(300));
    lab.PatchSpec(Type::kReplicaSet, "demo", {{"minReadySeconds", i % 2}});
  }
  lab.RunFor(seconds(20));
  EXPECT_EQ(lab.pods_created, 3);
}

TEST(ReplicaSetControllerTest, DoesNotDeleteTwiceWhileItsCacheIsBehind) {
  Lab lab;
  lab.Create(AReplicaSet(6));
  lab.RunFor(seconds(5));
  lab.cluster.controller_link().base = seconds(1);
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 4}});
  for (int i = 0; i < 5; ++i) {
    lab.RunFor(milliseconds(300));
    lab.PatchSpec(Type::kReplicaSet, "demo", {{"minReadySeconds", i % 2}});
  }
  lab.RunFor(seconds(20));
  EXPECT_EQ(lab.ReadyPods(), 4U);
  EXPECT_EQ(lab.pods_created, 6);
}

TEST(ReplicaSetControllerTest, DeletesUnscheduledPodsFirst) {
  Lab lab;
  lab.Create(AReplicaSet(3));
  lab.RunFor(seconds(5));
  const auto ready = lab.PodNames();
  lab.cluster.SetScheduling(Cluster::Scheduling::kClosed);
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 5}});
  lab.RunFor(seconds(1));
  ASSERT_THAT(lab.Pods(), SizeIs(5));
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 3}});
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.PodNames(), ready);
}

TEST(ReplicaSetControllerTest, DeletesUnreadyPodsBeforeReadyOnes) {
  Lab lab;
  lab.Create(AReplicaSet(3));
  lab.RunFor(seconds(5));
  const auto ready = lab.PodNames();
  lab.runtime.behaviours["app"].ready = false;  // of those to come
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 5}});
  lab.RunFor(seconds(5));
  ASSERT_EQ(lab.ReadyPods(), 3U);
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 3}});
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.PodNames(), ready);
}

TEST(ReplicaSetControllerTest, DeletesTheNewestOfReadyPods) {
  Lab lab;
  lab.Create(AReplicaSet(2));
  lab.RunFor(seconds(200));
  const auto old = lab.PodNames();
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 4}});
  lab.RunFor(seconds(20));
  ASSERT_EQ(lab.ReadyPods(), 4U);
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 3}});
  lab.RunFor(seconds(5));
  EXPECT_THAT(lab.PodNames(), AllOf(SizeIs(3), IsSupersetOf(old)));
}

TEST(ReplicaSetControllerTest, DeletesTheCheapestOfReadyPods) {
  Lab lab;
  lab.Create(AReplicaSet(3));
  lab.RunFor(seconds(5));
  Object cheap = *lab.Pods()[1];
  cheap.meta.annotations["controller.kubernetes.io/pod-deletion-cost"] = "-1";
  ASSERT_TRUE(lab.server.Update("test", cheap, WritePart::kMain));
  auto expected = lab.PodNames();
  std::erase(expected, cheap.meta.name);
  lab.RunFor(milliseconds(100));  // the controller hears of pods and of ReplicaSets separately
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 2}});
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.PodNames(), expected);
}

TEST(ReplicaSetControllerTest, ReplacesAPodThatSomebodyDeletes) {
  Lab lab;
  lab.Create(AReplicaSet(3));
  lab.RunFor(seconds(5));
  const std::string victim = lab.PodNames().front();
  lab.Delete(Type::kPod, victim);
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.ReadyPods(), 3U);
  EXPECT_EQ(lab.pods_created, 4);
  EXPECT_EQ(lab.Get(Type::kPod, victim), nullptr);
}

TEST(ReplicaSetControllerTest, CountsAPodAsAvailableOnlyWhenItHasBeenReadyForLongEnough) {
  Lab lab;
  Json set = AReplicaSet(1);
  set["spec"]["minReadySeconds"] = 10;
  lab.Create(set);
  const auto status = [&](const char* pointer) {
    return StatusInt(lab.Get(Type::kReplicaSet, "demo"), pointer);
  };
  ASSERT_TRUE(lab.RunUntil([&] { return status("/readyReplicas") == 1; }, seconds(5)));
  lab.RunFor(milliseconds(8900));  // the API's times are rounded down to seconds
  EXPECT_EQ(status("/availableReplicas"), 0);
  lab.RunFor(milliseconds(1200));
  EXPECT_EQ(status("/availableReplicas"), 1);
}

TEST(ReplicaSetControllerTest, ReportsAQuotaAndGoesOnWhenThereIsRoom) {
  Lab lab;
  lab.Create({{"apiVersion", "v1"},
              {"kind", "ResourceQuota"},
              {"metadata", {{"name", "few"}}},
              {"spec", {{"hard", {{"pods", "2"}}}}}});
  lab.Create(AReplicaSet(3));
  lab.RunFor(seconds(30));
  EXPECT_EQ(lab.ReadyPods(), 2U);
  const Json failure = ConditionOf(*lab.Get(Type::kReplicaSet, "demo"), "ReplicaFailure");
  EXPECT_EQ(failure.value("reason", ""), "FailedCreate");
  EXPECT_THAT(failure.value("message", ""),
              HasSubstr("is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, "
                        "limited: pods=2"));
  EXPECT_TRUE(lab.HasEvent("FailedCreate: Error creating: pods \"demo-"));

  lab.PatchSpec(Type::kResourceQuota, "few", {{"hard", {{"pods", "3"}}}});
  lab.RunFor(seconds(60));
  EXPECT_EQ(lab.ReadyPods(), 3U);
  EXPECT_EQ(ConditionOf(*lab.Get(Type::kReplicaSet, "demo"), "ReplicaFailure"), nullptr);
}

TEST(ReplicaSetControllerTest, DoesNothingWhileTheControllersAreStopped) {
  Lab lab;
  lab.cluster.StopControllers();
  lab.Create(AReplicaSet(3));
  lab.RunFor(seconds(30));
  EXPECT_EQ(lab.pods_created, 0);
  lab.cluster.StartControllers();
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.ReadyPods(), 3U);
}

TEST(ReplicaSetControllerTest, ActsOnAChangeWhenItHearsOfIt) {
  Lab lab;
  lab.Create(AReplicaSet(1));
  lab.RunFor(seconds(5));
  lab.cluster.controller_link().stalled_until = lab.world.Now() + seconds(400);
  lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 2}});
  lab.RunFor(seconds(399));
  EXPECT_EQ(lab.pods_created, 1);  // it has not heard of the change
  lab.RunFor(seconds(6));
  EXPECT_EQ(lab.pods_created, 2);
}

TEST(ReplicaSetControllerTest, GoesTheSameWayForTheSameSeed) {
  const auto hash_of = [](std::uint64_t seed) {
    Lab lab(seed);
    lab.Create(AReplicaSet(10));
    lab.RunFor(seconds(10));
    lab.PatchSpec(Type::kReplicaSet, "demo", {{"replicas", 4}});
    lab.RunFor(seconds(10));
    return lab.world.trace().Hex();
  };
  EXPECT_EQ(hash_of(7), hash_of(7));
  EXPECT_NE(hash_of(7), hash_of(8));
}

}  // namespace
}  // namespace drill::sim
