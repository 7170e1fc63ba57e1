#include "reports/moments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace reports {
namespace {

using std::chrono::seconds;

TraceEntry At(int second, const std::string& name, gate::Json fields = gate::Json::object()) {
  return {name, seconds(second), gate::WallTime(seconds(second)), gate::Nanos(0),
          std::move(fields)};
}

std::vector<TraceEntry> ARollback() {
  return {At(1, "verdict", {{"verdict", "fail"}}),  // before the deployment: of no interest
          At(2, "deployed"),
          At(3, "mc.request", {{"status", 200}, {"evidenceOk", true}}),
          At(4, "verdict", {{"verdict", "pass"}}),
          At(5, "mc.request", {{"status", 200}, {"evidenceOk", false}}),
          At(6, "verdict", {{"verdict", "fail"}}),
          At(7, "analysisrun.phase", {{"phase", "Failed"}}),
          At(8, "rollout.aborted"),
          At(9, "restored"),
          At(10, "rollout.phase", {{"phase", "Degraded"}}),
          At(11, "notice"),
          At(12, "deployed"),
          At(13, "replicas")};
}

TEST(MomentsTest, TellARollbackFromItsCauseToItsEnd) {
  const auto timeline = ARollback();
  const Moments moments = FindMoments(timeline);
  ASSERT_EQ(moments.deployed, &timeline[1]);
  EXPECT_EQ(moments.at[0], &timeline[4]);
  EXPECT_EQ(moments.at[1], &timeline[5]);
  EXPECT_EQ(moments.at[2], &timeline[7]);
  EXPECT_EQ(moments.at[3], &timeline[8]);
  EXPECT_EQ(moments.at[4], &timeline[9]);  // what comes after the next deployment is another story
}

TEST(MomentsTest, APromotionHasOnlyItsEnd) {
  const std::vector<TraceEntry> timeline = {
      At(0, "deployed"), At(1, "verdict", {{"verdict", "pass"}}), At(2, "promoted")};
  const Moments moments = FindMoments(timeline);
  EXPECT_EQ(moments.at[0], nullptr);
  EXPECT_EQ(moments.at[3], nullptr);
  EXPECT_EQ(moments.at[4], &timeline[2]);
}

TEST(MomentsTest, AnAbortByHandIsAFaultThatNobodyHadToDetect) {
  const std::vector<TraceEntry> timeline = {At(0, "deployed"),
                                            At(1, "action", {{"do", "abort"}, {"ok", true}}),
                                            At(2, "rollout.aborted"), At(3, "restored")};
  const Moments moments = FindMoments(timeline);
  EXPECT_EQ(moments.at[0], &timeline[1]);
  EXPECT_EQ(moments.at[1], nullptr);
  EXPECT_EQ(moments.at[2], &timeline[2]);
  EXPECT_EQ(moments.at[4], &timeline[3]);
}

TEST(MomentsTest, WithoutADeploymentThereAreNone) {
  const std::vector<TraceEntry> timeline = {At(0, "verdict", {{"verdict", "fail"}})};
  EXPECT_EQ(FindMoments(timeline).deployed, nullptr);
  EXPECT_EQ(FindMoments({}).deployed, nullptr);
}

}  // namespace
}  // namespace reports
