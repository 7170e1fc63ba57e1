#include "harness/sim/argo/pod_hash.h"

#include <gtest/gtest.h>

namespace drill::sim::argo {
namespace {

TEST(PodHashTest, FnvIsThePublishedOne) {
  EXPECT_EQ(Fnv1a32(""), 0x811C9DC5U);
  EXPECT_EQ(Fnv1a32("a"), 0xE40C292CU);
  EXPECT_EQ(Fnv1a32("foobar"), 0xBF9CF968U);
}

TEST(PodHashTest, EncodingUsesTheAlphabetWithoutVowels) {
  EXPECT_EQ(SafeEncode("0123456789"), "456789bcdf");
}

TEST(PodHashTest, DependsOnTheTemplateAndOnCollisionsOnly) {
  const gate::Json a{{"spec", {{"image", "a"}}}, {"metadata", {{"labels", {{"x", "y"}}}}}};
  const gate::Json b{{"metadata", {{"labels", {{"x", "y"}}}}}, {"spec", {{"image", "a"}}}};
  gate::Json other = a;
  other["spec"]["image"] = "b";
  EXPECT_EQ(PodTemplateHash(a, std::nullopt), PodTemplateHash(b, std::nullopt));
  EXPECT_NE(PodTemplateHash(a, std::nullopt), PodTemplateHash(other, std::nullopt));
  EXPECT_NE(PodTemplateHash(a, std::nullopt), PodTemplateHash(a, 0));
  EXPECT_NE(PodTemplateHash(a, 0), PodTemplateHash(a, 1));
}

}  // namespace
}  // namespace drill::sim::argo
