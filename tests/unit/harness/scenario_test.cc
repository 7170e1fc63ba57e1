#include "harness/scenario/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/base/digest.h"
#include "harness/scenario/text_regex.h"
#include "harness/scenario/vocabulary.h"
#include "tests/unit/harness/scenario_mistakes.h"

namespace drill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kHead = R"(apiVersion: drill/v1
kind: Scenario
id: GATE-005
title: Evidence flips
world:
  releases: {stable: shop-1.4.0, canary: shop-1.5.0}
  mc: {rules: []}
)";
constexpr std::string_view kExpect = "expect: [{id: blocked, never: {event: promoted}}]\n";

std::string With(std::string_view more) { return std::string(kHead) + std::string(more); }

// The same world with this `gate`.
std::string WithGate(std::string_view gate) {
  std::string text = With(kExpect);
  text.insert(text.find("  mc:"), "  gate: " + std::string(gate) + "\n");
  return text;
}

// The mistakes found in `text`, one per element.
std::vector<std::string> MistakesIn(const std::string& text) {
  return MistakesOf(ParseScenario(text, "s.yaml"));
}

TEST(ScenarioTest, ReadsEveryPartOfAScenario) {
  const std::string text = R"(apiVersion: drill/v1
kind: Scenario
id: GATE-005
title: Evidence flips to false before 50 %
hypothesis: It is rolled back.
required: false
requirements: [REQ-BLOCK-FALSE, REQ-ROLLBACK-5MIN]
backends: [sim, cluster]
world:
  releases: {stable: shop-1.4.0, canary: shop-1.5.0}
  rollout: {replicas: 7, maxSurge: 1, maxUnavailable: 0%, releaseLabel: absent}
  gate: {dryRun: true, config: {timing: {hold: 20s}}}
  mc: {rules: [{id: a, evidence: {ok: true}}], responses: {x: {status: 503}}}
horizon: 45s
until: [{event: promoted}, {event: restored}]
expect:
  - {id: gate20, eventually: {event: verdict, stage: "20", verdict: {not: fail}}}
  - {id: in-time, eventually: {event: rollout.aborted, message: {matches: ".*evidence.*"}},
     within: 60s, of: {event: verdict, verdict: fail}}
  - {id: blocked, never: {event: promoted}}
  - {id: order, sequence: [{event: verdict}, {event: restored}]}
measure:
  - {id: rollback, from: {event: verdict, verdict: fail}, to: {event: restored}, max: 300s}
)";
  const auto parsed = ParseScenario(text, "dir/s.yaml");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->id, "GATE-005");
  EXPECT_EQ(parsed->title, "Evidence flips to false before 50 %");
  EXPECT_EQ(parsed->hypothesis, "It is rolled back.");
  EXPECT_FALSE(parsed->required);
  EXPECT_THAT(parsed->requirements, ElementsAre("REQ-BLOCK-FALSE", "REQ-ROLLBACK-5MIN"));
  EXPECT_THAT(parsed->backends, ElementsAre("sim", "cluster"));
  EXPECT_EQ(parsed->stable_release, "shop-1.4.0");
  EXPECT_EQ(parsed->canary_release, "shop-1.5.0");
  EXPECT_EQ(parsed->replicas, 7);
  EXPECT_EQ(parsed->max_surge, "1");
  EXPECT_EQ(parsed->max_unavailable, "0%");
  EXPECT_FALSE(parsed->release_label);
  EXPECT_TRUE(parsed->dry_run);
  EXPECT_EQ(parsed->gate_config, gate::Json::parse(R"({"timing":{"hold":"20s"}})"));
  EXPECT_EQ(parsed->mc_script["responses"]["x"]["status"], 503);
  EXPECT_EQ(parsed->horizon, std::chrono::seconds(45));
  EXPECT_THAT(parsed->until, SizeIs(2));
  ASSERT_THAT(parsed->expectations, SizeIs(4));
  EXPECT_EQ(Describe(parsed->expectations[0]),
            R"(eventually verdict (stage = "20", verdict is not "fail"))");
  EXPECT_EQ(Describe(parsed->expectations[1]),
            R"(rollout.aborted (message matches ".*evidence.*") within 1m of )"
            R"(verdict (verdict = "fail"))");
  EXPECT_EQ(Describe(parsed->expectations[2]), "never promoted");
  EXPECT_EQ(Describe(parsed->expectations[3]), "in this order: verdict, then restored");
  ASSERT_THAT(parsed->measures, SizeIs(1));
  EXPECT_EQ(parsed->measures[0].max, std::chrono::seconds(300));
  EXPECT_EQ(parsed->measures[0].line, 23);
  EXPECT_EQ(parsed->file, "dir/s.yaml");
  EXPECT_EQ(parsed->sha256, gate::Sha256Hex(text));
}

