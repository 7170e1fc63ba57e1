#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/lint/gate_use.h"
#include "manifests.h"

namespace gate::lint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LintInputsTest, ReadsSeveralDocumentsAndPassesOthersOver) {
  const std::string all = "---\n---\n" + GoodRollout() +
                          "---\napiVersion: v1\nkind: Service\nspec: {ports: odd}\n---\njust text\n"
                          "---\n" +
                          GoodJobTemplate();
  const auto report = Lint({{"all.yaml", all}}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rollouts, 1);
  EXPECT_EQ(report->templates, 1);
  EXPECT_THAT(Found(*report), IsEmpty());
}

TEST(LintInputsTest, ReadsLists) {
  const auto report = Lint({{"list.json", R"({"apiVersion": "v1", "kind": "List", "items": [
    {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "a"},
     "spec": {"strategy": {"blueGreen": {}}}}]})"}},
                           {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(Found(*report), ElementsAre("not-checked 3:27"));
}

TEST(LintInputsTest, KindsOfOtherGroupsAreNotMeant) {
  const auto report = Lint({{"a.yaml", "apiVersion: other.io/v1\nkind: Rollout\nspec: 3\n"}}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rollouts, 0);
}

TEST(LintInputsTest, AllMistakesAreSaidAtOnce) {
  const std::string rollout = Edited(Edited(GoodRollout(), "replicas: 10", "replicas: ten"),
                                     "maxSurge: 25%", "maxSurge: a lot");
  const auto report = Lint({{"a.yaml", rollout}, {"b.yaml", "a: [\n"}}, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(report.error().message, HasSubstr("a.yaml:9:13: expected a whole number"));
  EXPECT_THAT(report.error().message, HasSubstr("a.yaml:12:17: expected a number of pods"));
  EXPECT_THAT(report.error().message, HasSubstr("b.yaml:2:1: not valid YAML"));
}

TEST(LintInputsTest, NumbersBeyondAllReasonAreMistakes) {
  for (const char* replicas : {"-1", "1000001", "99999999999999999999"}) {
    const auto report = Lint(
        {{"a.yaml", Edited(GoodRollout(), "replicas: 10", std::string("replicas: ") + replicas)}},
        {});
    EXPECT_FALSE(report) << replicas;
  }
}

TEST(LintInputsTest, NullCountsAsAbsent) {
  const std::string rollout =
      Edited(GoodRollout(), "replicas: 10", "replicas: 10\n  rollbackWindow: null");
  EXPECT_THAT(Found(LintBoth(rollout, GoodJobTemplate())), IsEmpty());
}

TEST(LintInputsTest, RingsOfTemplatesEnd) {
  const std::string ring =
      "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: evidence-gate}\n"
      "spec:\n  templates: [{templateName: evidence-gate}]\n";
  EXPECT_THAT(RulesFound(LintBoth(GoodRollout(), ring)),
              ElementsAre("gate-missing", "gate-missing"));
}

TEST(LintInputsTest, ANestedTemplateMayBeTheGate) {
  const std::string nesting =
      "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: outer}\n"
      "spec:\n  templates: [{templateName: evidence-gate}]\n---\n";
  std::string rollout = GoodRollout();
  for (auto at = rollout.find("templateName: evidence-gate"); at != std::string::npos;
       at = rollout.find("templateName: evidence-gate")) {
    rollout.replace(at, 27, "templateName: outer");
  }
  EXPECT_THAT(Found(LintBoth(rollout, nesting + GoodWebTemplate())), IsEmpty());
}

TEST(LintInputsTest, AClusterTemplateIsFoundFromEveryNamespace) {
  std::string rollout = GoodRollout();
  for (auto at = rollout.find("gate\n            args"); at != std::string::npos;
       at = rollout.find("gate\n            args")) {
    rollout.replace(at, 4, "gate\n                clusterScope: true");
  }
  const std::string cluster =
      Edited(Edited(GoodWebTemplate(), "kind: AnalysisTemplate", "kind: ClusterAnalysisTemplate"),
             "  namespace: shop\n", "");
  EXPECT_THAT(Found(LintBoth(rollout, cluster)), IsEmpty());
  EXPECT_THAT(RulesFound(LintBoth(rollout, GoodWebTemplate())),
              ElementsAre("template-missing", "template-missing"));
}

TEST(LintInputsTest, OtherGatesCanBeAskedFor) {
  Options options;
  options.gates = {20};
  EXPECT_THAT(Found(LintBoth(GoodRollout(), GoodJobTemplate(), options)), IsEmpty());
  options.gates = {20, 50, 80};
  EXPECT_THAT(Found(LintBoth(GoodRollout(), GoodJobTemplate(), options)),
              ElementsAre("gate-missing 36:11"));
}

TEST(LintInputsTest, ReplicasMayBeGivenForAnAutoscaledRollout) {
  const std::string rollout =
      Edited(Edited(GoodRollout(), "  replicas: 10\n", ""),
             "maxSurge: 25%\n      maxUnavailable: 25%", "maxSurge: 1\n      maxUnavailable: 0");
  EXPECT_THAT(Found(LintBoth(rollout, GoodWebTemplate())), IsEmpty());
  Options options;
  options.replicas = 100;
  EXPECT_THAT(RulesFound(LintBoth(rollout, GoodWebTemplate(), options)),
              ElementsAre("rollback-too-slow"));
}

TEST(LintInputsTest, ASlowRollbackSaysWhatWouldPass) {
  const std::string rollout = Edited(
      GoodRollout(),
      "replicas: 10\n  strategy:\n    canary:\n      maxSurge: 25%\n      maxUnavailable: 25%",
      "replicas: 100\n  strategy:\n    canary:\n      maxSurge: 1\n      maxUnavailable: 0");
  const Report report = LintBoth(rollout, GoodWebTemplate());
  ASSERT_EQ(report.findings.size(), 1U);
  const Finding& finding = report.findings.front();
  EXPECT_EQ(finding.message,
            "a rollback from 50 % of 100 pods takes about 8m20s, more than 5m: 50 waves of 10s");
  EXPECT_THAT(finding.fix, HasSubstr("set maxSurge: 2% or maxUnavailable: 1%, which would do"));
  const std::string faster = Edited(rollout, "maxSurge: 1\n", "maxSurge: 2%\n");
  EXPECT_THAT(Found(LintBoth(faster, GoodWebTemplate())), IsEmpty());
}

TEST(LintInputsTest, TakesUrlsApart) {
  const UrlParts url = SplitUrl("HTTPS://user:pass@Gate.Shop.SVC:8443/v1/verdicts/?a=b#c");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "gate.shop.svc");
  EXPECT_EQ(url.path, "/v1/verdicts");
  EXPECT_EQ(SplitUrl("http://[::1]:80").host, "[::1]");
  EXPECT_TRUE(IsInCluster("gate.shop.svc.cluster.local"));
  EXPECT_TRUE(IsInCluster("gate"));
  EXPECT_FALSE(IsInCluster("gate.shop"));
  EXPECT_FALSE(IsInCluster("gate.svc.example.com"));
  EXPECT_FALSE(IsInCluster("[::1]"));
  EXPECT_FALSE(IsInCluster(""));
}

}  // namespace
}  // namespace gate::lint
