#include "harness/sim/campaign/gate_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/audit/chain.h"

namespace drill::sim {
namespace {

using gate::Json;

// A gate that writes its records well, unless a test lets it do otherwise.
class GateRecordsTest : public testing::Test {
 protected:
  Json Record(const std::string& verdict, const std::string& reason) {
    return {
        {"kind", "verdict"}, {"id", std::to_string(++ids_)}, {"release", "r"},   {"stage", "20"},
        {"podHash", "abc"},  {"verdict", verdict},           {"reason", reason}, {"traceId", "t"},
        {"dryRun", false},   {"securityAlert", false},       {"attempts", 1}};
  }

  gate::audit::SealedRecord Append(Json record) {
    auto sealed = gate::audit::Seal(std::move(record), head_);
    head_ = sealed.head;
    history_ += sealed.line + "\n";
    return sealed;
  }

  void Show() {
    Object object{Type::kConfigMap,
                  {},
                  nullptr,
                  nullptr,
                  Share({{"data",
                          {{"history", history_},
                           {"audit-head", std::to_string(head_.seq) + " " + head_.hash}}}})};
    records_.OnStatus(object, gate::Nanos(0));
  }

  void McSays(bool ok, std::vector<std::string> lies = {}, const std::string& release = "r") {
    mock_mc::Decision decision;
    decision.release = release;
    decision.stage = "20";
    decision.trace_id = "t";
    decision.status = 200;
    decision.evidence_ok = ok;
    decision.deliberate = std::move(lies);
    records_.OnMcRequest(decision);
  }

  std::string Broken() const {
    return judge_.violation() ? std::string(NameOf(judge_.violation()->invariant)) : "";
  }

  int ids_ = 0;
  gate::audit::ChainHead head_;
  std::string history_;
  Judge judge_;
  GateRecords records_{judge_};
  PodLogs logs_;
};

TEST_F(GateRecordsTest, AProvenPassOpensItsGateAndNoOther) {
  McSays(true);
  logs_.Write("ns/gate", Append(Record("pass", "evidence-true")).line);
  Show();
  records_.CheckLogs(logs_, 0, gate::Nanos(0));
  records_.CheckChain(gate::Nanos(0));
  EXPECT_EQ(Broken(), "");
  EXPECT_TRUE(records_.Passed("r", "20", "abc"));
  EXPECT_FALSE(records_.Passed("r", "50", "abc"));
  EXPECT_FALSE(records_.Passed("q", "20", "abc"));
  EXPECT_FALSE(records_.Passed("r", "20", "def"));
}

TEST_F(GateRecordsTest, ADryRunOpensNoGate) {
  McSays(true);
  Json record = Record("pass", "evidence-true");
  record["dryRun"] = true;
  Append(std::move(record));
  Show();
  EXPECT_FALSE(records_.Passed("r", "20", "abc"));
}

TEST_F(GateRecordsTest, APassNeedsMcsWord) {
  Append(Record("pass", "evidence-true"));
  Show();
  EXPECT_EQ(Broken(), "pass-is-proven");
}

TEST_F(GateRecordsTest, ALieIsNoProof) {
  McSays(true, {"wrongKey"});
  Append(Record("pass", "evidence-true"));
  Show();
  EXPECT_EQ(Broken(), "pass-is-proven");
}

TEST_F(GateRecordsTest, AnAnswerAboutAnotherReleaseIsNoProof) {
  McSays(true, {}, "q");
  Append(Record("pass", "evidence-true"));
  Show();
  EXPECT_EQ(Broken(), "pass-is-proven");
}

TEST_F(GateRecordsTest, ARefusalNeedsMcsWordToo) {
  McSays(true);
  Append(Record("fail", "evidence-false"));
  Show();
  EXPECT_EQ(Broken(), "fail-is-proven");
}

TEST_F(GateRecordsTest, EveryRecordHasItsLine) {
  Append(Record("inconclusive", "timeout"));
  Show();
  records_.CheckLogs(logs_, 0, gate::Nanos(0));
  EXPECT_EQ(Broken(), "audit-line");
}

TEST_F(GateRecordsTest, AKilledGateMayOweItsLine) {
  Append(Record("inconclusive", "timeout"));
  Show();
  records_.CheckLogs(logs_, 1, gate::Nanos(0));
  EXPECT_EQ(Broken(), "");
}

TEST_F(GateRecordsTest, APassThatIsOnlyPrintedIsNone) {
  logs_.Write("ns/gate", gate::audit::Seal(Record("pass", "evidence-true"), {}).line);
  records_.CheckLogs(logs_, 0, gate::Nanos(0));
  EXPECT_EQ(Broken(), "pass-is-recorded");
}

TEST_F(GateRecordsTest, ALostRecordBreaksTheChain) {
  Append(Record("inconclusive", "timeout"));
  history_.clear();
  Append(Record("inconclusive", "timeout"));
  Show();
  records_.CheckChain(gate::Nanos(0));
  EXPECT_EQ(Broken(), "one-chain");
}

TEST_F(GateRecordsTest, TwoRecordsInOneWriteAreNotHowItIsDone) {
  Append(Record("inconclusive", "timeout"));
  Append(Record("inconclusive", "timeout"));
  Show();
  EXPECT_EQ(Broken(), "one-chain");
}

}  // namespace
}  // namespace drill::sim
