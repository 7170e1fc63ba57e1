#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "mock-mc/explain.h"
#include "tests/unit/mock_mc/support.h"

// The examples are good, and each tells the story that it says it tells.
namespace mock_mc::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::string TextOf(const std::string& example) {
  std::ostringstream text;
  text << std::ifstream(std::string(MOCK_MC_EXAMPLES) + "/" + example + ".yaml").rdbuf();
  return text.str();
}

std::string ExplainExample(const std::string& example, const ExplainOptions& options) {
  const MemoryFiles files;
  auto script = ReadScript(TextOf(example), "script.yaml", files.Reader());
  if (!script) return script.error().message;
  const auto text = ExplainRequest(*std::move(script), files.Reader(), options);
  return text ? *text : text.error().message;
}

// Which columns of the answers a story is told in.
enum Column { kAt, kN, kRule, kResponse, kStatus, kEvidence, kDelay, kFault, kDeliberate };

// "good 200, good 200": these columns of all answers.
std::string Story(const std::string& example, const ExplainOptions& options,
                  const std::vector<Column>& columns) {
  const std::string text = ExplainExample(example, options);
  std::istringstream lines(text);
  std::string line;
  std::string story;
  while (std::getline(lines, line) && line != "answers") {
  }
  std::getline(lines, line);  // the names of the columns
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    const std::vector<std::string> row{std::istream_iterator<std::string>(words), {}};
    if (!story.empty()) story += ", ";
    for (const Column column : columns) {
      if (column != columns.front()) story += ' ';
      story += row.at(column);
    }
  }
  return story.empty() ? text : story;
}

ExplainOptions Ask20(int repeat, gate::Nanos every = seconds(0)) {
  return {"GET /v1/evidence/shop-1.5.0?environment=prod&stage=20&nonce=0123456789abcdef",
          {},
          {},
          every,
          repeat};
}

TEST(ExamplesTest, AllAreGoodAndCheckedHere) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MOCK_MC_EXAMPLES)) {
    const std::string name = entry.path().stem();
    EXPECT_EQ(MistakesOf(TextOf(name)), "") << name;  // and the schema takes it
    ++count;
  }
  EXPECT_EQ(count, 17);
}

TEST(ExamplesTest, Promote) {
  EXPECT_EQ(Story("promote", Ask20(3), {kResponse, kStatus, kEvidence}),
            "good 200 true, good 200 true, good 200 true");
}

TEST(ExamplesTest, FlipAt50) {
  ExplainOptions options{"/v1/evidence/shop-1.5.0?stage=50", {}, {}, seconds(15), 4};
  EXPECT_EQ(Story("flip-at-50", options, {kAt, kResponse}), "0s good, 15s good, 30s bad, 45s bad");
  EXPECT_EQ(Story("flip-at-50", Ask20(2, minutes(10)), {kResponse}), "good, good");
}

TEST(ExamplesTest, Outage) {
  EXPECT_EQ(Story("outage", Ask20(6, seconds(30)), {kAt, kResponse, kStatus, kFault}),
            "0s good 200 -, 30s down 200 reset, 1m down 200 reset, 1m30s unavailable 503 -, "
            "2m good 200 -, 2m30s good 200 -");
}

TEST(ExamplesTest, Flapping) {
  EXPECT_EQ(Story("flapping", Ask20(8, seconds(5)), {kEvidence}),
            "true, true, false, false, true, true, false, false");
}

TEST(ExamplesTest, OneBadReplica) {
  std::istringstream story(Story("one-bad-replica", Ask20(30), {kStatus}));
  for (int block = 0; block < 10; ++block) {
    int sum = 0;
    for (int i = 0; i < 3; ++i) {
      std::string status;
      story >> status;
      sum += std::stoi(status);
    }
    EXPECT_EQ(sum, 200 + 200 + 500) << "in block " << block;
  }
}

TEST(ExamplesTest, Brownout) {
  std::istringstream story(Story("brownout", Ask20(7, seconds(20)), {kDelay}));
  std::vector<gate::Nanos> delays;
  for (std::string delay; std::getline(story, delay, ',');) {
    delays.push_back(*gate::ParseDuration(delay.substr(delay.find_first_not_of(' '))));
  }
  ASSERT_EQ(delays.size(), 7U);
  EXPECT_LT(delays[0], seconds(1));
  EXPECT_LT(delays[1], seconds(1));
  EXPECT_GE(delays[2], seconds(1));
  EXPECT_GE(delays[3], seconds(1));
  EXPECT_EQ(delays[4], seconds(30));
  EXPECT_EQ(delays[5], seconds(30));
  EXPECT_LT(delays[6], seconds(1));
}

