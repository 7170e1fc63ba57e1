#include "harness/sim/kube/rbac.h"

#include <gtest/gtest.h>

namespace drill::sim {
namespace {

using gate::Json;

class RbacTest : public testing::Test {
 protected:
  RbacTest() {
    Put({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "shop"}}}});
    Put({{"apiVersion", "rbac.authorization.k8s.io/v1"},
         {"kind", "Role"},
         {"metadata", {{"name", "gate"}, {"namespace", "shop"}}},
         {"rules",
          {{{"apiGroups", {""}},
            {"resources", {"configmaps"}},
            {"resourceNames", {"mine"}},
            {"verbs", {"get", "patch"}}},
           {{"apiGroups", {"argoproj.io"}}, {"resources", {"analysisruns"}}, {"verbs", {"*"}}}}}});
    Put({{"apiVersion", "rbac.authorization.k8s.io/v1"},
         {"kind", "RoleBinding"},
         {"metadata", {{"name", "gate"}, {"namespace", "shop"}}},
         {"roleRef", {{"kind", "Role"}, {"name", "gate"}}},
         {"subjects", {{{"kind", "ServiceAccount"}, {"name", "gate"}, {"namespace", "shop"}}}}});
  }

  void Put(const Json& json) {
    const TypeInfo* info =
        FindKind(gate::JsonString(json, "/apiVersion"), gate::JsonString(json, "/kind"));
    ASSERT_NE(info, nullptr);
    auto object = FromJson(*info, json);
    ASSERT_TRUE(object);
    ASSERT_TRUE(server_.Create("test", *std::move(object)));
  }

  bool May(std::string_view verb, Type type, std::string_view name,
           const Identity& who = {"shop", "gate"}) const {
    return Authorize(server_, who, {verb, type, Access::Part::kMain, "shop", name}).has_value();
  }

  World world_{{.seed = 1}};
  ApiServer server_{world_};
};

TEST_F(RbacTest, AllowsWhatARuleLists) {
  EXPECT_TRUE(May("get", Type::kConfigMap, "mine"));
  EXPECT_TRUE(May("delete", Type::kAnalysisRun, "any"));
}

TEST_F(RbacTest, RefusesOtherNamesVerbsTypesAndSubresources) {
  EXPECT_FALSE(May("get", Type::kConfigMap, "other"));
  EXPECT_FALSE(May("list", Type::kConfigMap, ""));
  EXPECT_FALSE(May("delete", Type::kConfigMap, "mine"));
  EXPECT_FALSE(May("get", Type::kSecret, "mine"));
  EXPECT_FALSE(Authorize(server_, {"shop", "gate"},
                         {"patch", Type::kAnalysisRun, Access::Part::kStatus, "shop", "any"}));
}

TEST_F(RbacTest, RefusesOtherAccountsAndNamespaces) {
  EXPECT_FALSE(May("get", Type::kConfigMap, "mine", {"shop", "default"}));
  EXPECT_FALSE(May("get", Type::kConfigMap, "mine", {"other", "gate"}));
  EXPECT_FALSE(Authorize(server_, {"shop", "gate"},
                         {"get", Type::kConfigMap, Access::Part::kMain, "other", "mine"}));
}

TEST_F(RbacTest, TheAdministratorMayDoEverything) {
  EXPECT_TRUE(May("delete", Type::kSecret, "any", Identity{}));
}

}  // namespace
}  // namespace drill::sim
