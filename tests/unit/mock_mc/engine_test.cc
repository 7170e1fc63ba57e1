#include "mock-mc/behaviour/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "mock-mc/behaviour/draw.h"
#include "tests/unit/mock_mc/support.h"

namespace mock_mc::testing {
namespace {

using gate::Nanos;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

Override About(std::optional<std::string> stage, std::optional<bool> ok) {
  return {std::nullopt, "r", std::move(stage), ok, std::nullopt};
}

TEST(EngineTest, AnswersReleasesThatNobodyScriptedWithNoEvidence) {
  Engine engine = NewEngine("");
  const Plan plan = engine.Handle(Ask("r"), At(Nanos(0)));
  EXPECT_EQ(AnswerOf(plan).status, 404);
  EXPECT_EQ(AnswerOf(plan).body, "{\"error\":\"no evidence\"}");
  EXPECT_EQ(plan.decision.rule, "");
  EXPECT_EQ(plan.decision.response, "no-evidence");
  EXPECT_EQ(plan.decision.release, "r");
  const Plan elsewhere = engine.Handle(Get("/v2/else"), At(Nanos(0)));
  EXPECT_EQ(AnswerOf(elsewhere).status, 404);
  EXPECT_EQ(elsewhere.decision.response, "no-such-path");
}

TEST(EngineTest, RefusesMalformedTargets) {
  Engine engine = NewEngine("rules: [{record: true}]");
  for (const char* target : {"/%4", "/%zz", "/a?b=%", "*", "no-slash"}) {
    EXPECT_EQ(AnswerOf(engine.Handle(Get(target), At(Nanos(0)))).status, 400) << target;
  }
  EXPECT_EQ(AnswerOf(engine.Handle(Get("http://mc.example/a"), At(Nanos(0)))).status, 200);
}

TEST(EngineTest, TheFirstRuleThatMatchesAnswers) {
  Engine engine = NewEngine(
      WithGoodAndBad("rules:\n"
                     "  - {id: twenty, match: {release: r, stage: \"20\"}, respond: good}\n"
                     "  - {id: prod, match: {release: r, environment: prod}, respond: bad}\n"
                     "  - {id: rest, match: {release: \"~^r\"}, respond: bad}\n"));
  const auto rule = [&](const Request& request) {
    return engine.Handle(request, At(Nanos(0))).decision.rule;
  };
  EXPECT_EQ(rule(Ask("r", "20")), "twenty");
  EXPECT_EQ(rule(Ask("r", "200")), "rest");
  EXPECT_EQ(rule(Get("/v1/evidence/r?environment=prod&stage=50")), "prod");
  EXPECT_EQ(rule(Ask("r2", "20")), "rest");
  EXPECT_EQ(rule(Ask("2r", "20")), "");
  Request post = Ask("r");
  post.method = "POST";
  EXPECT_EQ(rule(post), "") << "evidence is only got";
}

TEST(EngineTest, MatchesMethodPathQueryAndHeader) {
  Engine engine = NewEngine(
      "rules:\n"
      "  - {id: all, match: {method: PUT, path: \"/a/{x}/b\", query: {q: \"~^1+$\"},"
      " header: {X-Run: one}}, status: 204}\n"
      "  - {id: tree, match: {path: /tree/**}, status: 204}\n"
      "  - {id: regex, match: {path: \"~^/[0-9]+$\"}, status: 204}\n");
  const auto rule = [&](std::string method, const char* target, Fields headers) {
    return engine.Handle({std::move(method), target, std::move(headers), "", true}, At(Nanos(0)))
        .decision.rule;
  };
  EXPECT_EQ(rule("PUT", "/a/z/b?q=11", {{"x-run", "one"}}), "all");
  EXPECT_EQ(rule("PUT", "/a/z/b?p=1&q=1", {{"X-Run", "one"}}), "all");
  EXPECT_EQ(rule("PUT", "/a/z/b?q=12", {{"X-Run", "one"}}), "");
  EXPECT_EQ(rule("PUT", "/a/z/b?q=1", {{"X-Run", "two"}}), "");
  EXPECT_EQ(rule("PUT", "/a/z/b?q=1", {}), "");
  EXPECT_EQ(rule("PUT", "/a//b?q=1", {{"X-Run", "one"}}), "");
  EXPECT_EQ(rule("PUT", "/a/z/b/c?q=1", {{"X-Run", "one"}}), "");
  EXPECT_EQ(rule("GET", "/a/z/b?q=1", {{"X-Run", "one"}}), "");
  EXPECT_EQ(rule("GET", "/tree/x/y", {}), "tree");
  EXPECT_EQ(rule("DELETE", "/tree", {}), "tree");
  EXPECT_EQ(rule("GET", "/trees", {}), "");
  EXPECT_EQ(rule("GET", "/123", {}), "regex");
}

TEST(EngineTest, ASequenceCountsPerReleaseAndStage) {
  Engine engine =
      NewEngine(WithGoodAndBad("rules: [{sequence: [{respond: good, times: 2}, bad]}]"));
  EXPECT_EQ(ResponseTo(engine, Ask("r", "20")), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r", "50")), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r", "20")), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r", "20")), "bad");
  EXPECT_EQ(ResponseTo(engine, Ask("r", "20")), "bad");
  EXPECT_EQ(ResponseTo(engine, Ask("r", "50")), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r", "50")), "bad");
}

TEST(EngineTest, TheKeySaysWhoSharesState) {
  const std::string sequence = "sequence: [{respond: good, times: 1}, bad]}]";
  Engine shared = NewEngine(WithGoodAndBad("rules: [{key: [], " + sequence));
  EXPECT_EQ(ResponseTo(shared, Ask("a")), "good");
  EXPECT_EQ(ResponseTo(shared, Ask("b")), "bad");

  Engine by_header =
      NewEngine(WithGoodAndBad("rules: [{key: [header.X-Run, path.releaseId], " + sequence));
  Request first = Ask("a");
  first.headers.emplace_back("X-Run", "1");
  EXPECT_EQ(ResponseTo(by_header, first), "good");
  EXPECT_EQ(ResponseTo(by_header, Ask("a")), "good");
  EXPECT_EQ(ResponseTo(by_header, first), "bad");

  // Joined with a separator, these two would be the same.
  Engine by_query = NewEngine(WithGoodAndBad("rules: [{key: [query.x, query.y], " + sequence));
  EXPECT_EQ(ResponseTo(by_query, Get("/v1/evidence/r?x=a%7Cb&y=c")), "good");
  EXPECT_EQ(ResponseTo(by_query, Get("/v1/evidence/r?x=a&y=b%7Cc")), "good");
}

TEST(EngineTest, ATimelineRunsFromTheFirstRequestOfTheKey) {
  Engine engine = NewEngine(WithGoodAndBad(
      "rules: [{timeline: [{for: 30s, respond: good}, {for: 10s, status: 503}, bad]}]"));
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(100)), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(130) - Nanos(1)), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(130)), "rule-1/2");
  EXPECT_EQ(ResponseTo(engine, Ask("other"), seconds(135)), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(140) - Nanos(1)), "rule-1/2");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(140)), "bad");
  EXPECT_EQ(ResponseTo(engine, Ask("r"), std::chrono::hours(100)), "bad");
}

