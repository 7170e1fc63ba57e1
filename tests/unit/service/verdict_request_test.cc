#include "gate/service/verdict_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::service {
namespace {

using ::testing::HasSubstr;

Json Whole() {
  return {{"releaseId", "shop-1.5.0"}, {"stage", "20"},       {"namespace", "shop"},
          {"rollout", "demo"},         {"podHash", "abc123"}, {"environment", "staging"}};
}

std::string MistakeIn(const Json& body) {
  const auto parsed = ParseVerdictRequest(body.dump());
  if (parsed) return "no mistake";
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  return parsed.error().message;
}

TEST(VerdictRequestTest, ReadsAllFields) {
  Json body = Whole();
  body["digests"] = {"sha256:11", "sha256:22"};
  body["dryRun"] = true;
  const auto parsed = ParseVerdictRequest(body.dump());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->question.release_id, "shop-1.5.0");
  EXPECT_EQ(parsed->question.stage, "20");
  EXPECT_EQ(parsed->question.ns, "shop");
  EXPECT_EQ(parsed->question.rollout, "demo");
  EXPECT_EQ(parsed->question.pod_hash, "abc123");
  EXPECT_EQ(parsed->environment, "staging");
  EXPECT_THAT(parsed->question.digests, ::testing::ElementsAre("sha256:11", "sha256:22"));
  EXPECT_EQ(parsed->mode, evaluate::Mode::kDryRun);
}

TEST(VerdictRequestTest, IsEnforcedUnlessItSaysOtherwise) {
  EXPECT_EQ(ParseVerdictRequest(Whole().dump()).value().mode, evaluate::Mode::kEnforce);
}

TEST(VerdictRequestTest, AnEmptyReleaseIdIsReadBecauseAnAbsentLabelArrivesSo) {
  Json body = Whole();
  body["releaseId"] = "";
  EXPECT_TRUE(ParseVerdictRequest(body.dump()));
}

TEST(VerdictRequestTest, EveryFieldThatIsMissingIsNamed) {
  const Json whole = Whole();
  for (const auto& [name, value] : whole.items()) {
    Json body = Whole();
    body.erase(name);
    EXPECT_EQ(MistakeIn(body), "\"" + name + "\" is missing");
    body[name] = 20;
    EXPECT_EQ(MistakeIn(body), "\"" + name + "\" must be a text");
  }
}

TEST(VerdictRequestTest, RefusesWhatItDoesNotKnow) {
  Json body = Whole();
  body["promote"] = true;
  EXPECT_THAT(MistakeIn(body), HasSubstr("unknown field \"promote\""));
}

TEST(VerdictRequestTest, RefusesWrongTypes) {
  for (const auto& [name, value] : {std::pair<std::string, Json>("digests", "sha256:11"),
                                    {"digests", {1}},
                                    {"dryRun", "true"}}) {
    Json body = Whole();
    body[name] = value;
    EXPECT_THAT(MistakeIn(body), HasSubstr("\"" + name + "\" must be"));
  }
}

TEST(VerdictRequestTest, TakesAHundredDigestsAndNotOneMore) {
  Json body = Whole();
  body["digests"] = std::vector<std::string>(100, "sha256:11");
  EXPECT_TRUE(ParseVerdictRequest(body.dump()));
  body["digests"].push_back("sha256:11");
  EXPECT_THAT(MistakeIn(body), HasSubstr("101 entries"));
}

TEST(VerdictRequestTest, RefusesNamesThatCouldReachElsewhereInTheApi) {
  for (const char* name : {"", "Shop", "a/b", "..", "a ", "-a", "a?x"}) {
    Json body = Whole();
    body["namespace"] = name;
    EXPECT_THAT(MistakeIn(body), HasSubstr("\"namespace\" must be the name")) << name;
    body = Whole();
    body["rollout"] = name;
    EXPECT_THAT(MistakeIn(body), HasSubstr("\"rollout\" must be the name")) << name;
  }
}

TEST(VerdictRequestTest, RefusesWhatIsNoStrictJsonObject) {
  for (const char* body : {"", "[]", "{", "{} {}", "null", R"({"stage":"20","stage":"50"})"}) {
    EXPECT_FALSE(ParseVerdictRequest(body)) << body;
  }
}

}  // namespace
}  // namespace gate::service
