#include <gmock/gmock.h>

#include "tests/unit/sim/cluster/lab.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

OwnerReference OwnerOf(const ObjectPtr& object) {
  const TypeInfo& info = InfoOf(object->type);
  return {info.resource.ApiVersion(), std::string(info.kind), object->meta.name, object->meta.uid,
          /*controller=*/false};
}

ObjectPtr CreateOwned(Lab& lab, const std::string& name, std::vector<OwnerReference> owners) {
  Object object{Type::kConfigMap, {}, nullptr, nullptr, nullptr};
  object.meta.ns = "shop";
  object.meta.name = name;
  object.meta.owners = std::move(owners);
  auto created = lab.server.Create("test", std::move(object));
  EXPECT_TRUE(created);
  return *created;
}

TEST(GarbageCollectorTest, DeletesWhatADeletedObjectOwned) {
  Lab lab;
  lab.Create(AReplicaSet(3));
  lab.RunFor(seconds(5));
  lab.Delete(Type::kReplicaSet, "demo");
  EXPECT_EQ(lab.Get(Type::kReplicaSet, "demo"), nullptr);  // in the background
  EXPECT_THAT(lab.Pods(), SizeIs(3));
  lab.RunFor(seconds(3));
  EXPECT_THAT(lab.Pods(), IsEmpty());
  EXPECT_EQ(lab.pods_created, 3);
}

TEST(GarbageCollectorTest, KeepsAnObjectThatIsDeletedInTheForegroundUntilItOwnsNothing) {
  Lab lab;
  lab.runtime.behaviours["app"].on_term = FakeRuntime::Behaviour::OnTerm::kIgnoresIt;
  const ObjectPtr set = lab.Create(AReplicaSet(2));
  lab.RunFor(seconds(5));
  ASSERT_TRUE(DeleteForeground(lab.server, "test", *set));
  lab.RunFor(seconds(4));  // the pods take 5 s to end
  EXPECT_THAT(lab.Pods(), SizeIs(2));
  ASSERT_NE(lab.Get(Type::kReplicaSet, "demo"), nullptr);
  EXPECT_TRUE(lab.Get(Type::kReplicaSet, "demo")->meta.deleted.has_value());
  lab.RunFor(seconds(4));
  EXPECT_THAT(lab.Pods(), IsEmpty());
  EXPECT_EQ(lab.Get(Type::kReplicaSet, "demo"), nullptr);
  EXPECT_EQ(lab.pods_created, 2);
}

TEST(GarbageCollectorTest, RemovesAtOnceWhatOwnsNothing) {
  Lab lab;
  const ObjectPtr map = CreateOwned(lab, "alone", {});
  ASSERT_TRUE(DeleteForeground(lab.server, "test", *map));
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.Get(Type::kConfigMap, "alone"), nullptr);
}

TEST(GarbageCollectorTest, SaysThatWhatIsGoneCannotBeDeleted) {
  Lab lab;
  const ObjectPtr map = CreateOwned(lab, "alone", {});
  lab.Delete(Type::kConfigMap, "alone");
  EXPECT_EQ(DeleteForeground(lab.server, "test", *map).error().code, gate::ErrorCode::kNotFound);
  CreateOwned(lab, "alone", {});  // another one of that name
  EXPECT_EQ(DeleteForeground(lab.server, "test", *map).error().code, gate::ErrorCode::kNotFound);
}

TEST(GarbageCollectorTest, WorksThroughSeveralGenerations) {
  Lab lab;
  const ObjectPtr parent = CreateOwned(lab, "a", {});
  const ObjectPtr child = CreateOwned(lab, "b", {OwnerOf(parent)});
  CreateOwned(lab, "c", {OwnerOf(child)});
  lab.RunFor(seconds(1));
  ASSERT_TRUE(DeleteForeground(lab.server, "test", *parent));
  lab.RunFor(seconds(1));
  EXPECT_THAT(lab.server.List(Type::kConfigMap, "shop"), IsEmpty());
}