TEST(EngineTest, ATimelineCanRunFromTheStart) {
  Engine engine = NewEngine(
      WithGoodAndBad("rules: [{since: start, timeline: [{for: 30s, respond: good}, bad]}]"));
  EXPECT_EQ(ResponseTo(engine, Ask("r"), seconds(30) - Nanos(1)), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("other"), seconds(30)), "bad");
}

TEST(EngineTest, TheTimelineFollowsTheMonotonicClock) {
  Engine engine =
      NewEngine(WithGoodAndBad("rules: [{timeline: [{for: 30s, respond: good}, bad]}]"));
  EXPECT_EQ(ResponseTo(engine, Ask("r")), "good");
  Moment stepped = At(seconds(10));
  stepped.wall += std::chrono::hours(1);
  EXPECT_EQ(engine.Handle(Ask("r"), stepped).decision.response, "good");
}

TEST(EngineTest, ChecksTheTokenOfEvidenceRequestsOnly) {
  MemoryFiles files;
  files["token"] = "secret-1\n";
  auto script = ReadScript(ScriptText("token: {tokenFile: token}\n"
                                      "rules: [{match: {path: /slack}, status: 200},"
                                      " {evidence: {ok: true}}]"),
                           "script.yaml", files.Reader());
  ASSERT_TRUE(script) << script.error().message;
  Engine engine(*std::move(script), files.Reader(), At(Nanos(0)));
  const auto status = [&](Request request, const char* authorization) {
    if (authorization != nullptr) request.headers.emplace_back("authorization", authorization);
    return AnswerOf(engine.Handle(request, At(Nanos(0)))).status;
  };
  EXPECT_EQ(status(Ask("r"), "Bearer secret-1"), 200);
  EXPECT_EQ(status(Ask("r"), "Bearer secret-2"), 401);
  EXPECT_EQ(status(Ask("r"), "Bearer secret-1 "), 401);
  EXPECT_EQ(status(Ask("r"), "secret-1"), 401);
  EXPECT_EQ(status(Ask("r"), nullptr), 401);
  EXPECT_EQ(status(Get("/slack"), nullptr), 200);
  files["token"] = "secret-2";  // rotated while we run
  EXPECT_EQ(status(Ask("r"), "Bearer secret-2"), 200);
  EXPECT_EQ(status(Ask("r"), "Bearer secret-1"), 401);
}

