#include "tests/contract/kube_api_contract.h"

#include <gmock/gmock.h>

#include <set>

namespace gate {

using namespace std::chrono_literals;
using testing::ElementsAre;

void KubeApiContract::SetUp() {
  auto made = GetParam().make();
  if (!made) GTEST_SKIP() << made.error().message;
  backend_ = *std::move(made);
  ns_ = backend_->UniqueName();
  Run([this] { CreateNamespace(ns_); });
}

void KubeApiContract::TearDown() {
  if (backend_ == nullptr) return;
  backend_->Run([this] {  // also after a failure
    for (const KubeRef& ref : clean_up_) {
      const auto deleted = api().Delete(ref, Soon());
      EXPECT_TRUE(deleted) << deleted.error().message;
    }
  });
}

void KubeApiContract::Run(const std::function<void()>& body) {
  if (!HasFailure()) backend_->Run(body);
}

Json KubeApiContract::CreateNamespace(const std::string& name) {
  CleanUp({kube::kNamespaces, "", name});
  return Must(api().Create(
      kube::kNamespaces, "",
      {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}}, Soon()));
}

Json KubeApiContract::CreateConfigMap(const std::string& name, const Json& data,
                                      const Json& labels) {
  Json object = {
      {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}, {"data", data}};
  if (!labels.is_null()) object["metadata"]["labels"] = labels;
  return Must(api().Create(kube::kConfigMaps, ns_, object, Soon()));
}

Json KubeApiContract::CreateRollout(const std::string& name, const Json& spec) {
  return Must(api().Create(kube::kRollouts, ns_,
                           {{"apiVersion", kube::kRollouts.ApiVersion()},
                            {"kind", "Rollout"},
                            {"metadata", {{"name", name}}},
                            {"spec", spec}},
                           Soon()));
}

Json KubeApiContract::Must(Result<Json> result) {
  if (result) return *std::move(result);
  ADD_FAILURE() << result.error().message;
  return Json::object();
}

std::string KubeApiContract::VersionOf(const Json& object) {
  return JsonString(object, "/metadata/resourceVersion");
}

namespace {

std::vector<std::string> NamesOf(const KubeList& list) {
  std::vector<std::string> names;
  for (const Json& item : list.items) names.push_back(NameOf(item));
  return names;
}

Json Data(const Json& data) { return {{"data", data}}; }

// --- Create, get, delete

TEST_P(KubeApiContract, CreateReturnsTheStoredObject) {
  Run([this] {
    const Json created = CreateConfigMap("a", {{"key", "value"}});
    EXPECT_EQ(JsonString(created, "/data/key"), "value");
    EXPECT_EQ(JsonString(created, "/metadata/namespace"), ns_);
    EXPECT_NE(JsonString(created, "/metadata/uid"), "");
    EXPECT_NE(JsonString(created, "/metadata/creationTimestamp"), "");
    EXPECT_NE(VersionOf(created), "");
    EXPECT_EQ(Must(api().Get(ConfigMap("a"), Soon())), created);
  });
}

TEST_P(KubeApiContract, CreatingTwiceIsAlreadyExists) {
  Run([this] {
    const Json created = CreateConfigMap("a", {{"key", "value"}});
    const auto again = api().Create(
        kube::kConfigMaps, ns_,
        {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}}, Soon());
    EXPECT_EQ(CodeOf(again), ErrorCode::kAlreadyExists);
    EXPECT_EQ(Must(api().Get(ConfigMap("a"), Soon())), created);
  });
}

TEST_P(KubeApiContract, AMissingObjectIsNotFound) {
  Run([this] {
    EXPECT_EQ(CodeOf(api().Get(ConfigMap("missing"), Soon())), ErrorCode::kNotFound);
    EXPECT_EQ(CodeOf(api().Delete(ConfigMap("missing"), Soon())), ErrorCode::kNotFound);
    EXPECT_EQ(CodeOf(api().MergePatch(ConfigMap("missing"), Data({{"a", "b"}}),
                                      KubeSubresource::kNone, Soon())),
              ErrorCode::kNotFound);
  });
}

TEST_P(KubeApiContract, AMissingResourceTypeOrNamespaceIsNotFound) {
  Run([this] {
    EXPECT_EQ(CodeOf(api().Get({{"", "v1", "nonsense"}, ns_, "a"}, Soon())), ErrorCode::kNotFound);
    EXPECT_EQ(
        CodeOf(api().Create(
            kube::kConfigMaps, backend_->UniqueName(),
            {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}}, Soon())),
        ErrorCode::kNotFound);
  });
}

