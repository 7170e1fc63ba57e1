#include "gate/override/read.h"

#include <gtest/gtest.h>

#include "gate/override/object.h"
#include "tests/support/fake_kube_api.h"

namespace gate::override {
namespace {

TEST(ReadOverridesTest, SortsTheReadableFromTheMalformed) {
  Json good = OverrideObject({.name = "",
                              .uid = "",
                              .subject = {"shop", "demo", "shop-1.5.0", "20", "abc123"},
                              .decision = decide::OverrideDecision::kReject,
                              .over_refusal = false,
                              .actor = "ann",
                              .reason = "latency is too high",
                              .created = WallTime(),
                              .valid_for = std::chrono::minutes(30)});
  good["metadata"]["creationTimestamp"] = "2026-03-01T12:00:00Z";
  Json bad = good;
  bad["metadata"]["name"] = "bad\nname";
  bad["spec"]["reason"] = 7;
  FakeKubeApi kube;
  std::string listed;
  kube.on_list = [&](const KubeResource& resource, const std::string& ns) -> Result<KubeList> {
    listed = resource.plural + " in " + ns;
    return KubeList{{good, bad}, "1"};
  };
  const auto found = ReadOverrides(kube, "shop", "demo", {});
  ASSERT_TRUE(found);
  EXPECT_EQ(listed, "gateoverrides in shop");
  ASSERT_EQ(found->readable.size(), 1U);
  EXPECT_EQ(found->readable[0].actor, "ann");
  ASSERT_EQ(found->malformed.size(), 1U);
  EXPECT_EQ(found->malformed[0].name, "bad name") << "people must be able to read it";
  EXPECT_EQ(found->malformed[0].actor, "ann");
  EXPECT_EQ(found->malformed[0].flaw, decide::OverrideFlaw::kMalformed);
}

TEST(ReadOverridesTest, WhatCannotBeReadIsAnErrorAndNotNothing) {
  FakeKubeApi kube;
  kube.on_list = [](const KubeResource&, const std::string&) -> Result<KubeList> {
    return Error{ErrorCode::kPermissionDenied, "no"};
  };
  const auto found = ReadOverrides(kube, "shop", "demo", {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace gate::override
