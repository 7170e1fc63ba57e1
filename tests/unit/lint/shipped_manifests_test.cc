#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/adapters/system_files.h"
#include "harness/kind/stage_objects.h"
#include "manifests.h"
#include "mock-mc/behaviour/signing_key.h"

namespace gate::lint {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

drill::SigningKeyPair AKey(const std::string& id) {
  auto key = mock_mc::SigningKey::Generate(mock_mc::Algorithm::kEd25519);
  return {id, *key->PublicPem(), Secret(*key->PrivatePem())};
}

// The objects of kind/scenario/ as the drills apply them, as JSON documents in one file.
std::string Rendered(const drill::Scenario& scenario) {
  const drill::StageWorld world{"drill",      "run1",       "gate-drill/rollout-gate:1",
                                "serve:1",    "mock:1",     Secret("t"),
                                AKey("good"), AKey("rogue")};
  SystemFiles files;
  const auto objects = drill::StageObjects(files, KIND_FOLDER "/scenario", scenario, world);
  EXPECT_TRUE(objects) << objects.error().message;
  std::string text;
  if (!objects) return text;
  for (const drill::Manifest& each : *objects) text += "---\n" + each.object.dump(2) + "\n";
  return text;
}

drill::Scenario AScenario() {
  drill::Scenario scenario;
  scenario.id = "GATE-099";
  scenario.stable_release = "shop-1.4.0";
  scenario.canary_release = "shop-1.5.0";
  scenario.gate_config = Json::object();
  scenario.mc_script = {{"rules", {{{"id", "good"}, {"evidence", {{"ok", true}}}}}}};
  return scenario;
}

Report LintScenario(const drill::Scenario& scenario) {
  auto report = Lint({{"stage.yaml", Rendered(scenario)}}, {});
  EXPECT_TRUE(report) << report.error().message;
  return report ? *std::move(report) : Report();
}

TEST(ShippedManifestsTest, TheManifestsOfTheDrillsAreClean) {
  const Report report = LintScenario(AScenario());
  EXPECT_EQ(report.rollouts, 1);
  EXPECT_EQ(report.templates, 1);
  EXPECT_THAT(RulesFound(report), IsEmpty());
}

TEST(ShippedManifestsTest, SoAreThoseOfTheGateAsAService) {
  drill::Scenario scenario = AScenario();
  scenario.gate_mode = drill::GateMode::kService;
  const Report report = LintScenario(scenario);
  EXPECT_EQ(report.rollouts, 1);
  EXPECT_EQ(report.templates, 1);
  EXPECT_THAT(RulesFound(report), IsEmpty());
}

TEST(ShippedManifestsTest, TheHoldIsReadFromTheConfigMapThatTheJobMounts) {
  // The drills' Job ends 30 s after its hold of 60 s. If its ConfigMap were not read, the 5 minutes
  // of the default would be too long for it.
  Options options;
  options.gate_hold = std::chrono::hours(1);
  const auto report = Lint({{"stage.yaml", Rendered(AScenario())}}, options);
  ASSERT_TRUE(report);
  EXPECT_THAT(RulesFound(*report), IsEmpty());
}

TEST(ShippedManifestsTest, ADryRunOfTheDrillsIsFound) {
  drill::Scenario scenario = AScenario();
  scenario.dry_run = true;
  EXPECT_THAT(RulesFound(LintScenario(scenario)), ElementsAre("gate-dry-run"));
}

TEST(ShippedManifestsTest, UnrenderedManifestsAreMistakesWithTheirPlace) {
  SystemFiles files;
  const auto text = files.Read(KIND_FOLDER "/scenario/rollout.yaml", 1 << 20);
  ASSERT_TRUE(text);
  const auto report = Lint({{"rollout.yaml", *text}}, {});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message,
              testing::HasSubstr("rollout.yaml:13:13: expected a whole number, found "
                                 "\"${REPLICAS}\""));
}

}  // namespace
}  // namespace gate::lint