TEST_P(KubeApiContract, AnObjectThatIsNotValidIsAnInvalidArgument) {
  Run([this] {
    EXPECT_EQ(
        CodeOf(api().Create(
            kube::kConfigMaps, ns_,
            {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "Not_A_Name"}}}},
            Soon())),
        ErrorCode::kInvalidArgument);
  });
}

TEST_P(KubeApiContract, ADeletedObjectIsGoneAndItsNameFreeAgain) {
  Run([this] {
    const Json first = CreateConfigMap("a", {{"key", "1"}});
    const auto deleted = api().Delete(ConfigMap("a"), Soon());
    ASSERT_TRUE(deleted) << deleted.error().message;
    EXPECT_EQ(CodeOf(api().Get(ConfigMap("a"), Soon())), ErrorCode::kNotFound);
    const Json second = CreateConfigMap("a", {{"key", "2"}});
    EXPECT_NE(JsonString(first, "/metadata/uid"), JsonString(second, "/metadata/uid"));
  });
}

TEST_P(KubeApiContract, AFinalizerDelaysADeletion) {
  Run([this] {
    CreateRollout("a");
    const Json finalizers = {{"metadata", {{"finalizers", {"example.org/test"}}}}};
    Must(api().MergePatch(Rollout("a"), finalizers, KubeSubresource::kNone, Soon()));
    EXPECT_TRUE(api().Delete(Rollout("a"), Soon()));
    const Json going = Must(api().Get(Rollout("a"), Soon()));
    EXPECT_NE(JsonString(going, "/metadata/deletionTimestamp"), "");
    const Json none = {{"metadata", {{"finalizers", nullptr}}}};
    Must(api().MergePatch(Rollout("a"), none, KubeSubresource::kNone, Soon()));
    EXPECT_EQ(CodeOf(api().Get(Rollout("a"), Soon())), ErrorCode::kNotFound);
  });
}

TEST_P(KubeApiContract, APassedDeadlineIsDeadlineExceeded) {
  Run([this] {
    EXPECT_EQ(CodeOf(api().Get(ConfigMap("a"), {runtime().Now()})), ErrorCode::kDeadlineExceeded);
  });
}

TEST_P(KubeApiContract, AnEarlierStopRequestIsCancelled) {
  Run([this] {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(CodeOf(api().Get(ConfigMap("a"), {In(20s).at, stop.get_token()})),
              ErrorCode::kCancelled);
  });
}

// --- Merge patch

TEST_P(KubeApiContract, AMergePatchChangesWhatItNames) {
  Run([this] {
    const Json created = CreateConfigMap("a", {{"keep", "1"}, {"change", "2"}, {"drop", "3"}});
    const Json patched =
        Must(api().MergePatch(ConfigMap("a"), Data({{"change", "9"}, {"drop", nullptr}}),
                              KubeSubresource::kNone, Soon()));
    EXPECT_EQ(patched["data"], Json({{"keep", "1"}, {"change", "9"}}));
    EXPECT_NE(VersionOf(patched), VersionOf(created));
    EXPECT_EQ(Must(api().Get(ConfigMap("a"), Soon())), patched);
  });
}

TEST_P(KubeApiContract, AMergePatchThatChangesNothingKeepsTheVersion) {
  Run([this] {
    const Json created = CreateConfigMap("a", {{"key", "1"}});
    const Json patched = Must(
        api().MergePatch(ConfigMap("a"), Data({{"key", "1"}}), KubeSubresource::kNone, Soon()));
    EXPECT_EQ(VersionOf(patched), VersionOf(created));
  });
}

TEST_P(KubeApiContract, AMergePatchOfAnOldVersionIsAConflict) {
  Run([this] {
    const Json old = CreateConfigMap("a", {{"key", "1"}});
    const Json current = Must(
        api().MergePatch(ConfigMap("a"), Data({{"key", "2"}}), KubeSubresource::kNone, Soon()));
    Json patch = Data({{"key", "3"}});
    patch["metadata"]["resourceVersion"] = VersionOf(old);
    EXPECT_EQ(CodeOf(api().MergePatch(ConfigMap("a"), patch, KubeSubresource::kNone, Soon())),
              ErrorCode::kConflict);
    EXPECT_EQ(Must(api().Get(ConfigMap("a"), Soon())), current);
    patch["metadata"]["resourceVersion"] = VersionOf(current);
    EXPECT_EQ(
        JsonString(Must(api().MergePatch(ConfigMap("a"), patch, KubeSubresource::kNone, Soon())),
                   "/data/key"),
        "3");
  });
}

