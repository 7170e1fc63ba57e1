#include "harness/kind/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace drill {
namespace {

using gate::Json;
using testing::HasSubstr;

Json Render(std::string_view text, const Placeholders& placeholders) {
  auto rendered = RenderYaml(text, "x.yaml", placeholders);
  EXPECT_TRUE(rendered) << rendered.error().message;
  return rendered ? *std::move(rendered) : Json();
}

std::string Mistake(std::string_view text, const Placeholders& placeholders) {
  const auto rendered = RenderYaml(text, "x.yaml", placeholders);
  EXPECT_FALSE(rendered);
  return rendered ? "" : rendered.error().message;
}

TEST(RenderYamlTest, AWholeUnquotedScalarBecomesTheValueWithItsType) {
  EXPECT_EQ(Render("{a: b}\n", {}), Json({{"a", "b"}}));
  EXPECT_EQ(Render("n: ${N}\n", {{"N", 5}}), Json({{"n", 5}}));
  EXPECT_EQ(Render("b: ${B}\n", {{"B", false}}), Json({{"b", false}}));
  EXPECT_EQ(Render("l: ${L}\n", {{"L", Json::array({"x", 1})}}), Json({{"l", {"x", 1}}}));
}

TEST(RenderYamlTest, AQuotedOrEmbeddedPlaceholderBecomesText) {
  EXPECT_EQ(Render("n: \"${N}\"\n", {{"N", 5}}), Json({{"n", "5"}}));
  EXPECT_EQ(Render("n: --dry-run=${B}\n", {{"B", true}}), Json({{"n", "--dry-run=true"}}));
  EXPECT_EQ(Render("n: a${A}-${B}c\n", {{"A", "1"}, {"B", "${A}"}}), Json({{"n", "a1-${A}c"}}));
}

TEST(RenderYamlTest, NoValueCanChangeTheStructureAroundIt) {
  const std::string hostile = "x\"\nkind: Secret\n- {a: 'b'} # ${N} &anchor *alias";
  const Json rendered =
      Render("a:\n  - name: ${N}\n    args: [\"--x=${N}\"]\nb: 1\n", {{"N", hostile}});
  EXPECT_EQ(rendered, Json({{"a", {{{"name", hostile}, {"args", {"--x=" + hostile}}}}}, {"b", 1}}));
}

TEST(RenderYamlTest, TextThatLooksLikeAnotherTypeStaysText) {
  EXPECT_EQ(Render("v: ${V}\n", {{"V", "5"}}), Json({{"v", "5"}}));
  EXPECT_EQ(Render("v: ${V}\n", {{"V", "true"}}), Json({{"v", "true"}}));
  EXPECT_EQ(Render("v: ${V}\n", {{"V", ""}}), Json({{"v", ""}}));
}

TEST(RenderYamlTest, DollarsAndBracesThatAreNoPlaceholdersStay) {
  EXPECT_EQ(Render("v: \"{{args.x}} $HOME $(X) }{\"\n", {}),
            Json({{"v", "{{args.x}} $HOME $(X) }{"}}));
}

TEST(RenderYamlTest, UnknownPlaceholdersAreAllReportedWithTheirPlaceAndTheNearestName) {
  const std::string message = Mistake("a: ${NAMSPACE}\nb:\n  c: x${QQ}\n", {{"NAMESPACE", "n"}});
  EXPECT_THAT(message, HasSubstr("x.yaml:1:4: unknown placeholder ${NAMSPACE}; did you mean "
                                 "${NAMESPACE}?"));
  EXPECT_THAT(message, HasSubstr("x.yaml:3:6: unknown placeholder ${QQ}"));
}

TEST(RenderYamlTest, AnUnclosedPlaceholderIsAMistake) {
  EXPECT_THAT(Mistake("a: \"x${N\"\n", {{"N", "n"}}),
              HasSubstr("x.yaml:1:4: a placeholder is not closed"));
}

TEST(RenderYamlTest, PlaceholdersInKeysAreAMistake) {
  EXPECT_THAT(Mistake("\"${N}\": 1\n", {{"N", "n"}}), HasSubstr("x.yaml:1:1: placeholders"));
}

TEST(RenderYamlTest, AListCannotBePartOfAText) {
  EXPECT_THAT(Mistake("a: x${L}\n", {{"L", Json::array()}}), HasSubstr("x.yaml:1:4: the value of"));
}

TEST(RenderYamlTest, DuplicateKeysAreAMistake) {
  EXPECT_THAT(Mistake("a: 1\na: 2\n", {}), HasSubstr("x.yaml:2:1"));
}

TEST(RenderManifestTest, TheObjectSaysWhereItGoes) {
  const auto manifest = RenderManifest(
      "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: demo\n  namespace: "
      "${NS}\n",
      "x.yaml", {{"NS", "drill-1"}});
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->ref.resource, gate::kube::kRollouts);
  EXPECT_EQ(manifest->ref.ns, "drill-1");
  EXPECT_EQ(manifest->ref.name, "demo");
}

TEST(RenderManifestTest, ANamespacedObjectNeedsANamespaceAndAClusterScopedOneHasNone) {
  EXPECT_FALSE(
      RenderManifest("apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n", "x.yaml", {}));
  EXPECT_FALSE(RenderManifest(
      "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  namespace: b\n", "x.yaml", {}));
  EXPECT_TRUE(
      RenderManifest("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n", "x.yaml", {}));
}

TEST(RenderManifestTest, KindsThatTheDrillsDoNotUseAreRefused) {
  const auto manifest = RenderManifest(
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: a\n",
      "x.yaml", {});
  ASSERT_FALSE(manifest);
  EXPECT_THAT(manifest.error().message, HasSubstr("ClusterRole"));
}

}  // namespace
}  // namespace drill
