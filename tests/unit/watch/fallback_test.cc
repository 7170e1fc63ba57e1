#include "gate/watch/fallback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/sim/argo/stage.h"

namespace gate::watch {
namespace {

using drill::sim::Stage;
using drill::sim::Type;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(FallbackCommandTest, PlaceholdersAreReplacedInEveryArgument) {
  RolloutFacts facts;
  facts.ns = "shop";
  facts.name = "demo";
  Rollback rollback;
  rollback.release = "shop-1.5.0 {namespace}";  // a label could not say so; it is no placeholder
  const ProcessRequest request =
      FallbackCommand({.kind = FallbackPolicy::Kind::kCommand,
                       .command = {"helm", "rollback", "{rollout}-{rollout}", "-n={namespace}",
                                   "{release}", "{x}"}},
                      facts, rollback, "staging");
  EXPECT_THAT(request.argv, ElementsAre("helm", "rollback", "demo-demo", "-n=shop",
                                        "shop-1.5.0 {namespace}", "{x}"));
  EXPECT_THAT(request.environment,
              UnorderedElementsAre(Pair("ROLLOUT_GATE_NAMESPACE", "shop"),
                                   Pair("ROLLOUT_GATE_ROLLOUT", "demo"),
                                   Pair("ROLLOUT_GATE_RELEASE", "shop-1.5.0 {namespace}"),
                                   Pair("ROLLOUT_GATE_ENVIRONMENT", "staging")));
}

// Beside a simulated Argo Rollouts.
class UndoTest : public ::testing::Test {
 protected:
  // The stable version's pods say which release they are.
  UndoTest() {
    stage_.job_ends = {{seconds(5), true}, {seconds(5), true}, {std::nullopt, true}};
    stage_.DeployFirst(5, Stage::GatedCanary());
    SayRelease("v1");
    stage_.RunUntil([&] { return stage_.Step() == 4 && stage_.Phase() == "Healthy"; });
  }
  void SayRelease(const std::string& release) {
    const Json labels = {{"metadata", {{"labels", {{"release-id", release}}}}}};
    stage_.Patch(Type::kRollout, "demo", {{"spec", {{"template", labels}}}});
  }

  RolloutFacts Facts() const { return ReadRollout(stage_.Get(Type::kRollout, "demo"), {"20"}); }
  Result<void> Undo() { return Undo(Facts()); }
  Result<void> Undo(const RolloutFacts& facts) {
    std::optional<Result<void>> result;
    stage_.InProcess("leader", [&](KubeApi& kube, Runtime& runtime) {
      result = UndoToStable(kube, runtime, facts, {runtime.Now() + seconds(10), {}});
    });
    return *result;
  }

  Stage stage_;
};

TEST_F(UndoTest, TheStableVersionIsTheSpecAgainAndArgoTakesTheCanaryAway) {
  stage_.Release("v2");
  stage_.RunUntil([&] { return stage_.Step() == 1; });
  const auto undone = Undo();
  ASSERT_TRUE(undone) << undone.error().message;
  stage_.RunUntil([&] { return stage_.Phase() == "Healthy" && stage_.SetOf("v2").spec == 0; });
  EXPECT_EQ(stage_.SetOf("v1").available, 5);
  const Json rollout = stage_.Get(Type::kRollout, "demo");
  EXPECT_EQ(JsonString(rollout, "/metadata/labels/release-id"), "v1");
  EXPECT_EQ(stage_.Status("/currentPodHash"), stage_.Status("/stableRS"));
}

TEST_F(UndoTest, ChangesNothingWhenTheStableVersionIsTheSpecAlready) {
  const std::string before =
      JsonString(stage_.Get(Type::kRollout, "demo"), "/metadata/resourceVersion");
  EXPECT_TRUE(Undo());
  EXPECT_EQ(JsonString(stage_.Get(Type::kRollout, "demo"), "/metadata/resourceVersion"), before);
}

TEST_F(UndoTest, ANewerReleaseIsNotOverwritten) {
  stage_.Release("v2");
  stage_.RunUntil([&] { return stage_.Step() == 1; });
  const RolloutFacts former = Facts();
  stage_.Release("v3");
  const auto undone = Undo(former);
  ASSERT_FALSE(undone);
  EXPECT_THAT(undone.error().message, HasSubstr("another release"));
  stage_.RunUntil([&] { return stage_.SetOf("v3").available > 0; });
}

TEST_F(UndoTest, ATemplateThatIsElsewhereIsNotTouched) {
  stage_.Patch(Type::kRollout, "demo",
               {{"spec", {{"template", nullptr}, {"workloadRef", {{"kind", "Deployment"}}}}}});
  const auto undone = Undo();
  ASSERT_FALSE(undone);
  EXPECT_THAT(undone.error().message, HasSubstr("workloadRef"));
}

}  // namespace
}  // namespace gate::watch