TEST_P(KubeApiContract, TheGenerationCountsChangesOfTheSpecOnly) {
  Run([this] {
    EXPECT_EQ(JsonInt(CreateRollout("a", {{"replicas", 1}}), "/metadata/generation"), 1);
    const auto generation_after = [&](const Json& patch, KubeSubresource subresource) {
      return JsonInt(Must(api().MergePatch(Rollout("a"), patch, subresource, Soon())),
                     "/metadata/generation");
    };
    EXPECT_EQ(generation_after({{"metadata", {{"labels", {{"a", "b"}}}}}}, KubeSubresource::kNone),
              1);
    EXPECT_EQ(generation_after({{"status", {{"phase", "Healthy"}}}}, KubeSubresource::kStatus), 1);
    EXPECT_EQ(generation_after({{"spec", {{"replicas", 2}}}}, KubeSubresource::kNone), 2);
  });
}

// --- The status subresource

TEST_P(KubeApiContract, TheStatusIsWrittenThroughItsSubresourceOnly) {
  Run([this] {
    CreateRollout("a", {{"replicas", 1}});
    const Json patch = {{"spec", {{"replicas", 2}}}, {"status", {{"phase", "Degraded"}}}};
    const Json main = Must(api().MergePatch(Rollout("a"), patch, KubeSubresource::kNone, Soon()));
    EXPECT_EQ(JsonInt(main, "/spec/replicas"), 2);
    EXPECT_EQ(JsonString(main, "/status/phase"), "");
    const Json other = {{"spec", {{"replicas", 3}}}, {"status", {{"phase", "Degraded"}}}};
    const Json status =
        Must(api().MergePatch(Rollout("a"), other, KubeSubresource::kStatus, Soon()));
    EXPECT_EQ(JsonInt(status, "/spec/replicas"), 2);
    EXPECT_EQ(JsonString(status, "/status/phase"), "Degraded");
  });
}

TEST_P(KubeApiContract, AResourceWithoutStatusSubresourceHasNone) {
  Run([this] {
    const KubeRef run = {kube::kAnalysisRuns, ns_, "a"};
    Must(api().Create(kube::kAnalysisRuns, ns_,
                      {{"apiVersion", kube::kAnalysisRuns.ApiVersion()},
                       {"kind", "AnalysisRun"},
                       {"metadata", {{"name", "a"}}},
                       {"spec", {{"metrics", Json::array()}}}},
                      Soon()));
    const Json patch = {{"status", {{"phase", "Failed"}}}};
    EXPECT_EQ(CodeOf(api().MergePatch(run, patch, KubeSubresource::kStatus, Soon())),
              ErrorCode::kNotFound);
    EXPECT_EQ(JsonString(Must(api().MergePatch(run, patch, KubeSubresource::kNone, Soon())),
                         "/status/phase"),
              "Failed");
  });
}

// --- Server-side apply

Json ConfigMapToApply(const std::string& name, const Json& data) {
  return {
      {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}, {"data", data}};
}

TEST_P(KubeApiContract, ApplyCreatesAndUpdates) {
  Run([this] {
    const auto apply = [&](const Json& data) {
      return Must(api().Apply(ConfigMap("a"), ConfigMapToApply("a", data), "one",
                              KubeApi::Force::kNo, KubeSubresource::kNone, Soon()));
    };
    EXPECT_EQ(apply({{"x", "1"}, {"y", "1"}})["data"], Json({{"x", "1"}, {"y", "1"}}));
    // What its manager applies no more is removed.
    EXPECT_EQ(apply({{"x", "2"}})["data"], Json({{"x", "2"}}));
  });
}

TEST_P(KubeApiContract, ApplyLeavesOthersFieldsAlone) {
  Run([this] {
    CreateConfigMap("a", {{"theirs", "1"}});
    const Json applied =
        Must(api().Apply(ConfigMap("a"), ConfigMapToApply("a", {{"ours", "2"}}), "one",
                         KubeApi::Force::kNo, KubeSubresource::kNone, Soon()));
    EXPECT_EQ(applied["data"], Json({{"theirs", "1"}, {"ours", "2"}}));
  });
}

