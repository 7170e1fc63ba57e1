#include "harness/sim/campaign/rollout_state.h"

#include <gtest/gtest.h>

#include "harness/sim/argo/names.h"

namespace drill::sim {
namespace {

using gate::Json;

class RolloutStateTest : public testing::Test {
 protected:
  void SetRollout(const char* status) {
    Object rollout{Type::kRollout, {}, nullptr, nullptr, nullptr};
    rollout.meta.generation = 3;
    rollout.spec = Share(Json::parse(
        R"({"replicas": 4, "strategy": {"canary": {"steps": [{"pause": {"duration": 5}},
            {"pause": {}}]}}})"));
    rollout.status = Share(Json::parse(status));
    state_.OnRollout(rollout);
  }

  void SetSet(const std::string& hash, int spec, int created, int available) {
    Object set{Type::kReplicaSet,
               {},
               Share({{"replicas", spec}}),
               Share({{"replicas", created}, {"availableReplicas", available}}),
               nullptr};
    set.meta.labels[std::string(argo::kPodHashLabel)] = hash;
    state_.OnReplicaSet(set, true);
  }

  RolloutState state_;
};

constexpr const char* kAborted = R"({"currentPodHash": "new", "stableRS": "old", "abort": true,
    "phase": "Degraded", "observedGeneration": "3"})";

TEST_F(RolloutStateTest, IsSettledWhenPromoted) {
  SetRollout(R"({"currentPodHash": "new", "stableRS": "new", "phase": "Healthy",
      "observedGeneration": "3"})");
  EXPECT_TRUE(state_.Settled());
}

TEST_F(RolloutStateTest, IsNotSettledWhileTheLatestSpecIsUnseen) {
  SetRollout(R"({"currentPodHash": "old", "stableRS": "old", "phase": "Healthy",
      "observedGeneration": "2"})");
  EXPECT_FALSE(state_.Settled());
}

TEST_F(RolloutStateTest, AnAbortIsSettledOnceTheStableReleaseIsWholeAndTheCanaryGone) {
  SetRollout(kAborted);
  SetSet("old", 4, 4, 4);
  SetSet("new", 0, 1, 0);
  EXPECT_FALSE(state_.Restored("new"));
  SetSet("new", 0, 0, 0);
  EXPECT_TRUE(state_.Restored("new"));
  EXPECT_TRUE(state_.Settled());
  SetSet("old", 4, 4, 3);
  EXPECT_FALSE(state_.Settled());
}

TEST_F(RolloutStateTest, OnlyAPauseWithoutAnEndIsSettled) {
  SetRollout(R"({"phase": "Paused", "observedGeneration": "3", "currentStepIndex": 0,
      "pauseConditions": [{"reason": "CanaryPauseStep"}]})");
  EXPECT_FALSE(state_.Settled());
  SetRollout(R"({"phase": "Paused", "observedGeneration": "3", "currentStepIndex": 1,
      "pauseConditions": [{"reason": "CanaryPauseStep"}]})");
  EXPECT_TRUE(state_.Settled());
  SetRollout(R"({"phase": "Paused", "observedGeneration": "3", "currentStepIndex": 0,
      "pauseConditions": [{"reason": "InconclusiveAnalysisRun"}]})");
  EXPECT_TRUE(state_.Settled());
}

}  // namespace
}  // namespace drill::sim
