#include <gmock/gmock.h>

#include "tests/unit/sim/cluster/lab.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

Json ADeployment(int replicas) {
  Json deployment = AReplicaSet(replicas);
  deployment["kind"] = "Deployment";
  return deployment;
}

TEST(DeploymentControllerTest, IsAvailableWhenItsPodsAre) {
  Lab lab;
  lab.Create(ADeployment(2));
  lab.RunFor(std::chrono::milliseconds(500));
  EXPECT_EQ(ConditionOf(*lab.Get(Type::kDeployment, "demo"), "Available")["status"], "False");
  lab.RunFor(seconds(4));
  const ObjectPtr deployment = lab.Get(Type::kDeployment, "demo");
  EXPECT_EQ(ConditionOf(*deployment, "Available")["status"], "True");
  EXPECT_EQ(ConditionOf(*deployment, "Available")["reason"], "MinimumReplicasAvailable");
  EXPECT_EQ(StatusInt(deployment, "/observedGeneration"), 1);
  EXPECT_EQ(StatusInt(deployment, "/replicas"), 2);
  EXPECT_EQ(StatusInt(deployment, "/updatedReplicas"), 2);
  EXPECT_EQ(StatusInt(deployment, "/readyReplicas"), 2);
  EXPECT_EQ(StatusInt(deployment, "/availableReplicas"), 2);
  EXPECT_FALSE(StatusOf(*deployment).contains("unavailableReplicas"));
  EXPECT_EQ(lab.ReadyPods(), 2U);
}

TEST(DeploymentControllerTest, IsNotAvailableWhenItsPodsAreNot) {
  Lab lab;
  lab.Create(ADeployment(2));
  lab.RunFor(seconds(5));
  lab.runtime.SetReady("app", false);
  lab.RunFor(seconds(10));
  const ObjectPtr deployment = lab.Get(Type::kDeployment, "demo");
  EXPECT_EQ(ConditionOf(*deployment, "Available")["status"], "False");
  EXPECT_EQ(StatusInt(deployment, "/unavailableReplicas"), 2);
}

TEST(DeploymentControllerTest, ReplacesItsPodsWhenTheTemplateChanges) {
  Lab lab;
  lab.Create(ADeployment(2));
  lab.RunFor(seconds(5));
  const auto before = lab.PodNames();
  lab.PatchSpec(Type::kDeployment, "demo",
                {{"template", {{"metadata", {{"annotations", {{"release", "2"}}}}}}}});
  lab.RunFor(seconds(10));
  EXPECT_THAT(lab.server.List(Type::kReplicaSet, "shop"), SizeIs(2));
  EXPECT_EQ(lab.ReadyPods(), 2U);
  for (const std::string& name : before) EXPECT_EQ(lab.Get(Type::kPod, name), nullptr);
  for (const ObjectPtr& pod : lab.Pods()) EXPECT_EQ(pod->meta.Annotation("release"), "2");
  EXPECT_EQ(StatusInt(lab.Get(Type::kDeployment, "demo"), "/observedGeneration"), 2);
}

TEST(DeploymentControllerTest, Scales) {
  Lab lab;
  lab.Create(ADeployment(1));
  lab.RunFor(seconds(5));
  lab.PatchSpec(Type::kDeployment, "demo", {{"replicas", 3}});
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.ReadyPods(), 3U);
  EXPECT_THAT(lab.server.List(Type::kReplicaSet, "shop"), SizeIs(1));
}

TEST(DeploymentControllerTest, TakesAllWithItWhenItIsDeleted) {
  Lab lab;
  lab.Create(ADeployment(2));
  lab.RunFor(seconds(5));
  lab.Delete(Type::kDeployment, "demo");
  lab.RunFor(seconds(5));
  EXPECT_THAT(lab.server.List(Type::kReplicaSet, "shop"), IsEmpty());
  EXPECT_THAT(lab.Pods(), IsEmpty());
}

}  // namespace
}  // namespace drill::sim
