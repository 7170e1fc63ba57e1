#include "gate/record/status_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_runtime.h"
#include "tests/support/memory_kube.h"

namespace gate::record {
namespace {

const StatusKey kKey{"shop", "demo"};
const KubeRef kStatus{kube::kConfigMaps, "shop", "rollout-gate-demo"};

class StatusStoreTest : public ::testing::Test {
 protected:
  Result<audit::SealedRecord> Append(const std::string& id, const std::string& stage = "20") {
    StatusStore store(kube_, runtime_, Rng(1));
    return store.Append(kKey, {{"id", id}, {"stage", stage}, {"verdict", "pass"}},
                        {runtime_.Now() + std::chrono::seconds(10)});
  }

  std::vector<Json> History() const {
    std::vector<Json> records;
    std::istringstream lines(kube_.Find(kStatus)->at("data").at("history").get<std::string>());
    for (std::string line; std::getline(lines, line);) records.push_back(Json::parse(line));
    return records;
  }

  FakeRuntime runtime_;
  MemoryKube kube_;
};

TEST_F(StatusStoreTest, TheFirstRecordCreatesTheConfigMap) {
  const auto sealed = Append("a");
  ASSERT_TRUE(sealed) << sealed.error().message;
  const Json data = kube_.Find(kStatus)->at("data");
  EXPECT_EQ(data.at("stage-20"), sealed->line);
  EXPECT_EQ(data.at("history"), sealed->line + "\n");
  EXPECT_EQ(data.at("audit-head"), "1 " + sealed->head.hash);
}

TEST_F(StatusStoreTest, RecordsOfDifferentProcessesFormOneChain) {
  ASSERT_TRUE(Append("a", "20"));
  ASSERT_TRUE(Append("b", "50"));
  ASSERT_TRUE(Append("c", "20"));
  audit::ChainHead head;
  for (const Json& record : History()) {
    const auto next = audit::Follow(record, head);
    ASSERT_TRUE(next) << next.error().message;
    head = *next;
  }
  EXPECT_EQ(head.seq, 3);
  EXPECT_EQ(Json::parse(kube_.Find(kStatus)->at("data").at("stage-20").get<std::string>()).at("id"),
            "c");
  EXPECT_EQ(Json::parse(kube_.Find(kStatus)->at("data").at("stage-50").get<std::string>()).at("id"),
            "b");
}

TEST_F(StatusStoreTest, ALostRaceIsRetriedOnTheNewState) {
  ASSERT_TRUE(Append("a"));
  bool raced = false;
  kube_.before = [&](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.verb == "patch" && !raced) {
      raced = true;
      kube_.before = nullptr;
      EXPECT_TRUE(Append("other"));
    }
    return std::nullopt;
  };
  ASSERT_TRUE(Append("b"));
  ASSERT_EQ(History().size(), 3U);
  EXPECT_EQ(History()[1].at("id"), "other");
  EXPECT_EQ(History()[2].at("id"), "b");
}

TEST_F(StatusStoreTest, AWriteWhoseAnswerIsLostIsNotRepeated) {
  ASSERT_TRUE(Append("a"));
  int lost = 0;
  kube_.after = [&](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.verb == "patch" && ++lost == 1) {
      return Error{ErrorCode::kDeadlineExceeded, "no answer"};
    }
    return std::nullopt;
  };
  const auto sealed = Append("b");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(History().size(), 2U);
  EXPECT_EQ(sealed->record, History()[1]);
}

TEST_F(StatusStoreTest, ALostAnswerToTheCreationIsNotRepeatedEither) {
  int lost = 0;
  kube_.after = [&](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.verb == "create" && ++lost == 1) return Error{ErrorCode::kUnavailable, "reset"};
    return std::nullopt;
  };
  ASSERT_TRUE(Append("a"));
  EXPECT_EQ(History().size(), 1U);
}

TEST_F(StatusStoreTest, WaitsAsLongAsTheServerAsks) {
  const Instant start = runtime_.Now();
  int refused = 0;
  kube_.before = [&](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.verb == "create" && ++refused == 1) {
      return Error{ErrorCode::kResourceExhausted, "slow down", std::chrono::seconds(3)};
    }
    return std::nullopt;
  };
  ASSERT_TRUE(Append("a"));
  EXPECT_GE(runtime_.Now() - start, std::chrono::seconds(3));
}

TEST_F(StatusStoreTest, GivesUpAtTheDeadlineWithTheLastError) {
  kube_.before = [](const MemoryKube::Call&) -> std::optional<Error> {
    return Error{ErrorCode::kUnavailable, "connection refused"};
  };
  const Instant start = runtime_.Now();
  const auto sealed = Append("a");
  ASSERT_FALSE(sealed);
  EXPECT_THAT(sealed.error().message, ::testing::HasSubstr("connection refused"));
  EXPECT_LE(runtime_.Now() - start, std::chrono::seconds(10));
}

TEST_F(StatusStoreTest, APermissionThatIsMissingIsNotRetried) {
  kube_.before = [](const MemoryKube::Call&) -> std::optional<Error> {
    return Error{ErrorCode::kPermissionDenied, "forbidden"};
  };
  ASSERT_FALSE(Append("a"));
  EXPECT_EQ(kube_.calls.size(), 1U);
}

TEST_F(StatusStoreTest, TheHistoryIsBoundedAndKeepsTheNewest) {
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(Append("r" + std::to_string(i)));
  ASSERT_EQ(History().size(), 20U);
  EXPECT_EQ(History().back().at("id"), "r24");
  EXPECT_EQ(History().back().at("seq"), 25);
}

TEST_F(StatusStoreTest, AnUnreadableChainIsBegunAnewAndSaysSo) {
  for (const char* head : {"", "7", "x abc", "0 aa", "-1 bb", "3 zz"}) {
    kube_.Put(kStatus, {{"data", {{"audit-head", head}, {"history", "not json\n"}}}});
    const auto sealed = Append("a");
    ASSERT_TRUE(sealed) << head;
    EXPECT_EQ(sealed->record.at("chainReset"), true) << head;
    EXPECT_EQ(sealed->head.seq, 1) << head;
  }
}

TEST(AddToStatusTest, TheHistoryStaysBelowTheLimitOfAConfigMap) {
  Json data = Json::object();
  for (int i = 0; i < 20; ++i) {
    data.update(AddToStatus(data, {{"stage", "20"}, {"message", std::string(100'000, 'x')}}).data);
  }
  EXPECT_LT(data.dump().size(), std::size_t{512} << 10U);
}

}  // namespace
}  // namespace gate::record