TEST_P(KubeApiContract, ApplyingAnothersFieldIsAConflictUnlessForced) {
  Run([this] {
    const auto apply = [&](const std::string& manager, const std::string& value,
                           KubeApi::Force force) {
      return api().Apply(ConfigMap("a"), ConfigMapToApply("a", {{"x", value}}), manager, force,
                         KubeSubresource::kNone, Soon());
    };
    Must(apply("one", "1", KubeApi::Force::kNo));
    EXPECT_EQ(CodeOf(apply("two", "2", KubeApi::Force::kNo)), ErrorCode::kConflict);
    EXPECT_EQ(JsonString(Must(api().Get(ConfigMap("a"), Soon())), "/data/x"), "1");
    EXPECT_EQ(JsonString(Must(apply("two", "2", KubeApi::Force::kYes)), "/data/x"), "2");
    // Now it is the first manager's turn to be refused.
    EXPECT_EQ(CodeOf(apply("one", "1", KubeApi::Force::kNo)), ErrorCode::kConflict);
    // Agreeing on a value is no conflict.
    EXPECT_TRUE(apply("one", "2", KubeApi::Force::kNo));
  });
}

TEST_P(KubeApiContract, ApplyWritesTheStatusThroughItsSubresource) {
  Run([this] {
    CreateRollout("a");
    const Json object = {{"apiVersion", kube::kRollouts.ApiVersion()},
                         {"kind", "Rollout"},
                         {"metadata", {{"name", "a"}}},
                         {"status", {{"phase", "Paused"}}}};
    const Json applied = Must(api().Apply(Rollout("a"), object, "one", KubeApi::Force::kNo,
                                          KubeSubresource::kStatus, Soon()));
    EXPECT_EQ(JsonString(applied, "/status/phase"), "Paused");
  });
}

// --- Lists

TEST_P(KubeApiContract, ListsEveryObjectOnceOverSeveralPages) {
  Run([this] {
    std::vector<std::string> names;
    for (int i = 0; i < 2 * kContractPageSize + 1; ++i) {
      names.push_back("rollout-" + std::to_string(i));
      CreateRollout(names.back());
    }
    const auto list = api().List(kube::kRollouts, ns_, {}, Soon());
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_EQ(NamesOf(*list), names);
    EXPECT_NE(list->resource_version, "");
  });
}

TEST_P(KubeApiContract, AnEmptyListHasAVersionToWatchFrom) {
  Run([this] {
    const auto list = api().List(kube::kRollouts, ns_, {}, Soon());
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_TRUE(list->items.empty());
    EXPECT_NE(list->resource_version, "");
  });
}

TEST_P(KubeApiContract, SelectsByLabelsAndFields) {
  Run([this] {
    CreateConfigMap("a", Json::object(), {{"app", "web"}, {"tier", "front"}});
    CreateConfigMap("b", Json::object(), {{"app", "web"}, {"tier", "back"}});
    CreateConfigMap("c", Json::object(), {{"app", "db"}});
    const auto names = [&](const KubeSelector& selector) {
      const auto list = api().List(kube::kConfigMaps, ns_, selector, Soon());
      EXPECT_TRUE(list) << list.error().message;
      return list ? NamesOf(*list) : std::vector<std::string>();
    };
    EXPECT_THAT(names({"app=web", ""}), ElementsAre("a", "b"));
    EXPECT_THAT(names({"app=web,tier!=back", ""}), ElementsAre("a"));
    EXPECT_THAT(names({"app in (web,db),!tier", ""}), ElementsAre("c"));
    EXPECT_THAT(names({"tier", ""}), ElementsAre("a", "b"));
    EXPECT_THAT(names({"", "metadata.name=b"}), ElementsAre("b"));
    EXPECT_THAT(names({"app=db", "metadata.name=b"}), ElementsAre());
  });
}

TEST_P(KubeApiContract, AMalformedSelectorIsAnInvalidArgument) {
  Run([this] {
    EXPECT_EQ(CodeOf(api().List(kube::kConfigMaps, ns_, {"a in (", ""}, Soon())),
              ErrorCode::kInvalidArgument);
  });
}

