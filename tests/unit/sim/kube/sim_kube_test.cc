#include "harness/sim/kube/sim_kube.h"

#include <gtest/gtest.h>

#include <optional>

#include "harness/sim/world/fiber.h"

namespace drill::sim {
namespace {

using namespace std::chrono_literals;
using gate::ErrorCode;
using gate::Json;
using gate::KubeSubresource;

constexpr std::uint32_t kAlways = 1'000'000;

// What goes wrong on the way to the API server; that it is right otherwise is the contract's matter
// (tests/contract).
class SimKubeTest : public testing::Test {
 protected:
  SimKubeTest() {
    Object ns{Type::kNamespace, {}, nullptr, nullptr, nullptr};
    ns.meta.name = "shop";
    EXPECT_TRUE(server_.Create("test", std::move(ns)));
  }

  // The outcome of a create, and whether it was done.
  std::optional<gate::Error> Create() {
    std::optional<gate::Error> error;
    Run([&] {
      auto created =
          kube_.Create(gate::kube::kConfigMaps, "shop",
                       {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}},
                       {world_.Now() + 5s});
      if (!created) error = created.error();
    });
    return error;
  }
  bool Exists() const { return server_.Get(Type::kConfigMap, "shop", "a") != nullptr; }

  void Run(std::function<void()> body) {
    world_.fibers().Start(process_, std::move(body));
    world_.Run(gate::Instant(1h), nullptr, 10'000);
  }

  World world_{{.seed = 1}};
  ApiServer server_{world_};
  ApiWeather weather_;
  Process process_{world_, "client"};
  SimKube kube_{process_, server_, weather_, {}, "client"};
};

TEST_F(SimKubeTest, AThrottledCallIsNotDoneAndSaysWhenToComeAgain) {
  weather_.throttled_ppm = kAlways;
  const auto error = Create();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(error->retry_after, 1s);
  EXPECT_FALSE(Exists());
}

TEST_F(SimKubeTest, AnUnansweredWriteIsDoneButEndsByItsDeadline) {
  weather_.unanswered_ppm = kAlways;
  const auto error = Create();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(world_.Now(), gate::Instant(5s));
  EXPECT_TRUE(Exists());
}

TEST_F(SimKubeTest, ALostRequestIsNotDoneAndEndsByItsDeadline) {
  weather_.lost_ppm = kAlways;
  const auto error = Create();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kDeadlineExceeded);
  EXPECT_FALSE(Exists());
}

TEST_F(SimKubeTest, AResetWriteIsDoneButUnavailable) {
  weather_.reset_ppm = kAlways;
  EXPECT_EQ(Create()->code, ErrorCode::kUnavailable);
  EXPECT_TRUE(Exists());
}

TEST_F(SimKubeTest, AServerThatIsDownRefusesUntilItIsBack) {
  weather_.down_until = gate::Instant(10s);
  EXPECT_EQ(Create()->code, ErrorCode::kUnavailable);
  EXPECT_FALSE(Exists());
  world_.Run(gate::Instant(10s), nullptr, 10);
  world_.After(10s, Rank::kFault, [] {});
  world_.Run(gate::Instant(10s), nullptr, 10);
  EXPECT_FALSE(Create());
}

TEST_F(SimKubeTest, AProcessKilledAfterAWriteHasWritten) {
  process_.on_seam = [](std::uint64_t, std::string_view call, Process::Moment moment) {
    return call == "kube.create" && moment == Process::Moment::kAfter;
  };
  Create();
  EXPECT_TRUE(process_.killed());
  EXPECT_TRUE(Exists());
}

TEST_F(SimKubeTest, ARestartOfTheApiServerEndsWatchesOnceAndTheirPlaceIsGone) {
  ASSERT_FALSE(Create());
  const std::string place = std::to_string(server_.version());
  std::optional<gate::Error> first;
  std::optional<gate::Error> second;
  int events = 0;
  const auto watch = [&]() -> std::optional<gate::Error> {
    const auto ended = kube_.Watch(gate::kube::kConfigMaps, "shop", {}, place,
                                   [&](const gate::KubeEvent& event) {
                                     if (event.type != gate::KubeEventType::kBookmark) ++events;
                                     return true;
                                   },
                                   {world_.Now() + 10min});
    return ended ? std::nullopt : std::optional(ended.error());
  };
  world_.After(5s, Rank::kFault, [&] {
    server_.Compact();
    ++weather_.restarts;
  });
  Run([&] {
    first = watch();
    second = watch();
  });
  EXPECT_FALSE(first) << "it ends as when the server ends it";
  EXPECT_EQ(events, 0);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->code, ErrorCode::kGone);
}

TEST_F(SimKubeTest, AStaleListIsAnEarlierState) {
  ASSERT_FALSE(Create());
  weather_.stale_list_ppm = kAlways;
  bool seen_without = false;
  bool seen_with = false;
  Run([&] {
    for (int i = 0; i < 50; ++i) {
      const auto list = kube_.List(gate::kube::kConfigMaps, "shop", {}, {world_.Now() + 5s});
      ASSERT_TRUE(list);
      (list->items.empty() ? seen_without : seen_with) = true;
    }
  });
  EXPECT_TRUE(seen_without);
  EXPECT_TRUE(seen_with);
}

}  // namespace
}  // namespace drill::sim
