#include "harness/trace/audit_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/harness/objects.h"

namespace drill {
namespace {

using gate::Json;
using testing::HasSubstr;
using testing::SizeIs;

Json First() { return ARecord(nullptr); }
Json Second() { return ARecord(First(), {{"stage", "50"}, {"verdict", "pass"}}); }

std::string Problem(const AuditChain& chain) {
  const auto judgement = chain.Verify();
  EXPECT_FALSE(judgement.ok);
  return judgement.detail;
}

// The problem with a chain that was only ever seen like this.
std::string ProblemOf(const Json& config_map) {
  AuditChain chain;
  chain.Take(config_map);
  return Problem(chain);
}

TEST(AuditChainTest, GivesEachRecordOnce) {
  AuditChain chain;
  EXPECT_THAT(chain.Take(AStatus({First()})), SizeIs(1));
  EXPECT_THAT(chain.Take(AStatus({First()})), SizeIs(0));
  const auto fresh = chain.Take(AStatus({First(), Second()}));
  ASSERT_THAT(fresh, SizeIs(1));
  EXPECT_EQ(fresh[0]["seq"], 2);
  EXPECT_TRUE(chain.Verify().ok);
  EXPECT_EQ(chain.Verify().detail, "2 records in order");
}

TEST(AuditChainTest, RemembersRecordsThatTheHistoryNoLongerHolds) {
  AuditChain chain;
  chain.Take(AStatus({First()}));
  chain.Take(AStatus({Second()}));
  EXPECT_TRUE(chain.Verify().ok) << chain.Verify().detail;
}

TEST(AuditChainTest, ReadsStagesWithoutAHistory) {
  Json status = AStatus({First()});
  status["data"].erase("history");
  AuditChain chain;
  EXPECT_THAT(chain.Take(status), SizeIs(1));
}

TEST(AuditChainTest, NoRecordIsNotInOrder) {
  EXPECT_EQ(Problem(AuditChain()), "the gate left no record");
}

TEST(AuditChainTest, NoticesAMissingRecord) {
  EXPECT_EQ(ProblemOf(AStatus({Second()})), "record 1 is missing");
}

TEST(AuditChainTest, NoticesARecordThatDoesNotMatchItsHash) {
  Json record = First();
  record["verdict"] = "pass";
  EXPECT_EQ(ProblemOf(AStatus({record})), "record 1 does not match its own hash");
}

TEST(AuditChainTest, NoticesARecordThatFollowsAnother) {
  const Json other = ARecord(nullptr, {{"message", "something else"}});
  EXPECT_EQ(ProblemOf(AStatus({First(), ARecord(other)})), "record 2 does not follow record 1");
}

TEST(AuditChainTest, NoticesARecordThatIsRewrittenLater) {
  AuditChain chain;
  chain.Take(AStatus({First()}));
  chain.Take(AStatus({ARecord(nullptr, {{"verdict", "pass"}})}));
  EXPECT_EQ(Problem(chain), "record 1 was changed after it was written");
}

TEST(AuditChainTest, NoticesAWrongHead) {
  Json status = AStatus({First()});
  status["data"]["audit-head"] = "1 " + std::string(64, '0');
  EXPECT_EQ(ProblemOf(status), "audit-head does not name record 1 and its hash");
  status["data"].erase("audit-head");
  EXPECT_EQ(ProblemOf(status), "audit-head does not name record 1 and its hash");
}

TEST(AuditChainTest, NoticesWhatIsNoRecord) {
  Json status = AStatus({First()});
  status["data"]["history"] = "not json\n";
  EXPECT_THAT(ProblemOf(status), HasSubstr("a record is not readable: not json"));
}

}  // namespace
}  // namespace drill
