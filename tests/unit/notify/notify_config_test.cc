#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/notify/config.h"

namespace gate::notify {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kFull = R"(playbookUrl: https://example.com/playbook.md
giveUpAfter: 6h
sinks:
  - name: releases
    slack: {urlFile: /notify/slack-url, channel: "#releases"}
  - name: on-call
    pagerduty: {routingKeyFile: /notify/key, url: "https://events.eu.pagerduty.com/"}
    kinds: [failed, passed, rolled-back, override-used]
    timeout: 3s
)";

struct Read {
  NotifyConfig config;
  std::string mistakes;
};

Read ReadFrom(std::string_view text) {
  const auto document = yaml::Document::Parse(text, "gate.yaml");
  if (!document) return {{}, document.error().message};
  yaml::Mistakes mistakes;
  NotifyConfig config = ReadNotifyConfig(document->root(), mistakes);
  return {std::move(config), mistakes.empty() ? "" : mistakes.ToError().message};
}

// The mistakes in a sink of these lines, each indented by four.
std::string SinkMistakes(const std::string& lines) {
  return ReadFrom("sinks:\n  - name: a\n" + lines).mistakes;
}

TEST(NotifyConfigTest, ReadsEverySetting) {
  const auto [config, mistakes] = ReadFrom(kFull);
  ASSERT_EQ(mistakes, "");
  EXPECT_EQ(config.playbook_url, "https://example.com/playbook.md");
  EXPECT_EQ(config.give_up_after, std::chrono::hours(6));
  ASSERT_EQ(config.sinks.size(), 2U);
  EXPECT_EQ(config.sinks[0].name, "releases");
  EXPECT_EQ(std::get<SlackSink>(config.sinks[0].to).url_file, "/notify/slack-url");
  EXPECT_EQ(std::get<SlackSink>(config.sinks[0].to).channel, "#releases");
  EXPECT_EQ(config.sinks[0].timeout, std::chrono::seconds(10));
  EXPECT_EQ(std::get<PagerDutySink>(config.sinks[1].to).routing_key_file, "/notify/key");
  EXPECT_EQ(std::get<PagerDutySink>(config.sinks[1].to).url, "https://events.eu.pagerduty.com");
  EXPECT_EQ(config.sinks[1].timeout, std::chrono::seconds(3));
}

TEST(NotifyConfigTest, ASinkGetsTheKindsThatItLists) {
  const auto config = ReadFrom(kFull).config;
  for (const NoticeKind kind : kAllNoticeKinds) EXPECT_TRUE(config.sinks[0].Wants(kind));
  EXPECT_TRUE(config.sinks[1].Wants(NoticeKind::kFailed));
  EXPECT_FALSE(config.sinks[1].Wants(NoticeKind::kPaused));
  EXPECT_TRUE(config.sinks[1].Wants(NoticeKind::kTest));
}

TEST(NotifyConfigTest, NothingIsAConfigurationThatTellsNobody) {
  const auto [config, mistakes] = ReadFrom("{}");
  EXPECT_EQ(mistakes, "");
  EXPECT_TRUE(config.sinks.empty());
  EXPECT_EQ(config.give_up_after, std::chrono::hours(24));
}

TEST(NotifyConfigTest, WhatIsPrintedReadsAsTheSame) {
  const Json printed = ToJson(ReadFrom(kFull).config);
  const auto again = ReadFrom(printed.dump(2));
  EXPECT_EQ(again.mistakes, "");
  EXPECT_EQ(ToJson(again.config), printed);
}

TEST(NotifyConfigTest, AllMistakesAreReportedEachWithItsPlace) {
  EXPECT_THAT(ReadFrom("playbookUrl: playbook.md\ngiveUpAfter: 0s\nsink: []\n").mistakes,
              AllOf(HasSubstr("gate.yaml:1:14: must be a URL"),
                    HasSubstr("gate.yaml:2:14: must be longer than 0s"),
                    HasSubstr("gate.yaml:3:1: unknown key \"sink\"; did you mean \"sinks\"?")));
}