TEST_P(KubeApiContract, ListsAcrossNamespaces) {
  Run([this] {
    const std::string first = ns_;
    const std::string name = backend_->UniqueName();
    CreateRollout(name);
    ns_ = backend_->UniqueName();
    CreateNamespace(ns_);
    CreateRollout(name);
    const auto list = api().List(kube::kRollouts, "", {"", "metadata.name=" + name}, Soon());
    ASSERT_TRUE(list) << list.error().message;
    std::set<std::string> namespaces;
    for (const Json& item : list->items) {
      namespaces.insert(JsonString(item, "/metadata/namespace"));
    }
    EXPECT_EQ(namespaces, (std::set<std::string>{first, ns_}));
  });
}

// --- Who asks, and a custom resource that is admitted by it (kind/override)

Json AnOverride(const std::string& name, const std::string& actor) {
  return {{"apiVersion", kube::kGateOverrides.ApiVersion()},
          {"kind", "GateOverride"},
          {"metadata", {{"name", name}, {"labels", {{"rollout-gate/rollout", "demo"}}}}},
          {"spec",
           {{"rollout", "demo"},
            {"releaseId", "shop-1.5.0"},
            {"stage", "20"},
            {"podHash", "abc123"},
            {"decision", "reject"},
            {"actor", actor},
            {"reason", "latency is too high"},
            {"validForSeconds", 60}}}};
}

TEST_P(KubeApiContract, SaysWhoAsks) {
  Run([this] {
    const Json question = {{"apiVersion", kube::kSelfSubjectReviews.ApiVersion()},
                           {"kind", "SelfSubjectReview"}};
    const auto ask = [&] {
      return JsonString(Must(api().Create(kube::kSelfSubjectReviews, "", question, Soon())),
                        "/status/userInfo/username");
    };
    const std::string name = ask();
    EXPECT_NE(name, "");
    EXPECT_EQ(ask(), name);
  });
}

TEST_P(KubeApiContract, AnOverrideIsMadeInOnesOwnNameAndNeverChanged) {
  Run([this] {
    const Json question = {{"apiVersion", kube::kSelfSubjectReviews.ApiVersion()},
                           {"kind", "SelfSubjectReview"}};
    const std::string me =
        JsonString(Must(api().Create(kube::kSelfSubjectReviews, "", question, Soon())),
                   "/status/userInfo/username");
    const auto create = [&](const Json& object) {
      return api().Create(kube::kGateOverrides, ns_, object, Soon());
    };
    Must(create(AnOverride("mine", me)));
    EXPECT_EQ(CodeOf(create(AnOverride("mine", me))), ErrorCode::kAlreadyExists);
    EXPECT_EQ(CodeOf(create(AnOverride("forged", "somebody-else"))), ErrorCode::kPermissionDenied);
    Json unlabelled = AnOverride("unlabelled", me);
    unlabelled["metadata"].erase("labels");
    EXPECT_FALSE(create(unlabelled));
    for (const Json& wrong :
         {Json{{"reason", "too short"}}, Json{{"reason", "a reason\nin two lines"}},
          Json{{"reason", std::string(501, 'x')}}, Json{{"validForSeconds", 59}},
          Json{{"validForSeconds", 86401}}, Json{{"decision", "maybe"}}, Json{{"stage", nullptr}},
          Json{{"podHash", "Not-A-Hash"}}, Json{{"overRefusal", true}}}) {
      Json object = AnOverride("wrong", me);
      object["spec"].merge_patch(wrong);
      EXPECT_EQ(CodeOf(create(object)), ErrorCode::kInvalidArgument) << wrong;
    }
    const KubeRef mine{kube::kGateOverrides, ns_, "mine"};
    EXPECT_EQ(CodeOf(api().MergePatch(mine, {{"spec", {{"stage", "50"}}}}, KubeSubresource::kNone,
                                      Soon())),
              ErrorCode::kInvalidArgument);
    const auto listed = api().List(kube::kGateOverrides, ns_,
                                   {.labels = "rollout-gate/rollout=demo", .fields = {}}, Soon());
    ASSERT_TRUE(listed) << listed.error().message;
    EXPECT_THAT(NamesOf(*listed), ElementsAre("mine"));
    EXPECT_TRUE(api().Delete(mine, Soon()));
  });
}

}  // namespace
}  // namespace gate
