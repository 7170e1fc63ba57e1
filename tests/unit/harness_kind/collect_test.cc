#include "harness/kind/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gate/adapters/system_runtime.h"

namespace drill {
namespace {

using gate::Json;
using testing::HasSubstr;

class CollectTest : public testing::Test {
 protected:
  gate::SystemRuntime runtime_;
  const Sighting seen_{runtime_.Now(), runtime_.WallNow()};
};

Json AnEntry(const std::string& arrived) {
  return {{"arrivedAt", arrived},    {"release", "shop-1.5.0"}, {"stage", "20"},    {"status", 200},
          {"rule", "good"},          {"evidenceOk", true},      {"traceId", "abc"}, {"nonce", "n"},
          {"internalError", nullptr}};
}

std::string AJournal(const Json& entries, int dropped = 0) {
  return Json{{"entries", entries}, {"dropped", dropped}}.dump();
}

TEST_F(CollectTest, AJournalEntryBecomesAnEventWithTheFieldsThatScenariosKnow) {
  const auto trace = McRequestsFromJournal(
      AJournal(Json::array({AnEntry("2026-03-01T12:00:00.250000000Z")})), seen_);
  ASSERT_TRUE(trace);
  ASSERT_EQ(trace->size(), 1U);
  const TraceEvent& event = trace->front();
  EXPECT_EQ(event.name, "mc.request");
  EXPECT_EQ(gate::FormatRfc3339(event.wall), "2026-03-01T12:00:00.250Z");
  EXPECT_EQ(event.fields, Json({{"release", "shop-1.5.0"},
                                {"stage", "20"},
                                {"status", 200},
                                {"rule", "good"},
                                {"evidenceOk", true},
                                {"traceId", "abc"}}));
}

TEST_F(CollectTest, CivilTimesBecomeInstantsOfTheRunsClock) {
  const gate::WallTime now = runtime_.WallNow();
  const auto trace = McRequestsFromJournal(
      AJournal(Json::array({AnEntry(gate::FormatRfc3339(now - std::chrono::seconds(10), 9))})),
      seen_);
  ASSERT_TRUE(trace);
  const gate::Nanos ago = runtime_.Now() - trace->front().at;
  EXPECT_GT(ago, std::chrono::milliseconds(9900));
  EXPECT_LT(ago, std::chrono::milliseconds(15000));
}

TEST_F(CollectTest, AnIncompleteJournalIsAnErrorAndNotAnEmptyTrace) {
  EXPECT_FALSE(McRequestsFromJournal(AJournal(Json::array(), 1), seen_));
  EXPECT_FALSE(McRequestsFromJournal("{\"entries\": []}", seen_));
  EXPECT_FALSE(McRequestsFromJournal("<html>", seen_));
  EXPECT_FALSE(McRequestsFromJournal("{\"dropped\": 0}", seen_));
  EXPECT_TRUE(McRequestsFromJournal(AJournal(Json::array()), seen_));
}

TEST_F(CollectTest, AFailureOfMockMcItselfIsAnError) {
  Json entry = AnEntry("2026-03-01T12:00:00Z");
  entry["internalError"] = "out of memory";
  const auto trace = McRequestsFromJournal(AJournal(Json::array({entry})), seen_);
  ASSERT_FALSE(trace);
  EXPECT_THAT(trace.error().message, HasSubstr("out of memory"));
}

TEST_F(CollectTest, OnlyAuditRecordsOfALogBecomeEvents) {
  const std::string log =
      "{\"time\":\"2026-03-01T12:00:00Z\",\"level\":\"info\",\"msg\":\"hello\"}\n"
      "panic: not JSON\n"
      "{\"kind\":\"verdict\",\"time\":\"2026-03-01T12:00:01Z\",\"hash\":\"aa\",\"prev\":\"bb\","
      "\"seq\":2,\"verdict\":\"pass\",\"mcReasons\":[\"x\"],\"id\":\"q\"}\n";
  const auto trace = AuditsFromLog(log, seen_);
  ASSERT_TRUE(trace);
  ASSERT_EQ(trace->size(), 1U);
  EXPECT_EQ(trace->front().name, "audit");
  EXPECT_EQ(trace->front().fields, Json({{"kind", "verdict"},
                                         {"time", "2026-03-01T12:00:01Z"},
                                         {"hash", "aa"},
                                         {"prev", "bb"},
                                         {"seq", 2},
                                         {"verdict", "pass"}}));
}

TEST_F(CollectTest, AnAuditRecordWithoutATimeIsAnError) {
  EXPECT_FALSE(AuditsFromLog("{\"kind\":\"verdict\",\"hash\":\"aa\"}\n", seen_));
}

TEST_F(CollectTest, AnAlertIsAnEventOfTheSecondInWhichItBeganToFire) {
  const auto trace = AlertsFromQuery(
      R"({"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": {"__name__": "ALERTS", "alertname": "RolloutGateBypass", "severity": "critical",
                    "environment": "drill", "alertstate": "firing"},
         "values": [[1772366401, "1"], [1772366402, "1"]]}]}})",
      seen_);
  ASSERT_TRUE(trace) << trace.error().message;
  ASSERT_EQ(trace->size(), 1U);
  const TraceEvent& event = trace->front();
  EXPECT_EQ(event.name, "alert");
  EXPECT_EQ(gate::FormatRfc3339(event.wall), "2026-03-01T12:00:00.000Z");
  EXPECT_EQ(event.uncertainty, std::chrono::seconds(1));
  EXPECT_EQ(
      event.fields,
      Json({{"name", "RolloutGateBypass"}, {"severity", "critical"}, {"environment", "drill"}}));
}

TEST_F(CollectTest, WherePrometheusFindsNoAlertThereIsNoEvent) {
  const auto trace = AlertsFromQuery(
      R"({"status": "success", "data": {"resultType": "matrix", "result": []}})", seen_);
  ASSERT_TRUE(trace);
  EXPECT_TRUE(trace->empty());
}

TEST_F(CollectTest, AnErrorOfPrometheusIsNoAbsenceOfAlerts) {
  const auto trace = AlertsFromQuery(R"({"status": "error", "error": "query timed out"})", seen_);
  ASSERT_FALSE(trace);
  EXPECT_THAT(trace.error().message, HasSubstr("query timed out"));
  EXPECT_FALSE(AlertsFromQuery("<html>", seen_));
}

TEST_F(CollectTest, MergeOrdersByTimeAndKeepsTheOrderOfEqualTimes) {
  const auto event = [](const char* name, int at) {
    return TraceEvent{name, gate::Instant(gate::Nanos(at)), {}, gate::Nanos(0), Json::object()};
  };
  const Trace merged =
      Merge({event("d", 4), event("a", 1)}, {event("b", 1), event("c", 3), event("e", 9)});
  std::string names;
  for (const TraceEvent& each : merged) names += each.name;
  EXPECT_EQ(names, "abcde");
}

}  // namespace
}  // namespace drill
