#include "harness/sim/cluster/volumes.h"

#include <gmock/gmock.h>

#include "tests/unit/sim/cluster/lab.h"

namespace drill::sim {
namespace {

using gate::ErrorCode;
using gate::Json;
using std::chrono::seconds;
using testing::HasSubstr;

Json Mounting(Json volumes, Json mounts) {
  Json spec = APodSpec();
  spec["volumes"] = std::move(volumes);
  spec["containers"][0]["volumeMounts"] = std::move(mounts);
  return APod(std::move(spec));
}

class VolumesTest : public testing::Test {
 protected:
  void StartPod(const Json& pod) {
    lab.Create(pod);
    lab.RunFor(seconds(2));
    ASSERT_EQ(lab.runtime.started.size(), 1U);
  }
  gate::Files& files() { return *lab.runtime.started.at(0).files; }
  std::string Text(const std::string& path) {
    auto text = files().Read(path);
    return text ? *text : std::string(ToString(text.error().code));
  }

  Lab lab;
};

TEST_F(VolumesTest, ReadsTextsAndSecrets) {
  lab.Create(AConfigMap("settings", {{"a.yaml", "one"}, {"b.yaml", ""}}));
  lab.Create(ASecret("token", {{"token", std::string("s\0t", 3)}}));
  StartPod(Mounting(Json::array({{{"name", "c"}, {"configMap", {{"name", "settings"}}}},
                                 {{"name", "s"}, {"secret", {{"secretName", "token"}}}},
                                 {{"name", "tmp"}, {"emptyDir", Json::object()}}}),
                    Json::array({{{"name", "c"}, {"mountPath", "/etc/app"}},
                                 {{"name", "s"}, {"mountPath", "/etc/app/secret/"}},
                                 {{"name", "tmp"}, {"mountPath", "/tmp"}}})));
  EXPECT_EQ(Text("/etc/app/a.yaml"), "one");
  EXPECT_EQ(Text("/etc/app/b.yaml"), "");
  EXPECT_EQ(Text("/etc/app/secret/token"), std::string("s\0t", 3));
  for (const char* path : {"/etc/app/c.yaml", "/etc/app", "/etc/app/", "/etc/apple/a.yaml",
                           "/tmp/x", "/a.yaml", "", "/etc/app/secret/a.yaml"}) {
    EXPECT_EQ(Text(path), "not-found") << path;
  }
}

TEST_F(VolumesTest, RefusesAFileThatIsLargerThanTheLimit) {
  lab.Create(AConfigMap("settings", {{"a", "12345"}}));
  StartPod(Mounting(Json::array({{{"name", "c"}, {"configMap", {{"name", "settings"}}}}}),
                    Json::array({{{"name", "c"}, {"mountPath", "/c"}}})));
  EXPECT_TRUE(files().Read("/c/a", 5));
  const auto refused = files().Read("/c/a", 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("/c/a"));
}

TEST_F(VolumesTest, ShowsOnlyTheItemsAskedFor) {
  lab.Create(AConfigMap("settings", {{"a", "one"}, {"b", "two"}}));
  StartPod(
      Mounting(Json::array({{{"name", "c"},
                             {"configMap",
                              {{"name", "settings"},
                               {"items", Json::array({{{"key", "a"}, {"path", "dir/x"}}})}}}}}),
               Json::array({{{"name", "c"}, {"mountPath", "/c"}},
                            {{"name", "c"}, {"mountPath", "/single"}, {"subPath", "dir/x"}}})));
  EXPECT_EQ(Text("/c/dir/x"), "one");
  EXPECT_EQ(Text("/single"), "one");
  EXPECT_EQ(Text("/c/a"), "not-found");
  EXPECT_EQ(Text("/c/b"), "not-found");
}

TEST_F(VolumesTest, WaitsForAnItemThatIsMissing) {
  lab.Create(AConfigMap("settings", {{"b", "two"}}));
  lab.Create(Mounting(Json::array({{{"name", "c"},
                                    {"configMap",
                                     {{"name", "settings"},
                                      {"items", Json::array({{{"key", "a"}, {"path", "x"}}})}}}}}),
                      Json::array({{{"name", "c"}, {"mountPath", "/c"}}})));
  lab.RunFor(seconds(5));
  EXPECT_TRUE(lab.runtime.started.empty());
  EXPECT_TRUE(lab.HasEvent("configmap references non-existent config key: a"));
}

TEST_F(VolumesTest, ShowsAChangeAfterAWhileButWithinAMinute) {
  lab.Create(ASecret("token", {{"token", "old"}}));
  StartPod(Mounting(Json::array({{{"name", "s"}, {"secret", {{"secretName", "token"}}}}}),
                    Json::array({{{"name", "s"}, {"mountPath", "/s"}}})));
  lab.PatchRest(Type::kSecret, "token", {{"stringData", {{"token", "new"}}}});
  lab.RunFor(std::chrono::milliseconds(900));
  EXPECT_EQ(Text("/s/token"), "old");
  lab.RunFor(seconds(61));
  EXPECT_EQ(Text("/s/token"), "new");
}

TEST_F(VolumesTest, KeepsTheFilesOfADeletedSecretUntilThereIsAnother) {
  lab.Create(ASecret("token", {{"token", "old"}}));
  StartPod(Mounting(Json::array({{{"name", "s"}, {"secret", {{"secretName", "token"}}}}}),
                    Json::array({{{"name", "s"}, {"mountPath", "/s"}}})));
  lab.Delete(Type::kSecret, "token");
  lab.RunFor(seconds(200));
  EXPECT_EQ(Text("/s/token"), "old");
  lab.Create(ASecret("token", {{"token", "new"}}));
  lab.RunFor(seconds(62));
  EXPECT_EQ(Text("/s/token"), "new");
}

TEST_F(VolumesTest, StaysReadableAfterThePodIsGone) {
  lab.Create(AConfigMap("settings", {{"a", "one"}}));
  StartPod(Mounting(Json::array({{{"name", "c"}, {"configMap", {{"name", "settings"}}}}}),
                    Json::array({{{"name", "c"}, {"mountPath", "/c"}}})));
  lab.Delete(Type::kPod, "single");
  lab.RunFor(seconds(5));
  ASSERT_EQ(lab.Pods().size(), 0U);
  EXPECT_EQ(Text("/c/a"), "one");
}

TEST(AdmissionTest, RefusesStringDataThatIsNone) {
  Lab lab;
  auto object =
      FromJson(InfoOf(Type::kSecret), {{"apiVersion", "v1"},
                                       {"kind", "Secret"},
                                       {"metadata", {{"name", "x"}, {"namespace", "shop"}}},
                                       {"stringData", {{"a", 1}}}});
  ASSERT_TRUE(object);
  auto created = lab.server.Create("test", *std::move(object));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace drill::sim