TEST(ScenarioTest, TheGateCanBeAService) {
  const auto parsed = ParseScenario(WithGate("{mode: service, grace: 1s, dryRun: true}"), "s.yaml");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->gate_mode, GateMode::kService);
  EXPECT_EQ(parsed->gate_grace, std::chrono::seconds(1));
  EXPECT_TRUE(parsed->dry_run);
}

TEST(ScenarioTest, SettingsOfTheOtherModeAreMistakes) {
  const auto mistakes = [](const std::string& gate) {
    const auto parsed = ParseScenario(WithGate(gate), "s.yaml");
    return parsed ? "" : parsed.error().message;
  };
  EXPECT_EQ(mistakes("{mode: job, image: missing, jobDeadline: 20s}"), "");
  EXPECT_EQ(mistakes("{mode: service, image: missing, jobDeadline: 20s}"),
            "s.yaml:7:32: is for the gate as a Job, not as a service\n"
            "s.yaml:7:54: is for the gate as a Job, not as a service");
  EXPECT_EQ(mistakes("{grace: 5s}"),
            "s.yaml:7:17: is for the gate as a service: it needs `mode: service`");
  EXPECT_EQ(mistakes("{mode: sevrice}"), "s.yaml:7:16: expected job or service, found \"sevrice\"");
  EXPECT_EQ(mistakes("{mode: service, grace: 1500ms}"), "s.yaml:7:32: must be whole seconds");
}

TEST(ScenarioTest, OnlyARealClusterHasAPrometheusAndOnlyAServiceIsScraped) {
  const auto parse = [](const std::string& gate, const std::string& rest) {
    return ParseScenario(WithGate(gate) + rest, "s.yaml");
  };
  const auto parsed = parse("{mode: service, prometheus: true}", "backends: [kind]\n");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(parsed->prometheus);
  EXPECT_EQ(parse("{mode: service, prometheus: true}", "").error().message,
            "s.yaml:7:37: is for a real cluster: the scenario needs `backends: [kind]`");
  EXPECT_EQ(parse("{prometheus: true}", "backends: [kind]\n").error().message,
            "s.yaml:7:22: is for the gate as a service: it needs `mode: service`");
  EXPECT_FALSE(parse("{mode: service}", "")->prometheus);
}

TEST(ScenarioTest, HasDefaultsForWhatIsNotSaid) {
  const auto parsed = ParseScenario(With(kExpect), "s.yaml");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->gate_mode, GateMode::kJob);
  EXPECT_FALSE(parsed->gate_grace);
  EXPECT_TRUE(parsed->required);
  EXPECT_THAT(parsed->backends, ElementsAre("sim", "kind"));
  EXPECT_EQ(parsed->replicas, 5);
  EXPECT_TRUE(parsed->release_label);
  EXPECT_FALSE(parsed->dry_run);
  EXPECT_EQ(parsed->gate_config, gate::Json::object());
  EXPECT_EQ(parsed->horizon, std::chrono::seconds(120));
}

TEST(ScenarioTest, WithinWithoutOfCountsFromTheDeployment) {
  const auto parsed =
      ParseScenario(With("expect: [{id: a, eventually: {event: promoted}, within: 5s}]\n"), "s");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(Describe(parsed->expectations[0]), "promoted within 5s of deployed");
}

TEST(ScenarioTest, ReportsAllMistakesOfAFileAtOnce) {
  EXPECT_THAT(MistakesIn("apiVersion: drill/v2\nkind: Scenari\nid: -x\ntytle: a\nworld: {}\n"
                         "expect: []\n"),
              testing::UnorderedElementsAre(
                  "s.yaml:1:13: expected drill/v1, found \"drill/v2\"",
                  "s.yaml:2:7: expected Scenario, found \"Scenari\"",
                  HasSubstr("s.yaml:3:5: \"-x\" is not an id"), "s.yaml:1:1: \"title\" is missing",
                  "s.yaml:5:8: \"releases\" is missing", "s.yaml:5:8: \"mc\" is missing",
                  "s.yaml:6:9: a scenario without an expectation shows nothing",
                  "s.yaml:4:1: unknown key \"tytle\"; did you mean \"title\"?"));
}