TEST(GarbageCollectorTest, KeepsWhatHasAnotherOwner) {
  Lab lab;
  const ObjectPtr first = CreateOwned(lab, "first", {});
  const ObjectPtr second = CreateOwned(lab, "second", {});
  CreateOwned(lab, "shared", {OwnerOf(first), OwnerOf(second)});
  lab.Delete(Type::kConfigMap, "first");
  lab.RunFor(seconds(1));
  ASSERT_NE(lab.Get(Type::kConfigMap, "shared"), nullptr);
  EXPECT_EQ(lab.Get(Type::kConfigMap, "shared")->meta.owners,
            (std::vector<OwnerReference>{OwnerOf(second)}));
  lab.Delete(Type::kConfigMap, "second");
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.Get(Type::kConfigMap, "shared"), nullptr);
}

TEST(GarbageCollectorTest, DeletesWhatIsCreatedWithAnOwnerThatIsNotThere) {
  Lab lab;
  CreateOwned(lab, "orphan", {{"v1", "ConfigMap", "ghost", "no-such-uid", true}});
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.Get(Type::kConfigMap, "orphan"), nullptr);
}

TEST(GarbageCollectorTest, TakesAnotherObjectOfTheSameNameForAnother) {
  Lab lab;
  const ObjectPtr old = CreateOwned(lab, "owner", {});
  CreateOwned(lab, "owned", {OwnerOf(old)});
  lab.Delete(Type::kConfigMap, "owner");
  CreateOwned(lab, "owner", {});
  lab.RunFor(seconds(1));
  EXPECT_EQ(lab.Get(Type::kConfigMap, "owned"), nullptr);
  EXPECT_NE(lab.Get(Type::kConfigMap, "owner"), nullptr);
}

TEST(GarbageCollectorTest, KeepsWhatIsOwnedByTypesThatAreNotServed) {
  Lab lab;
  CreateOwned(lab, "owned", {{"example.com/v1", "Widget", "w", "some-uid", true}});
  lab.RunFor(seconds(1));
  EXPECT_NE(lab.Get(Type::kConfigMap, "owned"), nullptr);
}

TEST(NamespaceControllerTest, EmptiesANamespaceAndRemovesIt) {
  Lab lab;
  lab.Create(AReplicaSet(3));
  lab.Create(AJob({}, APodSpec("app")));
  lab.Create(AConfigMap("settings", {{"a", "b"}}));
  lab.RunFor(seconds(5));
  ASSERT_TRUE(lab.server.Delete("test", Type::kNamespace, "", "shop"));
  EXPECT_NE(lab.server.Get(Type::kNamespace, "", "shop"), nullptr);
  lab.RunFor(seconds(10));
  EXPECT_EQ(lab.server.Get(Type::kNamespace, "", "shop"), nullptr);
  for (std::size_t i = 0; i < kTypes; ++i) {
    EXPECT_THAT(lab.server.List(static_cast<Type>(i), "shop"), IsEmpty()) << i;
  }
  EXPECT_EQ(lab.runtime.running, 0);
  EXPECT_EQ(lab.pods_created, 4);  // nothing was created again
}

TEST(NamespaceControllerTest, LeavesOtherNamespacesAlone) {
  Lab lab;
  Object other{Type::kNamespace, {}, nullptr, nullptr, nullptr};
  other.meta.name = "other";
  ASSERT_TRUE(lab.server.Create("test", std::move(other)));
  lab.Create(AConfigMap("settings", {{"a", "b"}}));
  ASSERT_TRUE(lab.server.Delete("test", Type::kNamespace, "", "other"));
  lab.RunFor(seconds(5));
  EXPECT_EQ(lab.server.Get(Type::kNamespace, "", "other"), nullptr);
  EXPECT_NE(lab.Get(Type::kConfigMap, "settings"), nullptr);
}

}  // namespace
}  // namespace drill::sim
