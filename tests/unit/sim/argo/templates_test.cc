#include "harness/sim/argo/templates.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/sim/argo/samples.h"

namespace drill::sim::argo {
namespace {

using gate::Json;

ObjectPtr Template(const std::string& name, Json spec, Type type = Type::kAnalysisTemplate) {
  Object object{type, {}, nullptr, nullptr, nullptr};
  object.meta.name = name;
  object.spec = Share(std::move(spec));
  return std::make_shared<const Object>(std::move(object));
}

// Templates by name, the same for both scopes.
class Library {
 public:
  void Add(ObjectPtr object) { templates_[object->meta.name] = std::move(object); }
  FindTemplate Find() const {
    return [this](const TemplateRef& ref) {
      const auto found = templates_.find(ref.name);
      return found == templates_.end() ? nullptr : found->second;
    };
  }

 private:
  std::map<std::string, ObjectPtr> templates_;
};

TEST(TemplatesTest, NestedOnesAreTakenOnceAndThoseOfTheNamespaceFirst) {
  Library library;
  library.Add(Template("c", {{"metrics", {JobMetric("mc")}}}, Type::kClusterAnalysisTemplate));
  library.Add(Template("b", {{"metrics", {JobMetric("mb")}}}));
  library.Add(Template("a", {{"templates",
                              {{{"templateName", "b"}},
                               {{"templateName", "c"}, {"clusterScope", true}},
                               {{"templateName", "b"}}}}}));
  const auto found = CollectTemplates({{"c", true}, {"a", false}}, library.Find(), "f");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ((*found)[2]->meta.name, "c");
}

TEST(TemplatesTest, ACircleIsRefusedAndAMissingOneNamed) {
  Library library;
  library.Add(Template("a", {{"templates", {{{"templateName", "a"}}}}}));
  EXPECT_FALSE(CollectTemplates({{"a", false}}, library.Find(), "f"));
  EXPECT_EQ(CollectTemplates({{"x", false}}, library.Find(), "f").error().message,
            "f: Invalid value: \"x\": AnalysisTemplate 'x' not found");
}

TEST(TemplatesTest, TheRolloutsArgumentsReplaceTheTemplates) {
  const ObjectPtr object =
      Template("t", {{"args", {{{"name", "a"}, {"value", "1"}}, {{"name", "b"}}}},
                     {"metrics", {JobMetric("m")}}});
  const auto spec = FlattenTemplates({object}, {{"b", ""}, {"unknown", "x"}}, {});
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ((*spec)["args"],
            (Json{{{"name", "a"}, {"value", "1"}}, {{"name", "b"}, {"value", ""}}}));
  EXPECT_EQ(FlattenTemplates({object}, {}, {}).error().message, "args.b was not resolved");
}

TEST(TemplatesTest, TwoMetricsOfOneNameAreRefused) {
  const auto spec = FlattenTemplates({Template("t", {{"metrics", {JobMetric("m")}}}),
                                      Template("u", {{"metrics", {JobMetric("m")}}})},
                                     {}, {});
  EXPECT_EQ(spec.error().message, "two metrics have the same name 'm'");
}

TEST(RolloutArgsTest, FieldsHashesAndAbsentLabels) {
  Object rollout{Type::kRollout, {}, nullptr, nullptr, nullptr};
  rollout.meta.name = "demo";
  rollout.meta.labels["release-id"] = "r1";
  rollout.spec = Share({{"replicas", 5}});
  const auto values =
      ResolveRolloutArgs({{RolloutArg::From::kField, "label", "metadata.labels['release-id']"},
                          {RolloutArg::From::kField, "absent", "metadata.labels['none']"},
                          {RolloutArg::From::kField, "replicas", "spec.replicas"},
                          {RolloutArg::From::kLatestHash, "hash", ""}},
                         {"s", "l"}, rollout);
  ASSERT_TRUE(values);
  EXPECT_EQ(*values,
            (NamedValues{{"label", "r1"}, {"absent", ""}, {"replicas", "5"}, {"hash", "l"}}));
  EXPECT_FALSE(ResolveRolloutArgs({{RolloutArg::From::kField, "x", "spec.none"}}, {}, rollout));
}

RolloutSpec WithInlineAnalysis() {
  RolloutSpec spec;
  CanaryStep step{};
  step.kind = CanaryStep::Kind::kAnalysis;
  step.analysis.templates.push_back({"t", false});
  spec.steps.push_back(step);
  return spec;
}

TEST(ValidateAnalysesTest, AnEndlessMetricOfAStepIsInvalid) {
  Json metric = JobMetric("m");
  metric["interval"] = "5s";
  Library library;
  library.Add(Template("t", {{"metrics", {metric}}}));
  const Object rollout{Type::kRollout, {}, nullptr, nullptr, nullptr};
  RolloutSpec spec = WithInlineAnalysis();
  const auto valid = ValidateAnalyses(spec, rollout, library.Find());
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().message,
            "spec.strategy.canary.steps[0].analysis.templates: Invalid value: \"t\": "
            "AnalysisTemplate t has metric m which runs indefinitely. Invalid value for count: "
            "<nil>");
  spec.background = spec.steps[0].analysis;  // in the background it may be
  spec.steps.clear();
  EXPECT_TRUE(ValidateAnalyses(spec, rollout, library.Find()));
}

}  // namespace
}  // namespace drill::sim::argo
