#include "harness/sim/kube/informer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drill::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr gate::Instant kEnd = gate::Instant(1h);

class InformerTest : public testing::Test {
 protected:
  InformerTest() {
    Object ns{Type::kNamespace, {}, nullptr, nullptr, nullptr};
    ns.meta.name = "shop";
    EXPECT_TRUE(server_.Create("test", std::move(ns)));
    informer_.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
      heard_.push_back((before ? "-" + before->meta.Label("n") : std::string()) +
                       (after ? "+" + after->meta.Label("n") : std::string()));
    });
  }

  ObjectPtr Write(const std::string& n) {
    const ObjectPtr stored = server_.Get(Type::kConfigMap, "shop", "a");
    Object object{Type::kConfigMap, {}, nullptr, nullptr, nullptr};
    if (stored) object = *stored;
    object.meta.ns = "shop";
    object.meta.name = "a";
    object.meta.labels["n"] = n;
    return stored ? *server_.Update("test", object, WritePart::kMain)
                  : *server_.Create("test", object);
  }
  void Settle() { world_.Run(kEnd, nullptr, 10'000); }

  World world_{{.seed = 3}};
  ApiServer server_{world_};
  WatchLink link_{world_, "watch"};
  Informer informer_{world_, server_, Type::kConfigMap, link_};
  std::vector<std::string> heard_;
};

TEST_F(InformerTest, SeesChangesLaterAndInOrder) {
  Write("1");
  Write("2");
  EXPECT_EQ(informer_.Get("shop", "a"), nullptr);
  Settle();
  EXPECT_THAT(heard_, ElementsAre("+1", "-1+2"));
  ASSERT_TRUE(server_.Delete("test", Type::kConfigMap, "shop", "a"));
  Settle();
  EXPECT_EQ(heard_.back(), "-2");
  EXPECT_EQ(informer_.Get("shop", "a"), nullptr);
}

TEST_F(InformerTest, AStalledWatchDeliversWhenItIsOver) {
  link_.stalled_until = world_.Now() + 10s;
  Write("1");
  world_.Run(gate::Instant(9s), nullptr, 100);
  EXPECT_THAT(heard_, IsEmpty());
  Settle();
  EXPECT_THAT(heard_, ElementsAre("+1"));
}

TEST_F(InformerTest, ALostEventIsMadeUpForByARelist) {
  link_.lost_ppm = 1'000'000;
  Write("1");
  Settle();
  EXPECT_THAT(heard_, IsEmpty());
  informer_.Relist();
  EXPECT_THAT(heard_, ElementsAre("+1"));
  EXPECT_EQ(informer_.List("shop").size(), 1U);
}

TEST_F(InformerTest, ADoubledEventIsHeardTwice) {
  link_.doubled_ppm = 1'000'000;
  Write("1");
  Settle();
  EXPECT_THAT(heard_, ElementsAre("+1", "-1+1"));
}

TEST_F(InformerTest, ARelistForgetsWhatIsUnderWay) {
  Write("1");
  informer_.Relist();
  Settle();
  EXPECT_THAT(heard_, ElementsAre("+1"));
}

TEST_F(InformerTest, ARelistTellsOfWhatIsGoneInOrderOfNamespaceAndName) {
  const std::vector<std::string> spaces = {"zoo", "ape", "mat"};
  for (const std::string& ns : spaces) {
    Object space{Type::kNamespace, {}, nullptr, nullptr, nullptr};
    space.meta.name = ns;
    ASSERT_TRUE(server_.Create("test", std::move(space)));
    for (const std::string name : {"b", "a"}) {
      Object object{Type::kConfigMap, {}, nullptr, nullptr, nullptr};
      object.meta.ns = ns;
      object.meta.name = name;
      object.meta.labels["n"] = ns + "/" + name;
      ASSERT_TRUE(server_.Create("test", std::move(object)));
    }
  }
  Settle();
  link_.lost_ppm = 1'000'000;
  for (const std::string& ns : spaces) {
    for (const std::string name : {"b", "a"}) {
      ASSERT_TRUE(server_.Delete("test", Type::kConfigMap, ns, name));
    }
  }
  heard_.clear();
  informer_.Relist();
  EXPECT_THAT(heard_, ElementsAre("-ape/a", "-ape/b", "-mat/a", "-mat/b", "-zoo/a", "-zoo/b"));
}

TEST_F(InformerTest, FindsWhatAnOwnerControls) {
  Object owned{Type::kConfigMap, {}, nullptr, nullptr, nullptr};
  owned.meta.ns = "shop";
  owned.meta.name = "owned";
  owned.meta.owners = {{"argoproj.io/v1alpha1", "Rollout", "demo", "uid-1"}};
  ASSERT_TRUE(server_.Create("test", owned));
  Write("1");
  Settle();
  ASSERT_EQ(informer_.OwnedBy("uid-1").size(), 1U);
  EXPECT_EQ(informer_.OwnedBy("uid-1")[0]->meta.name, "owned");
  ASSERT_TRUE(server_.Delete("test", Type::kConfigMap, "shop", "owned"));
  Settle();
  EXPECT_THAT(informer_.OwnedBy("uid-1"), IsEmpty());
}

}  // namespace
}  // namespace drill::sim