TEST(NotifyConfigTest, ASinkIsEitherSlackOrPagerDuty) {
  EXPECT_THAT(SinkMistakes(""), HasSubstr("a sink has either slack or pagerduty"));
  EXPECT_THAT(SinkMistakes("    slack: {urlFile: /u}\n    pagerduty: {routingKeyFile: /k}\n"),
              HasSubstr("gate.yaml:2:5: a sink has either slack or pagerduty"));
}

TEST(NotifyConfigTest, ASinkMustNameTheFileOfItsSecret) {
  EXPECT_THAT(SinkMistakes("    slack: {channel: x}\n"), HasSubstr("urlFile"));
  EXPECT_THAT(SinkMistakes("    slack: {urlFile: \"\"}\n"),
              HasSubstr("gate.yaml:3:22: must name the file that holds the URL"));
  EXPECT_THAT(SinkMistakes("    pagerduty: {}\n"), HasSubstr("routingKeyFile"));
}

TEST(NotifyConfigTest, AUrlInThePlaceOfAFileIsAMistakeLikeAnyOtherUnknownKey) {
  EXPECT_THAT(SinkMistakes("    slack: {url: https://hooks.slack.com/x, urlFile: /u}\n"),
              HasSubstr("unknown key \"url\""));
}

TEST(NotifyConfigTest, NamesAreUniqueAndFitForAKeyOfAConfigMap) {
  for (const char* name :
       {"\"\"", "Team", "a b", "a/b", "12345678901234567890123456789012345678901"}) {
    EXPECT_THAT(
        ReadFrom(std::string("sinks:\n  - {name: ") + name + ", slack: {urlFile: /u}}\n").mistakes,
        HasSubstr("must be 1 to 40 of a-z 0-9 -"))
        << name;
  }
  EXPECT_THAT(ReadFrom("sinks:\n  - {name: a, slack: {urlFile: /u}}\n"
                       "  - {name: a, slack: {urlFile: /u}}\n")
                  .mistakes,
              HasSubstr("gate.yaml:3:5: there is a sink \"a\" already"));
}

TEST(NotifyConfigTest, KindsMustBeKnownAndListedOnce) {
  EXPECT_THAT(SinkMistakes("    slack: {urlFile: /u}\n    kinds: [pased, passed, passed, zzz]\n"),
              AllOf(HasSubstr("gate.yaml:4:13: unknown kind \"pased\"; did you mean \"passed\"?"),
                    HasSubstr("\"passed\" is listed twice"),
                    HasSubstr("unknown kind \"zzz\"; there are passed, failed")));
  EXPECT_THAT(SinkMistakes("    slack: {urlFile: /u}\n    kinds: []\n"),
              HasSubstr("must list at least one kind"));
}

TEST(NotifyConfigTest, PagerDutyMustHearTheEndOfAStoryOfWhichItHearsTheBeginning) {
  EXPECT_THAT(SinkMistakes("    pagerduty: {routingKeyFile: /k}\n    kinds: [failed, passed]\n"),
              AllOf(HasSubstr("with \"failed\" there must be \"rolled-back\""),
                    HasSubstr("with \"failed\" there must be \"override-used\"")));
  EXPECT_EQ(SinkMistakes("    pagerduty: {routingKeyFile: /k}\n    kinds: [bypassed, test]\n"), "");
  EXPECT_EQ(SinkMistakes("    slack: {urlFile: /u}\n    kinds: [failed]\n"), "");
}

TEST(NotifyConfigTest, EightSinksAreAllowedAndNineAreNot) {
  std::string text = "sinks:\n";
  for (int i = 0; i < 8; ++i) {
    text += "  - {name: s" + std::to_string(i) + ", slack: {urlFile: /u}}\n";
  }
  EXPECT_EQ(ReadFrom(text).mistakes, "");
  EXPECT_THAT(ReadFrom(text + "  - {name: x, slack: {urlFile: /u}}\n").mistakes,
              HasSubstr("at most 8 sinks"));
}

}  // namespace
}  // namespace gate::notify