TEST(ExamplesTest, RateLimited) {
  EXPECT_EQ(Story("rate-limited", Ask20(4), {kStatus}), "429, 429, 200, 200");
}

TEST(ExamplesTest, KeyRotation) {
  EXPECT_EQ(Story("key-rotation", Ask20(3), {kResponse, kDeliberate}),
            "good -, too-new unknownKeyId, too-old keyNotValid");
}

TEST(ExamplesTest, Forged) {
  EXPECT_EQ(Story("forged", Ask20(7), {kDeliberate}),
            "wrongKey, tamper, noSignature, doubleSignature, claimAlgorithm, claimAlgorithm, "
            "claimAlgorithm");
}

TEST(ExamplesTest, StaleCache) {
  ExplainOptions options = Ask20(1);
  options.at = {seconds(0), minutes(1), minutes(20)};
  EXPECT_EQ(Story("stale-cache", options, {kAt, kDeliberate}),
            "0s -, 1m nonce, 20m nonce,issuedAt,expiresIn");
}

TEST(ExamplesTest, LoginPage) {
  const std::string story = Story("login-page", Ask20(5), {kResponse, kStatus});
  EXPECT_TRUE(story.starts_with("redirect 302, ")) << story;
  std::size_t pages = 0;
  for (std::size_t at = story.find("login-page 200"); at != std::string::npos;
       at = story.find("login-page 200", at + 1)) {
    ++pages;
  }
  EXPECT_EQ(pages, 2U) << story;
}

TEST(ExamplesTest, WrongRouting) {
  EXPECT_EQ(Story("wrong-routing", Ask20(4), {kResponse, kDeliberate}),
            "of-staging environment, of-first-gate stage, of-last-release release, good -");
}

TEST(ExamplesTest, ClockSkew) {
  EXPECT_EQ(Story("clock-skew", Ask20(3, minutes(1)), {kResponse}), "ahead, behind, right");
}

TEST(ExamplesTest, CutConnections) {
  std::istringstream story(Story("cut-connections", Ask20(50), {kFault}));
  std::set<std::string> kinds;
  int cut = 0;
  for (std::string fault; std::getline(story, fault, ',');) {
    fault = fault.substr(fault.find_first_not_of(' '));
    if (fault == "-") continue;
    kinds.insert(fault);
    ++cut;
  }
  EXPECT_EQ(cut, 30);
  EXPECT_EQ(kinds, (std::set<std::string>{"close", "drip", "reset"}));
}

TEST(ExamplesTest, HostileJson) {
  for (const char* release :
       {"duplicate-keys", "nan", "deep-nesting", "not-utf8", "trailing-bytes", "byte-order-mark"}) {
    EXPECT_EQ(Story("hostile-json", {"/v1/evidence/" + std::string(release)}, {kDeliberate}),
              release);
  }
  EXPECT_EQ(Story("hostile-json", {"/v1/evidence/wrong-type"}, {kDeliberate}), "set");
  EXPECT_EQ(Story("hostile-json", {"/v1/evidence/missing"}, {kDeliberate}), "omit");
}

TEST(ExamplesTest, ParallelRuns) {
  ExplainOptions first = Ask20(4);
  first.headers = {"X-Run-Id: 1"};
  ExplainOptions second = first;
  second.headers = {"X-Run-Id: 2"};
  EXPECT_EQ(Story("parallel-runs", first, {kStatus}), "503, 503, 200, 200");
  EXPECT_EQ(Story("parallel-runs", second, {kStatus}), "503, 503, 200, 200");
  EXPECT_NE(Story("parallel-runs", first, {kDelay}), Story("parallel-runs", second, {kDelay}));
}

TEST(ExamplesTest, Trouble) {
  EXPECT_EQ(Story("trouble", {"/v1/evidence/recovers?stage=20", {}, {}, seconds(0), 4},
                  {kStatus, kFault}),
            "200 hang, 200 hang, 503 -, 200 -");
  EXPECT_EQ(Story("trouble", {"/v1/evidence/nobody?stage=20"}, {kStatus}), "404");
}

}  // namespace
}  // namespace mock_mc::testing
