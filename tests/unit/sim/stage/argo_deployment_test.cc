#include "harness/sim/stage/argo_deployment.h"

#include <gtest/gtest.h>

#include "harness/sim/kube/fields.h"
#include "harness/sim/stage/sim_backend.h"
#include "harness/sim/stage/simulation.h"

namespace drill::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ArgoDeploymentTest : public testing::Test {
 protected:
  static Simulation::Options InPod() {
    Simulation::Options options;
    options.world.epoch = SimulatedEpoch();
    options.argo_place = Simulation::Options::ArgoPlace::kPod;
    return options;
  }

  World& world() { return simulation_.world(); }
  bool ArgoRuns() { return simulation_.argo().running(); }

  void Pass(gate::Nanos time) {
    world().Run(
        world().Now() + time, [] { return false; }, kMostEvents);
  }
  // How long it takes from now on until the controller runs, or stops.
  gate::Nanos Until(bool runs) {
    const gate::Instant start = world().Now();
    const auto ended = world().Run(
        start + std::chrono::minutes(5), [&] { return ArgoRuns() == runs; }, kMostEvents);
    EXPECT_EQ(ended, World::Ended::kDone);
    return world().Now() - start;
  }
  std::vector<ObjectPtr> Pods() { return simulation_.server().List(Type::kPod, kArgoNamespace); }
  void Delete(const Object& pod) {
    EXPECT_TRUE(simulation_.server().Delete("test", Type::kPod, kArgoNamespace, pod.meta.name));
  }
  void SetReplicas(int replicas) {
    Object deployment = *simulation_.server().Get(Type::kDeployment, kArgoNamespace, kArgoName);
    gate::Json spec = SpecOf(deployment);
    spec["replicas"] = replicas;
    deployment.spec = Share(std::move(spec));
    EXPECT_TRUE(simulation_.server().Update("test", std::move(deployment), WritePart::kMain));
  }

  static constexpr std::uint64_t kMostEvents = 1'000'000;
  static constexpr gate::Nanos kLongestRetry = milliseconds(4400);
  ScriptCache scripts_;
  Simulation simulation_{InPod(), scripts_};
};

TEST_F(ArgoDeploymentTest, TheControllerRunsAsSoonAsItsPodDoes) {
  EXPECT_FALSE(ArgoRuns());
  EXPECT_LE(Until(true), seconds(3));
  Pass(seconds(2));
  ASSERT_EQ(Pods().size(), 1U);
  EXPECT_EQ(Pods()[0]->meta.Label("app.kubernetes.io/name"), "argo-rollouts");
  const auto deployment = simulation_.server().Get(Type::kDeployment, kArgoNamespace, kArgoName);
  EXPECT_EQ(gate::JsonInt(StatusOf(*deployment), "/availableReplicas"), 1);
}

TEST_F(ArgoDeploymentTest, TheSuccessorOfADeletedPodFirstSeesTheLeaseExpire) {
  Until(true);
  Pass(seconds(10));
  Delete(*Pods()[0]);
  EXPECT_LE(Until(false), milliseconds(100));
  const gate::Nanos pause = Until(true);
  EXPECT_GT(pause, seconds(15));
  EXPECT_LT(pause, seconds(15) + kLongestRetry + seconds(3));
  EXPECT_EQ(Pods().size(), 1U);
}

TEST_F(ArgoDeploymentTest, SoDoesAProcessThatWasKilled) {
  Until(true);
  Pass(seconds(10));
  simulation_.cluster().KillPods({kArgoNamespace, {}}, /*exit_code=*/137);
  EXPECT_LE(Until(false), milliseconds(100));
  EXPECT_GT(Until(true), seconds(15));
}

TEST_F(ArgoDeploymentTest, ASecondPodLeadsOnlyAfterTheFirst) {
  Until(true);
  const std::string leader = Pods()[0]->meta.name;
  SetReplicas(2);
  Pass(seconds(60));
  ASSERT_EQ(Pods().size(), 2U);
  const Object& other = Pods()[0]->meta.name == leader ? *Pods()[1] : *Pods()[0];
  Delete(other);
  Pass(seconds(60));
  EXPECT_TRUE(ArgoRuns()) << "who does not lead stops nothing";
  Delete(*simulation_.server().Get(Type::kPod, kArgoNamespace, leader));
  Until(false);
  // It had seen the lease renewed when it last tried.
  EXPECT_GT(Until(true), seconds(15) - kLongestRetry);
}

}  // namespace
}  // namespace drill::sim
