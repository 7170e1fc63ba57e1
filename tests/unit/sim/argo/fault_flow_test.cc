#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(FaultFlowTest, ARestartAtAnyTimeLosesNothing) {  // argo R4
  for (int at = 0; at < 40; ++at) {
    Stage stage;
    stage.DeployFirst(5, Stage::GatedCanary());
    stage.Release("v2");
    stage.RunFor(milliseconds(400) * at);
    stage.argo.Stop();
    stage.RunFor(seconds(15));
    stage.argo.Start();
    stage.RunUntil([&] { return stage.Phase() == "Healthy" && stage.SetOf("v2").available == 5; });
    EXPECT_EQ(stage.Runs().size(), 2U) << at;
    EXPECT_EQ(stage.jobs_created, 2) << at;
    EXPECT_GE(stage.least_available, 4) << at;
  }
}

TEST(FaultFlowTest, ARestartDuringTheRollbackFinishesIt) {
  for (int at = 0; at < 20; ++at) {
    Stage stage;
    stage.job_ends = {{seconds(5), false}};
    stage.DeployFirst(5, Stage::GatedCanary());
    stage.Release("v2");
    stage.RunUntil([&] { return stage.Runs()["2-1"] == "Failed"; });
    stage.RunFor(milliseconds(50) * at);
    stage.argo.Stop();
    stage.RunFor(seconds(15));
    stage.argo.Start();
    stage.RunUntil([&] {
      return stage.Status("/abort") == "true" && stage.SetOf("v1").available == 5 &&
             stage.SetOf("v2").spec == 0;
    });
  }
}

TEST(FaultFlowTest, AStoppedControllerDoesNothing) {
  Stage stage;
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.argo.Stop();
  stage.Release("v2");
  stage.RunFor(std::chrono::minutes(30));
  EXPECT_EQ(stage.SetOf("v2").spec, -1);
  EXPECT_TRUE(stage.events.empty());
}

TEST(FaultFlowTest, WhileItIsDownItDoesNotRunWhoeverStartsIt) {
  Stage stage;
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.argo.SetDown(true);
  EXPECT_FALSE(stage.argo.running());
  stage.argo.Stop();   // its lease runs out,
  stage.argo.Start();  // and another pod leads
  EXPECT_FALSE(stage.argo.running());
  stage.argo.SetDown(false);
  EXPECT_TRUE(stage.argo.running());
}

TEST(FaultFlowTest, WhatWasStoppedWhileDownStaysStopped) {
  Stage stage;
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.argo.SetDown(true);
  stage.argo.Stop();
  stage.argo.SetDown(false);
  EXPECT_FALSE(stage.argo.running());
  stage.argo.Start();
  EXPECT_TRUE(stage.argo.running());
}

class WeatherTest : public testing::TestWithParam<int> {};

// Calls fail in every way, watch events are late, lost or doubled; then all is well again.
TEST_P(WeatherTest, FailingCallsDelayButChangeNothing) {
  for (const ArgoVersion version : {ArgoVersion::k1_9, ArgoVersion::k1_10}) {
    ApiWeather weather;
    Stage stage({.version = version, .weather = &weather});
    stage.DeployFirst(5, Stage::GatedCanary());
    const auto share = static_cast<std::uint32_t>(30'000 * (1 + GetParam() % 4));
    weather.unavailable_ppm = share;
    weather.throttled_ppm = share;
    weather.conflict_ppm = share;
    weather.reset_ppm = share;
    stage.link.doubled_ppm = share;
    stage.link.jitter = milliseconds(5 + 40 * (GetParam() % 3));
    stage.link.rng = gate::Rng(static_cast<std::uint64_t>(GetParam()));
    stage.job_ends = {{seconds(5), GetParam() % 2 == 0}};
    stage.Release("v2");
    stage.RunFor(std::chrono::minutes(2));
    EXPECT_GE(stage.least_available, 4);
    weather = ApiWeather{};
    stage.link.doubled_ppm = 0;
    stage.link.jitter = milliseconds(4);
    // A Job that could not be made, or was not seen, is an error: after five the rollout aborts.
    stage.RunUntil([&] {
      const bool promoted = stage.Phase() == "Healthy" && stage.SetOf("v2").available == 5;
      const bool restored = stage.Status("/abort") == "true" && stage.SetOf("v1").available == 5 &&
                            stage.SetOf("v2").spec == 0;
      return promoted || restored;
    });
    if (GetParam() % 2 == 1) {
      EXPECT_EQ(stage.Status("/abort"), "true");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, WeatherTest, testing::Range(0, 24));

TEST(FaultFlowTest, LostWatchEventsAreMadeUpForByANewList) {
  Stage stage;
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.link.lost_ppm = 1'000'000;
  stage.Release("v2");
  stage.RunFor(seconds(30));
  EXPECT_EQ(stage.SetOf("v2").spec, -1);
  stage.link.lost_ppm = 0;
  stage.argo.Stop();  // only a new list shows what was lost
  stage.argo.Start();
  stage.RunUntil([&] { return stage.Phase() == "Healthy" && stage.SetOf("v2").available == 5; });
}

// The controller writes what it changes and not what it read: somebody else's write stays.
TEST(FaultFlowTest, AnAbortByHandIsNotOverwrittenByAControllerThatHasNotSeenIt) {
  for (int at = 0; at < 30; ++at) {
    Stage stage;
    stage.DeployFirst(5, Stage::GatedCanary());
    stage.link.base = milliseconds(250);
    stage.Release("v2");
    stage.RunFor(milliseconds(300));
    stage.RunFor(milliseconds(331) * at);
    if (stage.Status("/stableRS") == stage.Status("/currentPodHash")) continue;  // not begun
    stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", true}}}}, WritePart::kStatus);
    stage.RunUntil([&] {
      return stage.Status("/phase") == "Degraded" && stage.SetOf("v1").available == 5 &&
             stage.SetOf("v2").spec == 0;
    });
    EXPECT_EQ(stage.Status("/abort"), "true") << at;
  }
}

TEST(FaultFlowTest, EventsOfOneObjectAreLimited) {
  Stage stage;
  Json canary{{"maxSurge", 1}, {"maxUnavailable", 0}, {"steps", {{{"setWeight", 50}}}}};
  stage.DeployFirst(30, canary);
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  // 60 scalings and more were reported; a cluster keeps 25 at once and one more every 5 minutes.
  EXPECT_LE(stage.events.size(), 25U);
  EXPECT_GE(stage.events.size(), 15U);
}

}  // namespace
}  // namespace drill::sim
