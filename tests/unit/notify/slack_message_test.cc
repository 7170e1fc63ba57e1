#include "gate/notify/slack_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "gate/base/encoding.h"
#include "tests/unit/notify/sample_notice.h"

namespace gate::notify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Json* BlockOf(const Json& message, std::string_view type) {
  for (const Json& block : message.at("blocks")) {
    if (block.at("type") == type) return &block;
  }
  return nullptr;
}

// Calls `see` with every text object in `json`, and what it is part of.
void ForEachText(const Json& json, const std::function<void(const Json& text)>& see) {
  if (json.is_object() && json.contains("text") && json.at("text").is_string() &&
      json.contains("type")) {
    see(json);
  }
  if (json.is_structured()) {
    for (const auto& [key, value] : json.items()) ForEachText(value, see);
  }
}

TEST(SlackTextTest, EscapesWhatSlackWouldTakeForMarkup) {
  EXPECT_EQ(SlackText("a < b && c > d", 100), "a &lt; b &amp;&amp; c &gt; d");
  EXPECT_EQ(SlackText("<!channel> <@U1> <https://evil|good>", 100),
            "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil|good&gt;");
}

TEST(SlackTextTest, TakesApartMentionsOfEverybody) {
  EXPECT_EQ(SlackText("@channel @Here @EVERYONE", 100),
            "@\u200bchannel @\u200bHere @\u200bEVERYONE");
  EXPECT_EQ(SlackText("jane@example.com @hers", 100), "jane@example.com @hers");
}

TEST(SlackTextTest, CutsAtTheLimitAndNotBefore) {
  EXPECT_EQ(SlackText("0123456789", 10), "0123456789");
  EXPECT_EQ(SlackText("0123456789x", 10), "0123456…");
}

TEST(SlackTextTest, NeverCutsWithinAnEntityOrACharacter) {
  for (std::size_t limit = 3; limit <= 40; ++limit) {
    for (const char* text : {"aaaa&bbbb<cccc>dddd&&&&&&&&&&&&&&",
                             "äöü€🦊äöü€🦊äöü€🦊äöü€🦊äöü€🦊"}) {
      const std::string cut = SlackText(text, limit);
      EXPECT_LE(cut.size(), limit);
      EXPECT_TRUE(IsValidUtf8(cut)) << cut;
      const std::size_t amp = cut.rfind('&');
      if (amp != std::string::npos) {
        EXPECT_NE(cut.find(';', amp), std::string::npos) << cut;
      }
    }
  }
}

TEST(SlackTextTest, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(SlackText("a\xff\xc3z\x01\tb\nc", 100), "a\ufffd\ufffdz  b\nc");
  EXPECT_EQ(SlackText("a\xe2\x82", 100), "a\ufffd\ufffd");
}

TEST(SlackMessageTest, SaysEverythingThatTheNoticeSays) {
  const std::string text = SlackMessage(SampleNotice(), kPlaybook).dump(-1, ' ', false);
  for (const char* part :
       {"shop-1.5.0", "production", "*Stage*\\n20", "shop/demo", "6d5f7c9b4", "evidence-false",
        "not fit for production", "error rate 7 % above 1 %", "two open incidents", "sha256:eeee",
        "aaaaaaaaaaaaaaaa", "jane@example.com", "4.250 s", "2026-03-01T12:00:00Z",
        "failed/0123456789abcdef", "playbook.md#notice-failed",
        "playbook.md#reason-evidence-false"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(SlackMessageTest, HasAFallbackTextWithHeadlineAndMessage) {
  const std::string text = JsonString(SlackMessage(SampleNotice(), kPlaybook), "/text");
  EXPECT_THAT(text, HasSubstr("Gate failed: shop-1.5.0"));
  EXPECT_THAT(text, HasSubstr("not fit for production"));
}

TEST(SlackMessageTest, LinksAreButtonsThatNeedNoInteractivity) {
  const Json message = SlackMessage(SampleNotice(), kPlaybook);
  const Json* actions = BlockOf(message, "actions");
  ASSERT_NE(actions, nullptr);
  const Json& buttons = actions->at("elements");
  ASSERT_EQ(buttons.size(), 2U);
  EXPECT_EQ(buttons[0].at("url"), "https://example.com/playbook.md#notice-failed");
  EXPECT_EQ(buttons[1].at("url"), "https://example.com/playbook.md#reason-evidence-false");
}

TEST(SlackMessageTest, WithoutAPlaybookThereAreNoButtons) {
  EXPECT_EQ(BlockOf(SlackMessage(SampleNotice(), ""), "actions"), nullptr);
}

TEST(SlackMessageTest, IsWithinSlacksLimitsWhateverTheNoticeHolds) {
  for (const NoticeKind kind : kAllNoticeKinds) {
    const Json message = SlackMessage(MonstrousNotice(kind), kPlaybook);
    EXPECT_LE(JsonString(message, "/text").size(), 40'000U);
    EXPECT_LE(message.at("blocks").size(), 50U);
    for (const Json& block : message.at("blocks")) {
      const std::string type = block.at("type");
      const std::size_t size = JsonString(block, "/text/text").size();
      EXPECT_LE(size, type == "header" ? 150U : 3000U);
      if (!block.contains("fields")) continue;
      EXPECT_LE(block.at("fields").size(), 10U);
      for (const Json& field : block.at("fields")) {
        EXPECT_LE(JsonString(field, "/text").size(), 2000U);
      }
    }
  }
}

TEST(SlackMessageTest, NothingFromOutsideIsMarkupOrAMention) {
  for (const NoticeKind kind : kAllNoticeKinds) {
    ForEachText(SlackMessage(MonstrousNotice(kind), kPlaybook), [](const Json& text) {
      EXPECT_THAT(text.at("text").get<std::string>(), Not(HasSubstr("<")));
      if (text.at("type") == "mrkdwn") {
        EXPECT_EQ(text.at("verbatim"), true);
      }
    });
  }
}

TEST(SlackMessageTest, NoTextIsEmptyEvenIfTheNoticeIs) {
  for (const NoticeKind kind : kAllNoticeKinds) {
    const Json message = SlackMessage({.kind = kind, .fact = "f"}, "");
    ForEachText(message, [](const Json& text) { EXPECT_NE(text.at("text"), ""); });
    EXPECT_NE(JsonString(message, "/text"), "");
    for (const Json& block : message.at("blocks")) {
      if (block.contains("fields")) {
        EXPECT_FALSE(block.at("fields").empty());
      }
    }
  }
}

TEST(SlackMessageTest, IsValidUtf8WhateverTheNoticeHolds) {
  Notice notice = SampleNotice();
  notice.message = "\xff\xfe";
  notice.release = "\xc3";
  EXPECT_NO_THROW(static_cast<void>(SlackMessage(notice, kPlaybook).dump()));
}

}  // namespace
}  // namespace gate::notify
