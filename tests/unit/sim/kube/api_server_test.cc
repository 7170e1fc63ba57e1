#include "harness/sim/kube/api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drill::sim {
namespace {

using gate::ErrorCode;
using gate::Json;
using gate::KubeEventType;
using testing::ElementsAre;

class ApiServerTest : public testing::Test {
 protected:
  ApiServerTest() {
    Object ns{Type::kNamespace, {}, nullptr, nullptr, nullptr};
    ns.meta.name = "shop";
    EXPECT_TRUE(server_.Create("test", std::move(ns)));
  }

  static Object Named(Type type, const std::string& name) {
    Object object{type, {}, nullptr, nullptr, nullptr};
    object.meta.ns = "shop";
    object.meta.name = name;
    return object;
  }
  ObjectPtr Create(Object object) {
    auto created = server_.Create("test", std::move(object));
    EXPECT_TRUE(created) << created.error().message;
    return created ? *created : nullptr;
  }

  World world_{{.seed = 1}};
  ApiServer server_{world_};
};

TEST_F(ApiServerTest, AWriteFromAnOldVersionIsAConflictAndChangesNothing) {
  const ObjectPtr first = Create(Named(Type::kConfigMap, "a"));
  Object next = *first;
  next.meta.labels["by"] = "one";
  ASSERT_TRUE(server_.Update("one", next, WritePart::kMain));
  next.meta.labels["by"] = "other";
  const auto late = server_.Update("other", next, WritePart::kMain);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_EQ(server_.Get(Type::kConfigMap, "shop", "a")->meta.Label("by"), "one");
}

TEST_F(ApiServerTest, AnUnconditionalWriteNeedsNoVersionButTheSameObject) {
  const ObjectPtr first = Create(Named(Type::kConfigMap, "a"));
  ASSERT_TRUE(server_.Delete("test", Type::kConfigMap, "shop", "a"));
  Create(Named(Type::kConfigMap, "a"));
  Object stale = *first;
  stale.meta.resource_version = 0;
  const auto written = server_.Update("test", stale, WritePart::kMain);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNotFound);
}

TEST_F(ApiServerTest, AStatusWriteLeavesTheSpecAndItsGenerationAlone) {
  Object pod = Named(Type::kReplicaSet, "a");
  pod.spec = Share({{"replicas", 1}});
  Object next = *Create(pod);
  next.spec = Share({{"replicas", 9}});
  next.status = Share({{"replicas", 1}});
  const auto written = server_.Update("test", next, WritePart::kStatus);
  ASSERT_TRUE(written);
  EXPECT_EQ(SpecOf(**written), Json({{"replicas", 1}}));
  EXPECT_EQ((*written)->meta.generation, 1);
  EXPECT_EQ(StatusOf(**written), Json({{"replicas", 1}}));
}

TEST_F(ApiServerTest, APodWithAGracePeriodIsMarkedFirst) {
  Object pod = Named(Type::kPod, "a");
  pod.spec = Share({{"nodeName", "node"}, {"terminationGracePeriodSeconds", 5}});
  Create(pod);
  ASSERT_TRUE(server_.Delete("test", Type::kPod, "shop", "a"));
  const ObjectPtr marked = server_.Get(Type::kPod, "shop", "a");
  ASSERT_NE(marked, nullptr);
  EXPECT_EQ(marked->meta.deletion_grace_seconds, 5);
  ASSERT_TRUE(server_.Delete("kubelet", Type::kPod, "shop", "a", 0));
  EXPECT_EQ(server_.Get(Type::kPod, "shop", "a"), nullptr);
}

TEST_F(ApiServerTest, APodThatNoNodeHasSeenIsDeletedAtOnce) {
  Create(Named(Type::kPod, "a"));
  ASSERT_TRUE(server_.Delete("test", Type::kPod, "shop", "a"));
  EXPECT_EQ(server_.Get(Type::kPod, "shop", "a"), nullptr);
}

