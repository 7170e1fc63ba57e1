#include "gate/adapters/watch_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

using testing::ElementsAre;

class WatchDecoderTest : public testing::Test {
 protected:
  bool Feed(std::string_view piece) { return decoder_.Feed(piece); }

  std::optional<ErrorCode> code() const {
    if (!decoder_.error()) return std::nullopt;
    return decoder_.error()->code;
  }

  std::vector<std::string> seen_;
  std::size_t wanted_ = 1000;
  const KubeEventHandler handler_ = [this](const KubeEvent& event) {
    static constexpr const char* kTypes[] = {"added", "modified", "deleted", "bookmark"};
    seen_.push_back(std::string(kTypes[static_cast<int>(event.type)]) + " " +
                    JsonString(event.object, "/metadata/name"));
    return seen_.size() < wanted_;
  };
  static constexpr std::size_t kLimit = 200;
  WatchDecoder decoder_{handler_, kLimit};
};

std::string Event(const std::string& type, const std::string& name) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"name":")" + name + "\"}}}\n";
}

TEST_F(WatchDecoderTest, KnowsEveryTypeOfEvent) {
  EXPECT_TRUE(Feed(Event("ADDED", "a") + Event("MODIFIED", "b") + Event("DELETED", "c") +
                   Event("BOOKMARK", "d")));
  EXPECT_THAT(seen_, ElementsAre("added a", "modified b", "deleted c", "bookmark d"));
  EXPECT_EQ(code(), std::nullopt);
}

TEST_F(WatchDecoderTest, JoinsLinesHoweverTheyAreSplit) {
  const std::string text = Event("ADDED", "a") + Event("MODIFIED", "b");
  for (std::size_t size = 1; size <= text.size(); ++size) {
    seen_.clear();
    WatchDecoder decoder(handler_, kLimit);
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(decoder.Feed(std::string_view(text).substr(at, size)));
    }
    EXPECT_THAT(seen_, ElementsAre("added a", "modified b")) << size;
  }
}

TEST_F(WatchDecoderTest, SkipsEmptyLines) {
  EXPECT_TRUE(Feed("\n\r\n" + Event("ADDED", "a") + "\n"));
  EXPECT_THAT(seen_, ElementsAre("added a"));
}

TEST_F(WatchDecoderTest, TakesTheLastLineWithoutItsNewline) {
  std::string text = Event("ADDED", "a");
  text.pop_back();
  EXPECT_TRUE(Feed(text));
  EXPECT_TRUE(seen_.empty());
  decoder_.Finish();
  EXPECT_THAT(seen_, ElementsAre("added a"));
}

TEST_F(WatchDecoderTest, EndsAtTheHandlersWish) {
  wanted_ = 2;
  EXPECT_FALSE(Feed(Event("ADDED", "a") + Event("ADDED", "b") + Event("ADDED", "c")));
  EXPECT_THAT(seen_, ElementsAre("added a", "added b"));
  EXPECT_TRUE(decoder_.ended_by_handler());
  EXPECT_EQ(code(), std::nullopt);
  EXPECT_FALSE(Feed(Event("ADDED", "d")));
  EXPECT_EQ(seen_.size(), 2U);
}

TEST_F(WatchDecoderTest, AnExpiredVersionIsGone) {
  EXPECT_FALSE(Feed(Event("ADDED", "a") +
                    R"({"type":"ERROR","object":{"code":410,"message":"too old version: 1"}})"
                    "\n"));
  EXPECT_EQ(code(), ErrorCode::kGone);
  EXPECT_NE(decoder_.error()->message.find("too old version"), std::string::npos);
  EXPECT_THAT(seen_, ElementsAre("added a"));
}

TEST_F(WatchDecoderTest, OtherErrorEventsAreClassifiedByTheirStatus) {
  EXPECT_FALSE(
      Feed("{\"type\":\"ERROR\",\"object\":{\"code\":500,\"message\":\"etcd is gone\"}}\n"));
  EXPECT_EQ(code(), ErrorCode::kUnavailable);
}

TEST_F(WatchDecoderTest, TakesAnEventOfExactlyTheLimit) {
  std::string event = Event("ADDED", "");
  event.insert(event.size() - 5, kLimit + 1 - event.size(), 'x');  // the newline does not count
  EXPECT_TRUE(Feed(event)) << decoder_.error()->message;
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(WatchDecoderTest, RefusesAnEventOneByteBeyondTheLimit) {
  std::string event = Event("ADDED", "");
  event.insert(event.size() - 5, kLimit + 2 - event.size(), 'x');
  EXPECT_FALSE(Feed(event));
  EXPECT_EQ(code(), ErrorCode::kInvalidArgument);
}

TEST_F(WatchDecoderTest, RefusesALineThatNeverEnds) {
  for (std::size_t i = 0; i < kLimit; ++i) ASSERT_TRUE(Feed("x"));
  EXPECT_FALSE(Feed("x"));
  EXPECT_EQ(code(), ErrorCode::kInvalidArgument);
}

TEST_F(WatchDecoderTest, RefusesWhatIsNoEvent) {
  for (const char* bad :
       {"<html>\n", "[]\n", "{}\n", "{\"type\":\"ADDED\"}\n", "{\"type\":\"ADDED\",\"object\":1}\n",
        "{\"type\":\"RENAMED\",\"object\":{}}\n", "{\"object\":{}}\n",
        "{\"type\":\"ADDED\",\"type\":\"ADDED\",\"object\":{}}\n"}) {
    WatchDecoder decoder(handler_, kLimit);
    EXPECT_FALSE(decoder.Feed(bad)) << bad;
    ASSERT_TRUE(decoder.error()) << bad;
    EXPECT_EQ(decoder.error()->code, ErrorCode::kProtocol) << bad;
  }
  EXPECT_TRUE(seen_.empty());
}

TEST_F(WatchDecoderTest, ALastLineThatIsCutOffIsAnError) {
  EXPECT_TRUE(Feed("{\"type\":\"ADD"));
  decoder_.Finish();
  EXPECT_EQ(code(), ErrorCode::kProtocol);
}

}  // namespace
}  // namespace gate
