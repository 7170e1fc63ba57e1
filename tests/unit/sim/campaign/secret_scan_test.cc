#include "harness/sim/campaign/secret_scan.h"

#include <gtest/gtest.h>

#include "gate/base/encoding.h"

namespace drill::sim {
namespace {

constexpr const char* kSecret = "0123456789abcdef-secret";

TEST(SecretScanTest, FindsItAnywhere) {
  SecretScan scan;
  scan.Add(kSecret);
  const std::string secret = kSecret;
  EXPECT_TRUE(scan.IsInText("token " + secret + "."));
  EXPECT_TRUE(scan.IsInText("x" + gate::Base64Encode(secret + " and more")));
  EXPECT_TRUE(scan.IsInJson({{"a", {{"b", {1, "x " + secret}}}}}));
  EXPECT_TRUE(scan.IsInJson({{secret, 1}}));
  EXPECT_FALSE(scan.IsInJson({{"a", {{"b", {1, secret.substr(1)}}}}}));
}

TEST(SecretScanTest, LooksForNothingShort) {
  SecretScan scan;
  scan.Add("short");
  EXPECT_FALSE(scan.IsInText("this is short, but not too short"));
}

TEST(SecretScanTest, TakesTheSecretOutOfAPem) {
  EXPECT_EQ(
      SecretPartOfPem("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n"),
      "MC4CAQAwBQYDK2Vw");
  EXPECT_EQ(SecretPartOfPem("no key"), "");
}

}  // namespace
}  // namespace drill::sim