TEST_F(ApiServerTest, NothingIsCreatedInANamespaceThatIsBeingDeleted) {
  ASSERT_TRUE(server_.Delete("test", Type::kNamespace, "", "shop"));
  const auto created = server_.Create("test", Named(Type::kConfigMap, "a"));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::kPermissionDenied);
  server_.RemoveNamespace("shop");
  EXPECT_EQ(server_.Get(Type::kNamespace, "", "shop"), nullptr);
}

TEST_F(ApiServerTest, ListenersHearOfEveryCommittedChangeInOrder) {
  std::vector<std::string> heard;
  const auto id = server_.Listen(Type::kConfigMap, [&](const Change& change) {
    heard.push_back(std::to_string(static_cast<int>(change.type)) + " " + change.after->meta.name);
  });
  Object next = *Create(Named(Type::kConfigMap, "a"));
  ASSERT_TRUE(server_.Update("test", next, WritePart::kMain));  // changes nothing
  next.meta.labels["x"] = "y";
  ASSERT_TRUE(server_.Update("test", next, WritePart::kMain));
  ASSERT_TRUE(server_.Delete("test", Type::kConfigMap, "shop", "a"));
  server_.Unlisten(id);
  Create(Named(Type::kConfigMap, "b"));
  EXPECT_THAT(heard, ElementsAre("0 a", "1 a", "2 a"));
}

TEST_F(ApiServerTest, ListsInOrderOfNamespaceAndName) {
  for (const char* ns : {"zoo", "ape", "mat"}) {
    Object space{Type::kNamespace, {}, nullptr, nullptr, nullptr};
    space.meta.name = ns;
    Create(std::move(space));
    for (const char* name : {"b", "a"}) {
      Object object = Named(Type::kConfigMap, name);
      object.meta.ns = ns;
      Create(std::move(object));
    }
  }
  std::vector<std::string> listed;
  for (const ObjectPtr& object : server_.List(Type::kConfigMap, "")) {
    listed.push_back(object->meta.ns + "/" + object->meta.name);
  }
  EXPECT_THAT(listed, ElementsAre("ape/a", "ape/b", "mat/a", "mat/b", "zoo/a", "zoo/b"));
  EXPECT_EQ(server_.List(Type::kConfigMap, "mat").size(), 2U);
  EXPECT_EQ(server_.List(Type::kConfigMap, "none").size(), 0U);
}

TEST_F(ApiServerTest, HistoryIsKnownBackToWhatWasForgotten) {
  const std::uint64_t before = server_.version();
  Create(Named(Type::kConfigMap, "a"));
  const auto since = server_.Since(Type::kConfigMap, before);
  ASSERT_TRUE(since);
  EXPECT_EQ(since->size(), 1U);
  server_.Compact();
  const auto gone = server_.Since(Type::kConfigMap, before);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kGone);
  EXPECT_TRUE(server_.Since(Type::kConfigMap, server_.version()));
}

TEST_F(ApiServerTest, AHookCanCompleteAndRefuse) {
  server_.AddHook(Type::kConfigMap, [](const Object* before, Object& next) -> gate::Result<void> {
    if (next.meta.name == "no") return gate::Error{ErrorCode::kPermissionDenied, "exceeded quota"};
    if (before == nullptr) next.meta.labels["completed"] = "yes";
    return {};
  });
  EXPECT_EQ(Create(Named(Type::kConfigMap, "a"))->meta.Label("completed"), "yes");
  EXPECT_FALSE(server_.Create("test", Named(Type::kConfigMap, "no")));
}

TEST_F(ApiServerTest, TimesAreWrittenAsTheApiWritesThem) {
  using namespace std::chrono;
  EXPECT_EQ(FormatSeconds(sys_days(2026y / 1 / 2) + 3h + 4min + 5s), "2026-01-02T03:04:05Z");
  EXPECT_EQ(FormatSeconds(sys_days(1999y / 12 / 31) + 23h + 59min + 59s), "1999-12-31T23:59:59Z");
  EXPECT_EQ(ParseSeconds("1999-12-31T23:59:59Z"), sys_days(1999y / 12 / 31) + 23h + 59min + 59s);
}

}  // namespace
}  // namespace drill::sim
