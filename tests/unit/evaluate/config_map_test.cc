#include "gate/record/config_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_runtime.h"
#include "tests/support/memory_kube.h"

namespace gate::record {
namespace {

using ::testing::ElementsAre;

const ConfigMapPlace kPlace{"shop", "notes", {{"app", "gate"}}};
const KubeRef kNotes{kube::kConfigMaps, "shop", "notes"};

class ConfigMapTest : public ::testing::Test {
 protected:
  Deadline Soon() { return {runtime_.Now() + std::chrono::seconds(10)}; }

  // Adds 1 to the number, up to `limit`.
  Result<Json> CountUp(std::optional<Json> seen, int limit = 100) {
    const auto edit = [&](const Json& data) -> std::optional<Json> {
      const int number = data.empty() ? 0 : std::stoi(data.at("number").get<std::string>());
      if (number >= limit) return std::nullopt;
      return Json{{"number", std::to_string(number + 1)}};
    };
    Rng rng(1);
    return UpdateConfigMap(kube_, runtime_, rng, kPlace, edit, Soon(), std::move(seen));
  }

  std::string Number() const {
    return kube_.Find(kNotes)->at("data").at("number").get<std::string>();
  }

  std::vector<std::string> Verbs() const {
    std::vector<std::string> verbs;
    for (const MemoryKube::Call& call : kube_.calls) verbs.push_back(call.verb);
    return verbs;
  }

  FakeRuntime runtime_;
  MemoryKube kube_;
};

TEST_F(ConfigMapTest, OneThatIsNotThereReadsAsAnEmptyObject) {
  const auto read = ReadConfigMap(kube_, kPlace, Soon());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, Json::object());
  EXPECT_EQ(DataOf(*read), Json::object());
}

TEST_F(ConfigMapTest, OneThatCannotBeReadIsAnError) {
  kube_.before = [](const MemoryKube::Call&) {
    return Error{ErrorCode::kPermissionDenied, "not for you"};
  };
  EXPECT_EQ(ReadConfigMap(kube_, kPlace, Soon()).error().code, ErrorCode::kPermissionDenied);
}

TEST_F(ConfigMapTest, AnUpdateReadsAndWritesAndReturnsWhatIsThereNow) {
  ASSERT_TRUE(CountUp(std::nullopt));
  const auto updated = CountUp(std::nullopt);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(*updated, *kube_.Find(kNotes));
  EXPECT_EQ(Number(), "2");
  EXPECT_THAT(Verbs(), ElementsAre("get", "create", "get", "patch"));
}

TEST_F(ConfigMapTest, WhatWasSeenIsNotReadAgain) {
  const auto first = CountUp(Json::object());  // it was seen that there is none
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(CountUp(*first));
  EXPECT_EQ(Number(), "2");
  EXPECT_THAT(Verbs(), ElementsAre("create", "patch"));
}

TEST_F(ConfigMapTest, WhatHasChangedSinceItWasSeenIsReadAgain) {
  const auto first = CountUp(std::nullopt);
  ASSERT_TRUE(first);
  ASSERT_TRUE(CountUp(*first));
  ASSERT_TRUE(CountUp(*first));
  EXPECT_EQ(Number(), "3");
}

TEST_F(ConfigMapTest, WhatWasCreatedOrDeletedSinceItWasSeenIsReadAgain) {
  const auto first = CountUp(std::nullopt);
  ASSERT_TRUE(CountUp(Json::object()));
  EXPECT_EQ(Number(), "2");
  ASSERT_TRUE(kube_.Delete(kNotes, Soon()));
  ASSERT_TRUE(CountUp(*first));
  EXPECT_EQ(Number(), "1");
}

TEST_F(ConfigMapTest, ThatNothingIsToBeDoneIsBelievedOnlyOfWhatIsThereNow) {
  const auto first = CountUp(std::nullopt, 1);
  ASSERT_TRUE(kube_.Delete(kNotes, Soon()));
  ASSERT_TRUE(CountUp(*first, 1));
  EXPECT_EQ(Number(), "1");
}

}  // namespace
}  // namespace gate::record
