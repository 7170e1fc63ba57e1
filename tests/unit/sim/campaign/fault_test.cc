#include "harness/sim/campaign/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace drill::sim {
namespace {

using namespace std::chrono_literals;

TEST(FaultTest, EveryKindHasANameOfItsOwnThatReadsBack) {
  std::set<std::string_view> names;
  for (const FaultInfo& info : KnownFaults()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(ParseFaultKind(info.name), info.kind) << info.name;
  }
  EXPECT_EQ(ParseFaultKind("api.nothing"), std::nullopt);
}

TEST(FaultTest, SaysHowLongAndHowMuch) {
  EXPECT_EQ(Describe({FaultKind::kApiThrottled, 3s, 10s, 200'000, 0}),
            "api.throttled 20% from 3s for 10s");
  EXPECT_EQ(Describe({FaultKind::kArgoRestart, 3s, 0s, 0, 0}), "argo.restart from 3s");
  EXPECT_EQ(Describe({FaultKind::kGateCrash, 0s, 0s, 17, 1}),
            "gate.crash of process 1 at its call 17");
  EXPECT_EQ(Describe({FaultKind::kGateClockSkew, 0s, 0s, gate::Nanos(-2s).count(), 0}),
            "gate.clock-skew -2s");
}

}  // namespace
}  // namespace drill::sim
