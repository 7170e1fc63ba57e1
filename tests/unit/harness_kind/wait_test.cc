#include "harness/kind/wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gate/adapters/system_runtime.h"
#include "tests/unit/harness_kind/fake_kube.h"

namespace drill {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

Json ARollout(const std::string& phase, int generation, const std::string& observed) {
  return {{"metadata", {{"name", "demo"}, {"generation", generation}}},
          {"spec", {{"replicas", 5}}},
          {"status",
           {{"phase", phase},
            {"message", "because"},
            {"observedGeneration", observed},
            {"availableReplicas", 3}}}};
}

class WaitForTest : public testing::Test {
 protected:
  gate::Result<Json> Wait(gate::Nanos time, std::stop_token stop = {}) {
    return WaitFor(kube_, runtime_, HealthyRollout("ns", "demo"), {runtime_.Now() + time, stop});
  }
  void Put(const Json& rollout) { kube_.Put(gate::kube::kRollouts, "ns", rollout); }

  gate::SystemRuntime runtime_;
  FakeKube kube_;
};

TEST_F(WaitForTest, WhatIsAlreadyAsAwaitedIsReturned) {
  Put(ARollout("Healthy", 3, "3"));
  const auto found = Wait(seconds(30));
  ASSERT_TRUE(found);
  EXPECT_EQ(gate::JsonString(*found, "/status/phase"), "Healthy");
}

TEST_F(WaitForTest, AChangeEndsTheWait) {
  Put(ARollout("Progressing", 3, "3"));
  const auto task = runtime_.Spawn("change", [&] {
    runtime_.Sleep({runtime_.Now() + milliseconds(50)});
    Put(ARollout("Healthy", 3, "3"));
  });
  EXPECT_TRUE(Wait(seconds(30)));
}

TEST_F(WaitForTest, HealthyAboutAnEarlierGenerationDoesNotCount) {
  Put(ARollout("Healthy", 4, "3"));
  const auto found = Wait(milliseconds(100));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, gate::ErrorCode::kDeadlineExceeded);
}

TEST_F(WaitForTest, TheErrorSaysWhatWasAwaitedAndWhatWasSeenLast) {
  Put(ARollout("Degraded", 3, "3"));
  const auto found = Wait(milliseconds(100));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("waiting for Rollout ns/demo to be Healthy"));
  EXPECT_THAT(found.error().message,
              HasSubstr("last seen: phase Degraded (because), 3 of 5 pods available"));
}

TEST_F(WaitForTest, AnObjectThatNeverAppearsIsSaidToBeMissing) {
  const auto found = Wait(milliseconds(100));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("last seen: it does not exist"));
}

TEST_F(WaitForTest, AStopEndsTheWait) {
  std::stop_source stop;
  stop.request_stop();
  const auto found = Wait(seconds(30), stop.get_token());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, gate::ErrorCode::kCancelled);
}

TEST(AwaitedTest, ADeploymentIsAvailableOnlyWhenItsLatestTemplateIs) {
  Json deployment = {
      {"metadata", {{"name", "d"}, {"generation", 2}}},
      {"spec", {{"replicas", 2}}},
      {"status", {{"observedGeneration", 2}, {"updatedReplicas", 2}, {"availableReplicas", 2}}}};
  const Awaited awaited = AvailableDeployment("ns", "d");
  EXPECT_TRUE(awaited.done(deployment));
  for (const char* field : {"observedGeneration", "updatedReplicas", "availableReplicas"}) {
    Json lesser = deployment;
    lesser["status"][field] = 1;
    EXPECT_FALSE(awaited.done(lesser)) << field;
  }
}

TEST(AwaitedTest, ADaemonSetWithoutPodsIsNotReady) {
  const Awaited awaited = ReadyDaemonSet("ns", "d");
  const auto daemon_set = [](int desired, int ready) {
    return Json{{"status", {{"desiredNumberScheduled", desired}, {"numberReady", ready}}}};
  };
  EXPECT_FALSE(awaited.done(daemon_set(0, 0)));
  EXPECT_FALSE(awaited.done(daemon_set(2, 1)));
  EXPECT_TRUE(awaited.done(daemon_set(2, 2)));
}

}  // namespace
}  // namespace drill