TEST(EngineTest, TagsWhatItCannotDoAsInternalError) {
  MemoryFiles files;
  files["token"] = "secret";
  auto script = ReadScript(ScriptText("token: {tokenFile: token}\nrules: [{evidence: {ok: true}}]"),
                           "script.yaml", files.Reader());
  ASSERT_TRUE(script);
  Engine engine(*std::move(script), files.Reader(), At(Nanos(0)));
  for (const bool empty : {false, true}) {
    if (empty) {
      files["token"] = "\n";
    } else {
      files.Remove("token");
    }
    const Plan plan = engine.Handle(Ask("r"), At(Nanos(0)));
    EXPECT_EQ(AnswerOf(plan).status, 500);
    EXPECT_NE(FindHeader(AnswerOf(plan).headers, "X-Mock-Mc-Internal-Error"), nullptr);
    EXPECT_NE(plan.decision.internal_error, "");
    EXPECT_EQ(plan.decision.rule, "");
  }
}

TEST(EngineTest, TagsAnswersBeyondTheMostStates) {
  Engine engine(GoodScript("rules: [{status: 200}]"), MemoryFiles().Reader(), At(Nanos(0)),
                /*most_states=*/2);
  const auto error = [&](const std::string& release) {
    return engine.Handle(Ask(release), At(Nanos(0))).decision.internal_error;
  };
  EXPECT_EQ(error("a"), "");
  EXPECT_EQ(error("b"), "");
  EXPECT_EQ(error("c"), "more than 2 different keys");
  EXPECT_EQ(error("a"), "") << "known ones still work";
}

TEST(EngineTest, AnOverrideGoesBeforeAllRulesUntilItIsRemoved) {
  Engine engine = NewEngine(WithGoodAndBad("rules: [{match: {release: r}, respond: good}]"));
  ASSERT_TRUE(engine.SetOverride(About(std::nullopt, false), At(Nanos(0))));
  ASSERT_TRUE(engine.SetOverride(About("50", true), At(Nanos(0))));
  EXPECT_EQ(ResponseTo(engine, Ask("r", "20")), "flip/false");
  EXPECT_EQ(ResponseTo(engine, Ask("r", "50")), "flip/true");
  EXPECT_EQ(ResponseTo(engine, Ask("other", "20")), "no-evidence");
  const Plan plan = engine.Handle(Ask("r", "20"), At(Nanos(0)));
  EXPECT_EQ(plan.decision.rule, "flip");
  EXPECT_EQ(PayloadOf(AnswerOf(plan).body).at("predicate").at("evidenceOk"), false);
  EXPECT_TRUE(DsseVerifies(AnswerOf(plan).body, TestKey("mc-1")));
  ASSERT_TRUE(engine.SetOverride(About(std::nullopt, true), At(Nanos(0))));
  EXPECT_EQ(ResponseTo(engine, Ask("r", "20")), "flip/true");
  ASSERT_TRUE(engine.SetOverride(About(std::nullopt, std::nullopt), At(Nanos(0))));
  EXPECT_EQ(ResponseTo(engine, Ask("r", "20")), "good");
  EXPECT_EQ(ResponseTo(engine, Ask("r", "50")), "flip/true");
  const auto again = engine.SetOverride(About(std::nullopt, std::nullopt), At(Nanos(0)));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, gate::ErrorCode::kNotFound);
}

TEST(EngineTest, RetryAfterIsInWholeSecondsRoundedUp) {
  Engine engine = NewEngine("rules: [{status: 503, retryAfter: 1500ms, json: {error: busy}}]");
  const ParsedAnswer answer = AnswerOf(engine.Handle(Ask("r"), At(Nanos(0))));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(*FindHeader(answer.headers, "Retry-After"), "2");
  EXPECT_EQ(*FindHeader(answer.headers, "Content-Type"), "application/json");
  EXPECT_EQ(answer.body, "{\"error\":\"busy\"}");
}

