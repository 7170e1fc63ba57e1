#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/strict_json.h"
#include "gate/yaml/strict_yaml.h"
#include "tests/support/source_file.h"

namespace gate {
namespace {

using ::testing::HasSubstr;

Json Manifest() {
  const std::string text =
      test_support::ReadSource("kind/notifications/on-analysis-run-inconclusive.yaml");
  const auto document = yaml::Document::Parse(text, "manifest");
  EXPECT_TRUE(document) << (document ? "" : document.error().message);
  yaml::Mistakes mistakes;
  Json manifest = Json::parse(document->root().ToJsonText(mistakes));
  EXPECT_TRUE(mistakes.empty());
  return manifest;
}

// The names come from the controller: "on-" and the Event's reason AnalysisRunInconclusive in kebab
// case (argo R84), in the ConfigMap of manifests/notifications-install.yaml.
TEST(ArgoCatalogueTest, AddsTheMissingTriggerToArgosConfigMap) {
  const Json manifest = Manifest();
  EXPECT_EQ(JsonString(manifest, "/kind"), "ConfigMap");
  EXPECT_EQ(JsonString(manifest, "/metadata/name"), "argo-rollouts-notification-configmap");
  EXPECT_EQ(manifest.at("data").size(), 2U);
  EXPECT_EQ(JsonString(manifest, "/data/trigger.on-analysis-run-inconclusive"),
            "- send: [analysis-run-inconclusive]\n");
}

TEST(ArgoCatalogueTest, TheTemplateThatItSendsSaysWhyAndWhatToDo) {
  const std::string text = JsonString(Manifest(), "/data/template.analysis-run-inconclusive");
  EXPECT_THAT(text, HasSubstr("message: "));
  EXPECT_THAT(text, HasSubstr("rollout-gate/reason"));
  EXPECT_THAT(text, HasSubstr("rollout-gate resume"));
}

}  // namespace
}  // namespace gate