TEST(ScenarioTest, AnEmptyFileLacksWhatEveryScenarioNeeds) {
  EXPECT_THAT(MistakesIn(""),
              ElementsAre(HasSubstr("\"apiVersion\" is missing"), HasSubstr("\"kind\" is missing"),
                          HasSubstr("\"id\" is missing"), HasSubstr("\"title\" is missing"),
                          HasSubstr("\"world\" is missing"), HasSubstr("\"expect\" is missing")));
}

TEST(ScenarioTest, RefusesDuplicateKeys) {
  EXPECT_THAT(MistakesIn(With(kExpect) + "title: again\n"),
              ElementsAre("s.yaml:9:1: duplicate key \"title\""));
}

TEST(ScenarioTest, SuggestsTheNearestEvent) {
  EXPECT_THAT(MistakesIn(With("expect: [{id: a, never: {event: rollout.abortd}}]\n")),
              ElementsAre("s.yaml:8:33: unknown event \"rollout.abortd\"; did you mean "
                          "\"rollout.aborted\"?"));
}

TEST(ScenarioTest, SuggestsTheNearestField) {
  EXPECT_THAT(MistakesIn(With("expect: [{id: a, never: {event: verdict, stagee: \"20\"}}]\n")),
              ElementsAre("s.yaml:8:42: event \"verdict\" has no field \"stagee\"; did you mean "
                          "\"stage\"?"));
}

TEST(ScenarioTest, RefusesFieldsOfAnEventThatHasNone) {
  EXPECT_THAT(MistakesIn(With("expect: [{id: a, never: {event: restored, x: 1}}]\n")),
              ElementsAre("s.yaml:8:43: event \"restored\" has no fields"));
}

TEST(ScenarioTest, RefusesValuesThatAFieldCanNeverHave) {
  EXPECT_THAT(
      MistakesIn(With("expect: [{id: a, never: {event: verdict, verdict: failed}},\n"
                      "  {id: b, never: {event: verdict, dryRun: {not: yes}}}]\n")),
      ElementsAre("s.yaml:8:51: \"verdict\" can never be \"failed\"; did you mean \"fail\"?",
                  "s.yaml:9:49: \"dryRun\" can never be \"yes\"; known here: true, false"));
}

TEST(ScenarioTest, RefusesMalformedFieldTests) {
  EXPECT_THAT(MistakesIn(With("expect:\n"
                              "- {id: a, never: {event: verdict, reason: {is: x}}}\n"
                              "- {id: b, never: {event: verdict, reason: {not: x, matches: y}}}\n"
                              "- {id: c, never: {event: verdict, reason: [x]}}\n"
                              "- {id: d, never: {event: verdict, reason: }}\n"
                              "- {id: e, never: {event: verdict, reason: {matches: \"a(\"}}}\n"
                              "- {id: f, never: {event: verdict, reason: {not: [x]}}}\n")),
              ElementsAre(HasSubstr("s.yaml:9:43: expected exactly one of"),
                          HasSubstr("s.yaml:10:43: expected exactly one of"),
                          HasSubstr("s.yaml:11:43: expected a text"), HasSubstr("expected a text"),
                          HasSubstr("\"a(\" is not a regular expression"),
                          HasSubstr("s.yaml:14:49: expected a text")));
}

TEST(ScenarioTest, AnExpectationHasExactlyOneKindAndAUniqueId) {
  EXPECT_THAT(
      MistakesIn(With("expect:\n"
                      "- {id: a}\n"
                      "- {id: a, never: {event: promoted}}\n"
                      "- {id: c, never: {event: promoted}, eventually: {event: promoted}}\n"
                      "- {never: {event: promoted}}\n"
                      "- {id: d, sequence: [{event: promoted}]}\n")),
      ElementsAre(HasSubstr("s.yaml:9:3: expected exactly one of \"eventually\""),
                  "s.yaml:10:8: \"a\" is used twice in this scenario",
                  HasSubstr("s.yaml:11:3: expected exactly one of"),
                  "s.yaml:12:3: \"id\" is missing", "s.yaml:13:21: expected at least 2 events"));
}

TEST(ScenarioTest, AMeasureCannotHaveTheIdOfAnExpectation) {
  EXPECT_THAT(MistakesIn(With(kExpect) +
                         "measure: [{id: blocked, from: {event: deployed}, to: {event: promoted}, "
                         "max: 1s}]\n"),
              ElementsAre("s.yaml:9:16: \"blocked\" is used twice in this scenario"));
}

