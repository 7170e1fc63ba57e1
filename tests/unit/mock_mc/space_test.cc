#include <gtest/gtest.h>

#include "mock-mc/behaviour/engine.h"
#include "mock-mc/behaviour/journal.h"
#include "tests/unit/mock_mc/support.h"

// Scenarios that run side by side and never meet.
namespace mock_mc::testing {
namespace {

using gate::Nanos;

const std::string kOnceGood =
    WithGoodAndBad("rules: [{sequence: [{respond: good, times: 1}, bad]}]\n");

Engine EngineWithSpace(const std::string& space) {
  return NewEngine("space: " + space + "\n" + kOnceGood);
}

Request WithHeader(Request request, const std::string& name, const std::string& value) {
  request.headers.emplace_back(name, value);
  return request;
}

TEST(SpaceTest, EachHeaderValueHasStateOfItsOwn) {
  Engine engine = EngineWithSpace("{header: X-Run-Id, default: shared}");
  EXPECT_EQ(DecisionOf(engine, WithHeader(Ask("r"), "x-run-id", "1")).response, "good");
  EXPECT_EQ(DecisionOf(engine, WithHeader(Ask("r"), "x-run-id", "2")).response, "good");
  EXPECT_EQ(DecisionOf(engine, Ask("r")).response, "good");
  EXPECT_EQ(DecisionOf(engine, WithHeader(Ask("r"), "X-Run-Id", "1")).response, "bad");
  const Decision unnamed = DecisionOf(engine, Ask("r"));
  EXPECT_EQ(unnamed.response, "bad");
  EXPECT_EQ(unnamed.space, "shared");
  EXPECT_EQ(DecisionOf(engine, WithHeader(Ask("r"), "X-Run-Id", "shared")).n, 3U);
}

TEST(SpaceTest, AQueryParameterCanNameIt) {
  Engine engine = EngineWithSpace("{query: run}");
  EXPECT_EQ(DecisionOf(engine, Get("/v1/evidence/r?stage=20&run=1")).response, "good");
  EXPECT_EQ(DecisionOf(engine, Get("/v1/evidence/r?stage=20&run=2")).response, "good");
  EXPECT_EQ(DecisionOf(engine, Get("/v1/evidence/r?stage=20&run=2")).response, "bad");
  EXPECT_EQ(DecisionOf(engine, Ask("r")).space, "");
}

TEST(SpaceTest, TheTokenCanNameItAndIsNotShown) {
  Engine engine = EngineWithSpace("{token: true}");
  const Decision first = DecisionOf(engine, WithHeader(Ask("r"), "Authorization", "Bearer one"));
  EXPECT_EQ(first.response, "good");
  EXPECT_TRUE(first.space.starts_with("Bearer sha256:")) << first.space;
  EXPECT_EQ(first.space.find("one"), std::string::npos);
  EXPECT_EQ(DecisionOf(engine, WithHeader(Ask("r"), "Authorization", "Bearer two")).response,
            "good");
  EXPECT_EQ(DecisionOf(engine, WithHeader(Ask("r"), "Authorization", "Bearer one")).response,
            "bad");
}

TEST(SpaceTest, TheBeginningOfThePathCanNameItAndIsTakenAway) {
  Engine engine = EngineWithSpace("{path: /spaces}");
  const Decision first = DecisionOf(engine, Get("/spaces/run%201/v1/evidence/r?stage=20"));
  EXPECT_EQ(first.response, "good");
  EXPECT_EQ(first.space, "run 1");
  EXPECT_EQ(first.release, "r");
  EXPECT_EQ(DecisionOf(engine, Get("/spaces/run%202/v1/evidence/r?stage=20")).response, "good");
  EXPECT_EQ(DecisionOf(engine, Get("/spaces/run%201/v1/evidence/r?stage=20")).response, "bad");
  const Decision outside = DecisionOf(engine, Ask("r"));
  EXPECT_EQ(outside.space, "");
  EXPECT_EQ(outside.response, "good");
  EXPECT_EQ(DecisionOf(engine, Get("/spaces/x")).response, "no-such-path");
  EXPECT_EQ(DecisionOf(engine, Get("/space/x/v1/evidence/r")).response, "no-such-path");
}

TEST(SpaceTest, TheTokenIsCheckedBehindASpaceInThePath) {
  Engine engine = NewEngine("space: {path: /s}\ntoken: {value: secret}\n" + kOnceGood);
  EXPECT_EQ(DecisionOf(engine, Get("/s/1/v1/evidence/r")).response, "unauthorized");
}

TEST(SpaceTest, SpacesDrawForThemselves) {
  Engine engine = NewEngine(
      "space: {header: X-Run-Id}\n"
      "rules: [{status: 200, delay: {uniform: [0s, 1h]}}]");
  const auto delay = [&](const char* run) {
    return DecisionOf(engine, WithHeader(Ask("r"), "X-Run-Id", run)).delay;
  };
  EXPECT_NE(delay("1"), delay("2"));
}

TEST(SpaceTest, AnOverrideCanBeOfOneSpace) {
  Engine engine = EngineWithSpace("{header: X-Run-Id}");
  const auto response = [&](const char* run) {
    return DecisionOf(engine, WithHeader(Ask("r"), "X-Run-Id", run)).response;
  };
  ASSERT_TRUE(engine.SetOverride({"1", "r", std::nullopt, false, std::nullopt}, At(Nanos(0))));
  EXPECT_EQ(response("1"), "flip/false");
  EXPECT_EQ(response("2"), "good");
  ASSERT_TRUE(engine.SetOverride({std::nullopt, "r", "20", true, std::nullopt}, At(Nanos(0))));
  EXPECT_EQ(response("1"), "flip/false") << "whose space is named goes before whose stage is";
  EXPECT_EQ(response("2"), "flip/true");
}

TEST(SpaceTest, TheJournalIsAskedBySpace) {
  Engine engine = EngineWithSpace("{header: X-Run-Id}");
  Journal journal{JournalLimits()};
  for (const char* run : {"1", "2", "1"}) {
    const Request request = WithHeader(Ask("r"), "X-Run-Id", run);
    Put(journal, MakeJournalEntry(request, DecisionOf(engine, request), At(Nanos(0)), 100));
  }
  JournalFilter filter;
  filter.space = "1";
  EXPECT_EQ(journal.Count(filter), 2U);
}

TEST(SpaceTest, ExactlyOneThingNamesIt) {
  const auto mistakes = [](const std::string& space) {
    return MistakesOf(ScriptText("space: " + space + "\n"));
  };
  EXPECT_EQ(mistakes("{header: X-Run-Id}"), "");
  EXPECT_NE(mistakes("{}"), "");
  EXPECT_NE(mistakes("{header: a, query: b}"), "");
  EXPECT_NE(mistakes("{header: a, token: true}"), "");
  EXPECT_NE(mistakes("{token: false}"), "");
  EXPECT_NE(mistakes("{header: \"\"}"), "");
  EXPECT_NE(mistakes("{path: spaces}"), "");
  EXPECT_NE(mistakes("{path: /}"), "");
  EXPECT_NE(mistakes("{path: /a//b}"), "");
  EXPECT_EQ(mistakes("{path: /a/b}"), "");
}

}  // namespace
}  // namespace mock_mc::testing
