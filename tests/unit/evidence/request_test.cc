#include "gate/evidence/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::evidence {
namespace {

using ::testing::HasSubstr;

Query AQuery() { return {"shop-1.5.0", "staging", "20", "nonce-0123456789"}; }

// The reason and message for a query that is refused, "valid" for one that is not.
std::string Check(const Query& query) {
  const auto valid = Validate(query);
  if (valid) return "valid";
  return std::string(ToString(valid.error().reason)) + ": " + valid.error().message;
}

std::string CheckReleaseId(std::string id) {
  Query query = AQuery();
  query.release_id = std::move(id);
  return Check(query);
}

std::string CheckEnvironment(std::string environment) {
  Query query = AQuery();
  query.environment = std::move(environment);
  return Check(query);
}

std::string CheckStage(std::string stage) {
  Query query = AQuery();
  query.stage = std::move(stage);
  return Check(query);
}

std::string CheckNonce(std::string nonce) {
  Query query = AQuery();
  query.nonce = std::move(nonce);
  return Check(query);
}

TEST(QueryTest, AMissingReleaseIdHasItsOwnReason) {
  EXPECT_EQ(CheckReleaseId(""), "release-id-missing: the release id is empty");
}

TEST(QueryTest, AReleaseIdHasAtMost253Bytes) {
  EXPECT_EQ(CheckReleaseId(std::string(253, 'a')), "valid");
  EXPECT_EQ(CheckReleaseId(std::string(254, 'a')),
            "invalid-request: the release id has 254 bytes, more than the 253 allowed");
  EXPECT_EQ(CheckReleaseId(std::string(251, 'a') + "é"), "valid");
  EXPECT_THAT(CheckReleaseId(std::string(252, 'a') + "é"), HasSubstr("254 bytes"));
}

TEST(QueryTest, AReleaseIdMayBeAnyText) {
  for (const char* id : {"a", "shop/1.5.0", "für Müller ?&#", "...", ".a", "sha256:ab", "%2e%2e"}) {
    EXPECT_EQ(CheckReleaseId(id), "valid") << id;
  }
}

TEST(QueryTest, AReleaseIdIsNeitherBrokenUtf8NorHoldsControlCharacters) {
  EXPECT_EQ(CheckReleaseId("a\xff"), "invalid-request: the release id is not valid UTF-8");
  EXPECT_EQ(CheckReleaseId("a\nb"),
            "invalid-request: the release id \"a b\" holds a control character");
  EXPECT_THAT(CheckReleaseId(std::string("a\0b", 3)), HasSubstr("control character"));
  EXPECT_THAT(CheckReleaseId("\x7f"), HasSubstr("control character"));
  EXPECT_THAT(CheckReleaseId("\xc2\x85"), HasSubstr("control character"));
}

TEST(QueryTest, AReleaseIdMustNotChangeThePath) {
  EXPECT_EQ(CheckReleaseId("."), "invalid-request: the release id must not be \".\"");
  EXPECT_EQ(CheckReleaseId(".."), "invalid-request: the release id must not be \"..\"");
}

TEST(QueryTest, StageAndEnvironmentHaveAnAlphabetAndALength) {
  for (const char* name : {"2", "20", "canary_2.a-B", "."}) {
    EXPECT_EQ(CheckStage(name), "valid") << name;
    EXPECT_EQ(CheckEnvironment(name), "valid") << name;
  }
  EXPECT_EQ(CheckStage(std::string(63, '9')), "valid");
  EXPECT_EQ(CheckEnvironment(std::string(63, 'Z')), "valid");
  for (const std::string& name : {std::string(), std::string(64, '9'), std::string("20%"),
                                  std::string("2 0"), std::string("é"), std::string("20\n"),
                                  std::string("{{args.stage}}"), std::string("a\0", 2)}) {
    EXPECT_THAT(CheckStage(name), HasSubstr("invalid-request: the stage ")) << name;
    EXPECT_THAT(CheckEnvironment(name), HasSubstr("invalid-request: the environment ")) << name;
  }
}

TEST(QueryTest, ANonceHas16To64UrlSafeCharacters) {
  EXPECT_THAT(CheckNonce(std::string(15, 'a')), HasSubstr("invalid-request: the nonce"));
  EXPECT_EQ(CheckNonce(std::string(16, 'a')), "valid");
  EXPECT_EQ(CheckNonce(std::string(64, 'a')), "valid");
  EXPECT_THAT(CheckNonce(std::string(65, 'a')), HasSubstr("invalid-request: the nonce"));
  EXPECT_EQ(CheckNonce("AZaz09_-AZaz09_-"), "valid");
  for (const char* nonce : {"aaaaaaaaaaaaaaa.", "aaaaaaaaaaaaaaa+", "aaaaaaaaaaaaaaa="}) {
    EXPECT_NE(CheckNonce(nonce), "valid") << nonce;
  }
}

TEST(UrlTest, PutsTheQueryWhereTheDocumentationSays) {
  EXPECT_EQ(BuildUrl("https://mc.example", AQuery()),
            "https://mc.example/v1/evidence/shop-1.5.0?environment=staging&stage=20"
            "&nonce=nonce-0123456789");
}

TEST(UrlTest, EncodesWhateverCouldEndASegmentOrAValue) {
  Query query = AQuery();
  query.release_id = "a/b?c#d&e=f g%2f;é~";
  EXPECT_THAT(BuildUrl("https://mc.example", query),
              HasSubstr("/v1/evidence/a%2Fb%3Fc%23d%26e%3Df%20g%252f%3B%C3%A9~?environment="));
}

TEST(UrlTest, KeepsThePathOfTheBaseAndIgnoresASlashAtItsEnd) {
  for (const char* base : {"https://mc.example:8443/api", "https://mc.example:8443/api/",
                           "https://mc.example:8443/api//"}) {
    EXPECT_THAT(BuildUrl(base, AQuery()),
                ::testing::StartsWith("https://mc.example:8443/api/v1/evidence/shop-1.5.0?"));
  }
}

TEST(UrlDeathTest, IsNotBuiltFromAnInvalidQuery) {
  Query query = AQuery();
  query.release_id = "..";
  EXPECT_DEATH((void)BuildUrl("https://mc.example", query), "check failed");
}

TEST(SchemeTest, HasANameAndATypeToAccept) {
  EXPECT_EQ(ToString(Scheme::kDsse), "dsse");
  EXPECT_EQ(ToString(Scheme::kJws), "jws");
  EXPECT_EQ(SchemeFromString("dsse"), Scheme::kDsse);
  EXPECT_EQ(SchemeFromString("jws"), Scheme::kJws);
  EXPECT_EQ(SchemeFromString("DSSE"), std::nullopt);
  EXPECT_EQ(SchemeFromString(""), std::nullopt);
  EXPECT_EQ(AcceptedType(Scheme::kDsse), "application/vnd.in-toto+dsse");
  EXPECT_EQ(AcceptedType(Scheme::kJws), "application/json");
}

}  // namespace
}  // namespace gate::evidence