TEST(EngineTest, AnswersAreCompleteHttp) {
  Engine engine = NewEngine("rules: [{body: hello, headers: {X-A: b, content-type: text/x}}]");
  Request request = Ask("r");
  EXPECT_EQ(BytesOf(engine.Handle(request, At(Nanos(0)))),
            "HTTP/1.1 200 OK\r\nDate: Sun, 01 Mar 2026 12:00:00 GMT\r\nContent-Type: text/x\r\n"
            "X-A: b\r\nContent-Length: 5\r\n\r\nhello");
  request.keep_alive = false;
  const Plan closing = engine.Handle(request, At(Nanos(0)));
  EXPECT_FALSE(closing.keep_alive);
  EXPECT_EQ(*FindHeader(AnswerOf(closing).headers, "Connection"), "close");
}

TEST(EngineTest, AnswersToHeadHaveNoBody) {
  Engine engine = NewEngine("rules: [{match: {path: /x}, body: hello}]");
  Request request = Get("/x");
  request.method = "HEAD";
  const ParsedAnswer answer = AnswerOf(engine.Handle(request, At(Nanos(0))));
  EXPECT_EQ(*FindHeader(answer.headers, "Content-Length"), "5");
  EXPECT_EQ(answer.body, "");
}

TEST(EngineTest, MalformedBodiesAreSoundHttp) {
  const auto answer = [](const std::string& rule) {
    Engine engine = NewEngine("rules: [{" + rule + "}]");
    const ParsedAnswer parsed = AnswerOf(engine.Handle(Ask("r"), At(Nanos(0))));
    EXPECT_EQ(*FindHeader(parsed.headers, "Content-Length"), std::to_string(parsed.body.size()));
    return parsed;
  };
  const std::string whole = answer("evidence: {ok: true}").body;
  const std::string cut = answer("evidence: {ok: true}, malformed: json-truncated").body;
  EXPECT_EQ(cut, whole.substr(0, whole.size() / 2));
  EXPECT_FALSE(gate::ParseStrictJson(answer("malformed: json-garbage").body));
  EXPECT_EQ(*FindHeader(answer("evidence: {ok: true}, malformed: html").headers, "Content-Type"),
            "text/html; charset=utf-8");
  EXPECT_FALSE(gate::ParseStrictJson(answer("malformed: duplicate-keys").body));
  EXPECT_FALSE(gate::ParseStrictJson(answer("malformed: not-utf8").body));
  const std::string large = answer("evidence: {ok: true}, malformed: too-large").body;
  EXPECT_EQ(large.size(), kTooLargeBytes);
  EXPECT_TRUE(DsseVerifies(whole, TestKey("mc-1")));
}

TEST(EngineTest, FaultsBecomeSteps) {
  const auto steps = [](const std::string& rule) {
    Engine engine = NewEngine("rules: [{body: hello, " + rule + "}]");
    return engine.Handle(Ask("r"), At(Nanos(0))).steps;
  };
  const auto hang = steps("fault: hang");
  ASSERT_EQ(hang.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Hang>(hang[0]));

  const auto reset = steps("fault: reset");
  ASSERT_EQ(reset.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<CloseRst>(reset[0]));

  const auto cut = steps("delay: 2s, fault: {close: {afterBytes: 10}}");
  ASSERT_EQ(cut.size(), 3U);
  EXPECT_EQ(std::get<Wait>(cut[0]).until, seconds(2));
  EXPECT_EQ(std::get<Send>(cut[1]).bytes, "HTTP/1.1 2");
  EXPECT_TRUE(std::holds_alternative<CloseFin>(cut[2]));

  const auto beyond = steps("fault: {reset: {afterBytes: 100000}}");
  EXPECT_TRUE(std::get<Send>(beyond[0]).bytes.ends_with("hello"));

  const auto drip = steps("fault: {drip: {bytes: 3, every: 5ms}}");
  ASSERT_EQ(drip.size(), 1U);
  EXPECT_EQ(std::get<Drip>(drip[0]).size, 3U);
  EXPECT_EQ(std::get<Drip>(drip[0]).every, milliseconds(5));

  const auto endless = steps("fault: partialHeader");
  ASSERT_EQ(endless.size(), 2U);
  const std::string& header = std::get<Send>(endless[0]).bytes;
  EXPECT_EQ(header.find("\r\n\r\n"), std::string::npos);
  EXPECT_TRUE(std::holds_alternative<DripForever>(endless[1]));
}

