#include "mock-mc/explain.h"

#include <gtest/gtest.h>

#include "tests/unit/mock_mc/support.h"

namespace mock_mc::testing {
namespace {

using std::chrono::seconds;

std::string Explain(std::string_view rest, const ExplainOptions& options) {
  const auto text = ExplainRequest(GoodScript(rest), MemoryFiles().Reader(), options);
  return text ? *text : "error: " + text.error().message;
}

TEST(ExplainTest, SaysWhichRuleAnswersAndWhyEachOtherDoesNot) {
  EXPECT_EQ(
      Explain("rules:\n"
              "  - {id: posted, match: {method: POST, path: \"/v1/evidence/{releaseId}\"},"
              " status: 200}\n"
              "  - {id: fifty, match: {release: \"~^shop-\", stage: \"50\"}, status: 200}\n"
              "  - {id: prod, match: {environment: prod, header: {X-Run: a}}, status: 200}\n"
              "  - {id: other-path, match: {path: /x, query: {q: \"1\"}}, status: 200}\n"
              "  - {id: twenty, match: {stage: \"20\"}, evidence: {ok: true, tamper: true}}\n"
              "  - {id: all, status: 200}\n",
              {"GET /v1/evidence/shop-1.5.0?stage=20"}),
      "GET /v1/evidence/shop-1.5.0?stage=20\n"
      "rules\n"
      "  posted      no: method is \"GET\", wanted \"POST\"\n"
      "  fifty       no: query stage is \"20\", wanted \"50\"\n"
      "  prod        no: query environment is absent, wanted \"prod\"; header X-Run is absent, "
      "wanted \"a\"\n"
      "  other-path  no: path is \"/v1/evidence/shop-1.5.0\", wanted \"/x\"; query q is absent, "
      "wanted \"1\"\n"
      "  twenty      answers\n"
      "  all         fits, too, but comes later\n"
      "answers\n"
      "  at n rule   response status evidence delay fault deliberate draws\n"
      "  0s 1 twenty twenty/1 200    true     -     -     tamper     -\n");
}

TEST(ExplainTest, ShowsTheSequenceOfDecisions) {
  const std::string text =
      Explain("rules: [{id: a, sequence: [{fault: hang, times: 2}, {status: 503}]}]",
              {"/v1/evidence/r", {}, {}, seconds(2), 3});
  EXPECT_NE(text.find("  at n rule response status evidence delay fault deliberate draws\n"
                      "  0s 1 a    a/1      200    -        -     hang  -          -\n"
                      "  2s 2 a    a/1      200    -        -     hang  -          -\n"
                      "  4s 3 a    a/2      503    -        -     -     -          -\n"),
            std::string::npos)
      << text;
}

TEST(ExplainTest, ShowsTimelines) {
  const std::string text =
      Explain("rules: [{id: a, timeline: [{for: 30s, status: 200}, {status: 503}]}]",
              {"/v1/evidence/r", {}, {seconds(0), seconds(30)}});
  EXPECT_NE(text.find("  0s  1 a    a/1      200 "), std::string::npos) << text;
  EXPECT_NE(text.find("  30s 2 a    a/2      503 "), std::string::npos) << text;
}

TEST(ExplainTest, SaysWhenNoRuleIsAskedAtAll) {
  const std::string script = "token: {value: secret}\nrules: [{id: a, status: 200}]";
  const std::string refused = Explain(script, {"/v1/evidence/r"});
  EXPECT_NE(refused.find("none is asked: the token is missing or wrong"), std::string::npos);
  EXPECT_NE(refused.find("  a  would fit\n"), std::string::npos) << refused;
  EXPECT_NE(refused.find("unauthorized 401"), std::string::npos);
  const std::string good = Explain(script, {"/v1/evidence/r", {"Authorization: Bearer secret"}});
  EXPECT_NE(good.find("  a  answers\n"), std::string::npos) << good;
  EXPECT_NE(Explain(script, {"/%"}).find("none is asked: the request target is malformed"),
            std::string::npos);
}

TEST(ExplainTest, NeverShowsCredentials) {
  const std::string text =
      Explain("rules: [{match: {header: {authorization: \"~hunter1\"}}, status: 200}]",
              {"/v1/evidence/r", {"Authorization: Bearer hunter2"}});
  EXPECT_EQ(text.find("hunter"), std::string::npos) << text;
  EXPECT_NE(text.find("header authorization is absent or another"), std::string::npos) << text;
}

TEST(ExplainTest, NamesTheSpace) {
  const std::string text =
      Explain("space: {header: X-Run}\nrules: [{status: 200}]", {"/v1/evidence/r", {"X-Run: 7"}});
  EXPECT_NE(text.find("\nspace 7\n"), std::string::npos) << text;
}

TEST(ExplainTest, RefusesWhatMakesNoSense) {
  const auto refused = [](const ExplainOptions& options) {
    return Explain("", options).starts_with("error: ");
  };
  EXPECT_TRUE(refused({""}));
  EXPECT_TRUE(refused({"GET"}));
  EXPECT_TRUE(refused({" /x"}));
  EXPECT_TRUE(refused({"/x", {"no colon"}}));
  EXPECT_TRUE(refused({"/x", {": value"}}));
  EXPECT_TRUE(refused({"/x", {}, {}, seconds(0), 0}));
  EXPECT_TRUE(refused({"/x", {}, {}, seconds(-1), 2}));
  EXPECT_TRUE(refused({"/x", {}, {seconds(2), seconds(1)}}));
  EXPECT_TRUE(refused({"/x", {}, {seconds(-1)}}));
  EXPECT_TRUE(refused({"/x", {}, {}, seconds(0), 100'001}));
  EXPECT_FALSE(refused({"GET /x HTTP/1.1"}));
}

}  // namespace
}  // namespace mock_mc::testing
