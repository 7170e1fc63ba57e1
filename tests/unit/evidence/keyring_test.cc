#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/evidence/keyring_cache.h"
#include "tests/unit/evidence/signing.h"

namespace gate::evidence {
namespace {

using ::testing::HasSubstr;
using testing::KeyEntry;
using testing::KeyringYaml;
using ::testing::Not;
using testing::Signer;
using ::testing::StartsWith;

// The mistakes in a keyring, "none" if it is good.
std::string MistakesIn(std::string_view yaml) {
  const auto keyring = Keyring::Parse(yaml, "keys.yaml");
  if (keyring) return "none";
  EXPECT_EQ(keyring.error().code, ErrorCode::kInvalidArgument);
  return keyring.error().message;
}

std::string EdEntry(std::string_view id, std::string_view more = "") {
  static const std::string pem = Signer::Ed25519().PublicPem();
  return KeyEntry(id, "ed25519", pem, more);
}

TEST(KeyringTest, HoldsTheKeysOfTheFileInOrder) {
  const Signer ed = Signer::Ed25519();
  const Signer ec = Signer::P256();
  const Keyring keyring = testing::AKeyring(ed, ec);
  ASSERT_EQ(keyring.keys().size(), 2U);
  EXPECT_EQ(keyring.keys()[0].id, "ed");
  EXPECT_EQ(keyring.keys()[0].public_key.algorithm(), Algorithm::kEd25519);
  EXPECT_EQ(keyring.keys()[1].id, "ec");
  EXPECT_EQ(keyring.keys()[1].public_key.algorithm(), Algorithm::kEcdsaP256);
  ASSERT_EQ(keyring.Find("ec"), &keyring.keys()[1]);
  EXPECT_TRUE(keyring.Find("ec")->public_key.Verifies("m", ec.Sign("m"), SignatureForm::kDer));
  EXPECT_TRUE(keyring.Find("ed")->public_key.Verifies("m", ed.Sign("m"), SignatureForm::kDer));
}

TEST(KeyringTest, FindsKeysByTheirExactIdOnly) {
  const Keyring keyring = testing::ParseKeyring({EdEntry("mc")});
  EXPECT_NE(keyring.Find("mc"), nullptr);
  for (const char* id : {"", "m", "MC", "mc ", "mc2"}) EXPECT_EQ(keyring.Find(id), nullptr) << id;
}

TEST(KeyringTest, ReadsWindowsOfValidity) {
  const Keyring keyring = testing::ParseKeyring(
      {EdEntry("always"), EdEntry("both",
                                  "    notBefore: 2026-01-01T00:00:00Z\n"
                                  "    notAfter: 2027-01-01T00:00:00+01:00\n")});
  EXPECT_EQ(keyring.Find("always")->not_before, std::nullopt);
  EXPECT_EQ(keyring.Find("always")->not_after, std::nullopt);
  EXPECT_EQ(keyring.Find("both")->not_before, *ParseRfc3339("2026-01-01T00:00:00Z"));
  EXPECT_EQ(keyring.Find("both")->not_after, *ParseRfc3339("2026-12-31T23:00:00Z"));
}

TEST(KeyringTest, BothEndsBelongToAWindow) {
  const Keyring keyring = testing::ParseKeyring(
      {EdEntry("both", "    notBefore: 2026-01-01T00:00:00Z\n    notAfter: 2026-01-02T00:00:00Z\n"),
       EdEntry("from", "    notBefore: 2026-01-01T00:00:00Z\n"),
       EdEntry("until", "    notAfter: 2026-01-02T00:00:00Z\n"), EdEntry("always")});
  const WallTime begin = *ParseRfc3339("2026-01-01T00:00:00Z");
  const WallTime end = *ParseRfc3339("2026-01-02T00:00:00Z");
  const auto valid = [&](const char* id, WallTime time) {
    return keyring.Find(id)->IsValidAt(time);
  };
  EXPECT_FALSE(valid("both", begin - Nanos(1)));
  EXPECT_TRUE(valid("both", begin));
  EXPECT_TRUE(valid("both", end));
  EXPECT_FALSE(valid("both", end + Nanos(1)));
  EXPECT_FALSE(valid("from", begin - Nanos(1)));
  EXPECT_TRUE(valid("from", end + Nanos(1)));
  EXPECT_TRUE(valid("until", begin - Nanos(1)));
  EXPECT_FALSE(valid("until", end + Nanos(1)));
  EXPECT_TRUE(valid("always", WallTime::min()));
  EXPECT_TRUE(valid("always", WallTime::max()));
}

TEST(KeyringTest, AWindowMustNotEndBeforeItBegins) {
  const auto window = [](const char* begin, const char* end) {
    return MistakesIn(KeyringYaml(
        {EdEntry("mc", std::string("    notBefore: ") + begin + "\n    notAfter: " + end + "\n")}));
  };
  EXPECT_EQ(window("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), "none");
  EXPECT_EQ(window("2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00Z"),
            "keys.yaml:10:15: notAfter lies before notBefore, so the key would never count");
}

TEST(KeyringTest, RefusesTimesThatAreNone) {
  EXPECT_THAT(MistakesIn(KeyringYaml({EdEntry("mc", "    notBefore: yesterday\n")})),
              StartsWith("keys.yaml:9:16: \"yesterday\" is not an RFC 3339 time"));
  EXPECT_THAT(MistakesIn(KeyringYaml({EdEntry("mc", "    notAfter: [2026]\n")})),
              StartsWith("keys.yaml:9:15: expected text, found a list"));
}

TEST(KeyringTest, AnEmptyListIsAMistake) {
  EXPECT_EQ(MistakesIn("apiVersion: rollout-gate/keyring/v1\nkeys: []\n"),
            "keys.yaml:2:7: the keyring holds no keys, so no answer could ever be trusted");
  EXPECT_THAT(MistakesIn("apiVersion: rollout-gate/keyring/v1\nkeys:\n"),
              HasSubstr("expected a list, found nothing"));
  EXPECT_THAT(MistakesIn("apiVersion: rollout-gate/keyring/v1\nkeys: {a: b}\n"),
              HasSubstr("keys.yaml:2:7: expected a list, found a map"));
  EXPECT_THAT(MistakesIn("apiVersion: rollout-gate/keyring/v1\nkeys: [mc]\n"),
              HasSubstr("keys.yaml:2:8: expected a map, found a scalar"));
}

TEST(KeyringTest, AnEmptyFileLacksEverything) {
  EXPECT_THAT(MistakesIn(""),
              AllOf(HasSubstr("\"apiVersion\" is missing"), HasSubstr("\"keys\" is missing")));
}

TEST(KeyringTest, RefusesAnotherVersion) {
  EXPECT_EQ(MistakesIn("apiVersion: rollout-gate/keyring/v2\nkeys:\n" + EdEntry("mc")),
            "keys.yaml:1:13: apiVersion is \"rollout-gate/keyring/v2\", expected "
            "rollout-gate/keyring/v1");
}

TEST(KeyringTest, RefusesADuplicateIdAndSaysWhereTheFirstIs) {
  EXPECT_EQ(MistakesIn(KeyringYaml({EdEntry("mc"), EdEntry("other"), EdEntry("mc")})),
            "keys.yaml:15:9: duplicate id \"mc\", already used at keys.yaml:3:9; give each key its "
            "own");
}

TEST(KeyringTest, RefusesIdsThatCannotBeShown) {
  EXPECT_EQ(MistakesIn(KeyringYaml({EdEntry(std::string(253, 'a'))})), "none");
  for (const std::string& id : {std::string("\"\""), std::string(254, 'a'),
                                std::string("\"a\\tb\""), std::string("\"a\\u0085b\"")}) {
    EXPECT_THAT(MistakesIn(KeyringYaml({EdEntry(id)})),
                HasSubstr("keys.yaml:3:9: a key id has 1 to 253 bytes"))
        << id;
  }
}

TEST(KeyringTest, RefusesUnknownKeysAndNamesTheNearest) {
  EXPECT_EQ(MistakesIn(KeyringYaml({EdEntry("mc", "    notafter: 2026-01-01T00:00:00Z\n")})),
            "keys.yaml:9:5: unknown key \"notafter\"; did you mean \"notAfter\"?");
  EXPECT_THAT(MistakesIn("key: 1\n" + KeyringYaml({EdEntry("mc")})),
              StartsWith("keys.yaml:1:1: unknown key \"key\"; did you mean \"keys\"?"));
  EXPECT_THAT(MistakesIn(KeyringYaml({EdEntry("mc", "    id: again\n")})),
              HasSubstr("keys.yaml:9:5: duplicate key \"id\""));
}

TEST(KeyringTest, RefusesKeysOfAnotherTypeThanTheAlgorithm) {
  EXPECT_THAT(MistakesIn(KeyringYaml({KeyEntry("mc", "ed25519", Signer::P256().PublicPem())})),
              StartsWith("keys.yaml:5:16: not a key for ed25519, but an EC key"));
  EXPECT_THAT(MistakesIn(KeyringYaml({KeyEntry("mc", "ecdsa-p256", Signer::Rsa().PublicPem())})),
              StartsWith("keys.yaml:5:16: not a key for ecdsa-p256, but a key of type RSA"));
  EXPECT_EQ(MistakesIn(KeyringYaml({KeyEntry("mc", "rsa", Signer::Rsa().PublicPem())})),
            "keys.yaml:4:16: unknown algorithm \"rsa\"; use ed25519 or ecdsa-p256");
}

TEST(KeyringTest, RecognisesAPrivateKeyWithoutRepeatingIt) {
  const std::string pem = Signer::Ed25519().PrivatePem();
  const std::string secret = pem.substr(pem.find('\n') + 1, 16);
  const std::string mistakes = MistakesIn(KeyringYaml({KeyEntry("mc", "ed25519", pem)}));
  EXPECT_THAT(mistakes, StartsWith("keys.yaml:5:16: this is a private key"));
  EXPECT_THAT(mistakes, Not(HasSubstr(secret)));
}

TEST(KeyringTest, NamesTheFieldsThatAreMissing) {
  EXPECT_EQ(MistakesIn("apiVersion: rollout-gate/keyring/v1\nkeys:\n  - notBefore: "
                       "2026-01-01T00:00:00Z\n"),
            "keys.yaml:3:5: \"id\" is missing\n"
            "keys.yaml:3:5: \"algorithm\" is missing\n"
            "keys.yaml:3:5: \"publicKey\" is missing");
}

TEST(KeyringTest, ReportsAllMistakesAtOnce) {
  const std::string yaml = KeyringYaml({KeyEntry("a", "ed448", "x"), KeyEntry("b", "ed25519", "x"),
                                        EdEntry("b", "    colour: red\n")});
  const std::string mistakes = MistakesIn("more: 1\n" + yaml);
  EXPECT_THAT(mistakes, HasSubstr("keys.yaml:1:1: unknown key \"more\""));
  EXPECT_THAT(mistakes, HasSubstr("keys.yaml:5:16: unknown algorithm \"ed448\""));
  EXPECT_THAT(mistakes, HasSubstr("keys.yaml:10:16: not a PEM block"));
  EXPECT_THAT(mistakes, HasSubstr("keys.yaml:12:9: duplicate id \"b\""));
  EXPECT_THAT(mistakes, HasSubstr("unknown key \"colour\""));
  EXPECT_EQ(std::count(mistakes.begin(), mistakes.end(), '\n'), 4);
}

TEST(KeyringTest, PassesOnWhatTheYamlParserSays) {
  EXPECT_THAT(MistakesIn("keys: [\n"), StartsWith("keys.yaml:2:1: not valid YAML"));
  EXPECT_THAT(MistakesIn("a: 1\n---\nb: 2\n"), HasSubstr("2 documents"));
}

TEST(KeyringCacheTest, ParsesATextOnceAndAnotherTextAnew) {
  KeyringCache cache;
  const std::string one = KeyringYaml({EdEntry("one")});
  const auto first = cache.Parse(one, "keys.yaml");
  ASSERT_TRUE(first);
  EXPECT_EQ(*cache.Parse(one, "elsewhere.yaml"), *first);
  const auto rotated = cache.Parse(KeyringYaml({EdEntry("two")}), "keys.yaml");
  ASSERT_TRUE(rotated);
  EXPECT_EQ((*rotated)->Find("one"), nullptr);
  EXPECT_NE((*rotated)->Find("two"), nullptr);
}

TEST(KeyringCacheTest, TellsTheSameMistakeAgainWithItsFile) {
  KeyringCache cache;
  EXPECT_THAT(cache.Parse("keys: []", "a.yaml").error().message, StartsWith("a.yaml:"));
  EXPECT_THAT(cache.Parse("keys: []", "b.yaml").error().message, StartsWith("b.yaml:"));
}

TEST(KeyringCacheTest, StartsAnewWhenItIsFull) {
  KeyringCache cache;
  std::shared_ptr<const Keyring> first;
  for (std::size_t i = 0; i <= KeyringCache::kMost; ++i) {
    const auto parsed = cache.Parse(KeyringYaml({EdEntry(std::to_string(i))}), "keys.yaml");
    ASSERT_TRUE(parsed);
    if (i == 0) first = *parsed;
  }
  const auto again = cache.Parse(KeyringYaml({EdEntry("0")}), "keys.yaml");
  ASSERT_TRUE(again);
  EXPECT_NE(*again, first);
  EXPECT_NE(first->Find("0"), nullptr);  // whoever holds one keeps it
}

}  // namespace
}  // namespace gate::evidence