TEST(ScenarioTest, WithinBelongsToEventuallyAndIsPositive) {
  EXPECT_THAT(
      MistakesIn(With("expect:\n"
                      "- {id: a, never: {event: promoted}, within: 5s}\n"
                      "- {id: b, eventually: {event: promoted}, within: 0s}\n"
                      "- {id: c, eventually: {event: promoted}, of: {event: deployed}}\n")),
      ElementsAre("s.yaml:9:45: \"within\" goes with \"eventually\" only",
                  "s.yaml:10:50: must be longer than 0s", "s.yaml:11:46: \"of\" needs \"within\""));
}

TEST(ScenarioTest, APatternNeedsAnEvent) {
  EXPECT_THAT(MistakesIn(With("expect: [{id: a, never: {verdict: fail}}, {id: b, never: text}]\n")),
              ElementsAre("s.yaml:8:25: \"event\" is missing",
                          "s.yaml:8:58: expected a map, found a scalar"));
}

TEST(ScenarioTest, ChecksTheWorld) {
  const std::string text = R"(apiVersion: drill/v1
kind: Scenario
id: a
title: a
backends: [kinds]
world:
  releases: {stable: "a b", canary: "a b"}
  rollout: {replicas: 0, maxSurge: many, maxUnavailable: "%", releaseLabel: gone}
  gate: {config: [a]}
  mc: text
expect: [{id: a, never: {event: promoted}}]
)";
  EXPECT_THAT(MistakesIn(text),
              ElementsAre("s.yaml:5:12: unknown backend \"kinds\"; did you mean \"kind\"?",
                          HasSubstr("s.yaml:7:22: \"a b\" cannot be a label value"),
                          HasSubstr("s.yaml:7:37: \"a b\" cannot be a label value"),
                          "s.yaml:7:37: stable and canary must be different releases",
                          "s.yaml:8:23: must be between 1 and 100",
                          HasSubstr("s.yaml:8:36: expected a number or a percentage"),
                          HasSubstr("s.yaml:8:58: expected a number or a percentage"),
                          "s.yaml:8:77: expected present or absent, found \"gone\"",
                          "s.yaml:9:18: expected a map", "s.yaml:10:7: expected a map"));
}

TEST(ScenarioTest, TheHorizonIsPositiveAndAtMostAnHour) {
  EXPECT_THAT(MistakesIn(With(kExpect) + "horizon: 0s\n"),
              ElementsAre("s.yaml:9:10: must be longer than 0s"));
  EXPECT_THAT(MistakesIn(With(kExpect) + "horizon: 1h\n"), ElementsAre());
  EXPECT_THAT(MistakesIn(With(kExpect) + "horizon: 1h0.001s\n"),
              ElementsAre("s.yaml:9:10: is longer than 1h"));
}

TEST(ScenarioTest, WhatIsKnownOnlyAtTheEndCannotEndAScenario) {
  EXPECT_THAT(MistakesIn(With(kExpect) + "until: [{event: promoted}, {event: audit.chain}]\n"),
              ElementsAre(HasSubstr("s.yaml:9:8: event \"audit.chain\" is known only when all is "
                                    "over")));
}

TEST(ScenarioTest, IdsFitIntoNamesOfNamespaces) {
  const auto with_id = [](const std::string& id) {
    return "apiVersion: drill/v1\nkind: Scenario\nid: " + id +
           "\ntitle: a\nworld:\n  releases: {stable: a, canary: b}\n  mc: {}\n" +
           std::string(kExpect);
  };
  EXPECT_THAT(MistakesIn(with_id(std::string(40, 'a'))), ElementsAre());
  EXPECT_THAT(MistakesIn(with_id(std::string(41, 'a'))), SizeIs(1));
  EXPECT_THAT(MistakesIn(with_id("a_b")), SizeIs(1));
  EXPECT_THAT(MistakesIn(with_id("a-")), SizeIs(1));
}

TEST(TextRegexTest, MatchesTheTextAsAWhole) {
  const auto regex = TextRegex::Compile("time(out)?|deadline");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->Matches("timeout"));
  EXPECT_TRUE(regex->Matches("deadline"));
  EXPECT_FALSE(regex->Matches("a timeout"));
}

TEST(TextRegexTest, SurvivesVeryLongTexts) {
  const auto regex = TextRegex::Compile("(a|b)*");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->Matches(std::string(1'000'000, 'a')));
}

TEST(VocabularyTest, EventsAreKnownByName) {
  ASSERT_NE(FindEventKind("verdict"), nullptr);
  EXPECT_EQ(FindEventKind("verdict")->fields.front().name, "stage");
  EXPECT_EQ(FindEventKind("verdicts"), nullptr);
}

}  // namespace
}  // namespace drill