TEST(EngineTest, WhatATurnSaysGoesBeforeTheRuleAndTheResponse) {
  Engine engine = NewEngine(
      "responses: {slow: {status: 200, delay: 1s, fault: hang}}\n"
      "rules: [{delay: 2s, sequence: [{respond: slow, delay: 3s}, slow, {status: 204},"
      " {respond: {status: 204}, fault: reset}]}]");
  std::vector<std::pair<Nanos, std::string>> seen;
  for (int i = 0; i < 4; ++i) {
    const Decision decision = engine.Handle(Ask("r"), At(Nanos(0))).decision;
    seen.emplace_back(decision.delay, decision.fault);
  }
  EXPECT_EQ(
      seen,
      (std::vector<std::pair<Nanos, std::string>>{
          {seconds(3), "hang"}, {seconds(1), "hang"}, {seconds(2), ""}, {seconds(2), "reset"}}));
}

TEST(EngineTest, RecordsTheTraceIdOfWellFormedTraceparents) {
  Engine engine = NewEngine("");
  const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto trace = [&](const std::string& header) {
    return engine.Handle(Get("/", {{"Traceparent", header}}), At(Nanos(0))).decision.trace_id;
  };
  EXPECT_EQ(trace("00-" + id + "-00f067aa0ba902b7-01"), id);
  EXPECT_EQ(trace("00-" + id + "-00f067aa0ba902b7"), "");
  EXPECT_EQ(trace("00-" + id.substr(1) + "X-00f067aa0ba902b7-01"), "");
  EXPECT_EQ(trace(""), "");
}

TEST(EngineTest, TheSameScriptAndRequestsGiveTheSameBytes) {
  const std::string rules =
      "rules: [{delay: {lognormal: {median: 20ms, sigma: 1}}, evidence: {ok: true, wrongKey: "
      "true}}]";
  Engine first = NewEngine(rules);
  Engine second = NewEngine(rules);
  // The second sees other keys in between.
  for (int i = 0; i < 20; ++i) {
    const Plan one = first.Handle(Ask("r"), At(seconds(i)));
    second.Handle(Ask("noise-" + std::to_string(i)), At(seconds(i)));
    const Plan two = second.Handle(Ask("r"), At(seconds(i)));
    EXPECT_EQ(BytesOf(one), BytesOf(two));
    EXPECT_EQ(one.decision.delay, two.decision.delay);
  }
}

TEST(DrawTest, DependsOnEachCoordinateAndOnNothingElse) {
  const DrawSite site{7, "space", "rule", "key", 1};
  EXPECT_EQ(Draw(site, "delay"), Draw(site, "delay"));
  const std::set<std::uint64_t> draws = {Draw(site, "delay"),
                                         Draw(site, "other"),
                                         Draw({8, "space", "rule", "key", 1}, "delay"),
                                         Draw({7, "space", "rulf", "key", 1}, "delay"),
                                         Draw({7, "space", "rule", "kez", 1}, "delay"),
                                         Draw({7, "space", "rule", "key", 2}, "delay"),
                                         Draw({7, "space", "key", "rule", 1}, "delay"),
                                         Draw({7, "spaces", "rule", "key", 1}, "delay")};
  EXPECT_EQ(draws.size(), 8U);
}

TEST(DrawTest, UniformDelaysReachBothEnds) {
  std::set<Nanos> seen;
  for (std::uint64_t n = 0; n < 200; ++n) {
    seen.insert(DrawDelay(UniformDelay{microseconds(10), microseconds(13)}, {1, "", "r", "k", n}));
  }
  EXPECT_EQ(seen, (std::set<Nanos>{microseconds(10), microseconds(11), microseconds(12),
                                   microseconds(13)}));
}

TEST(DrawTest, LognormalDelaysHaveTheirMedianSpreadAndMaximum) {
  const LognormalDelay delay{milliseconds(20), 0.5, milliseconds(60)};
  constexpr int kDraws = 20'000;
  int below_median = 0;
  int within_sigma = 0;
  int at_max = 0;
  for (int n = 0; n < kDraws; ++n) {
    const Nanos drawn = DrawDelay(delay, {1, "", "r", "k", static_cast<std::uint64_t>(n)});
    const double ratio =
        std::chrono::duration<double>(drawn) / std::chrono::duration<double>(delay.median);
    below_median += ratio < 1 ? 1 : 0;
    within_sigma += std::abs(std::log(ratio)) < delay.sigma ? 1 : 0;
    at_max += drawn == delay.max ? 1 : 0;
    ASSERT_LE(drawn, delay.max);
  }
  EXPECT_NEAR(below_median / double{kDraws}, 0.5, 0.02);
  EXPECT_NEAR(within_sigma / double{kDraws}, 0.683, 0.02);
  EXPECT_NEAR(at_max / double{kDraws}, 0.014, 0.005);  // P(normal > ln 3 / 0.5)
}

}  // namespace
}  // namespace mock_mc::testing
