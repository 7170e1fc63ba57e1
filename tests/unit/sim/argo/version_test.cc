#include "harness/sim/argo/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drill::sim {
namespace {

TEST(ArgoVersionTest, EveryReleaseOfAMinorVersionHasItsModel) {
  for (const char* release : {"v1.9.2", "1.9.2", "v1.9", "1.9", "v1.9.0-rc1", "1.9-dev"}) {
    const auto version = ParseArgoVersion(release);
    ASSERT_TRUE(version) << release << ": " << version.error().message;
    EXPECT_EQ(*version, ArgoVersion::k1_9) << release;
  }
  for (const char* release : {"v1.10.1", "1.10.1", "v1.10", "1.10", "v1.10.0-rc1"}) {
    const auto version = ParseArgoVersion(release);
    ASSERT_TRUE(version) << release << ": " << version.error().message;
    EXPECT_EQ(*version, ArgoVersion::k1_10) << release;
  }
}

TEST(ArgoVersionTest, AReleaseWithoutAModelIsRefused) {
  for (const char* release : {"", "v", "1", "v1.1", "v1.8.3", "v1.11.0", "v1.90", "v1.100.1",
                              "vv1.9", "V1.9", "1.9x", " 1.9", "latest", "1.9 "}) {
    const auto version = ParseArgoVersion(release);
    ASSERT_FALSE(version) << release;
    EXPECT_EQ(version.error().code, gate::ErrorCode::kInvalidArgument);
    EXPECT_EQ(version.error().message,
              std::string("Argo Rollouts \"") + release +
                  "\" cannot be simulated, only v1.9 and v1.10 can; others are played with "
                  "--backend kind");
  }
}

TEST(ArgoVersionTest, ItsTextIsReadAsItself) {
  for (const ArgoVersion version : {ArgoVersion::k1_9, ArgoVersion::k1_10}) {
    const auto read = ParseArgoVersion(ToString(version));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, version);
  }
}

}  // namespace
}  // namespace drill::sim
