#include "gate/adapters/host_resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/unit/adapters/http_test_helpers.h"

namespace gate {
namespace {

// A look-up that hangs until it is released; also its threads are gone after Release.
class HungLookUp {
 public:
  HostResolver::LookUp Function() {
    return [state = state_](const std::string&, std::uint16_t) -> LookUpResult {
      std::unique_lock lock(state->mutex);
      ++state->waiting;
      state->changed.notify_all();
      state->changed.wait(lock, [&] { return state->released; });
      --state->waiting;
      state->changed.notify_all();
      return std::string("released");
    };
  }

  void AwaitWaiting(int count) {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return state_->waiting == count; });
  }

  void Release() {
    std::unique_lock lock(state_->mutex);
    state_->released = true;
    state_->changed.notify_all();
    state_->changed.wait(lock, [&] { return state_->waiting == 0; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    int waiting = 0;
    bool released = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();  // with the threads
};

HttpErrorKind KindOf(const Result<std::vector<SocketAddress>, HttpError>& result) {
  if (!result) return result.error().kind;
  ADD_FAILURE() << "resolved";
  return HttpErrorKind::kInvalidRequest;
}

TEST(HostResolverTest, ResolvesLocalhost) {
  HostResolver resolver;
  const auto addresses = resolver.Resolve("localhost", 80, In(kPlenty));
  ASSERT_TRUE(addresses);
  EXPECT_FALSE(addresses->empty());
}

TEST(HostResolverTest, SaysWhichNameIsUnknown) {
  // Reserved for this by RFC 6761 section 6.4.
  HostResolver resolver;
  EXPECT_EQ(KindOf(resolver.Resolve("name.invalid", 80, In(kPlenty))), HttpErrorKind::kResolve);
}

TEST(HostResolverTest, NeedsNoLookUpForAddresses) {
  HostResolver resolver([](const std::string&, std::uint16_t) -> LookUpResult {
    ADD_FAILURE() << "looked up";
    return std::string("looked up");
  });
  EXPECT_EQ(resolver.Resolve("127.0.0.1", 80, In(kPlenty))->at(0).storage.ss_family, AF_INET);
  EXPECT_EQ(resolver.Resolve("::1", 80, In(kPlenty))->at(0).storage.ss_family, AF_INET6);
}

TEST(HostResolverTest, GivesUpOnAHungLookUpAtTheDeadline) {
  HungLookUp hung;
  HostResolver resolver(hung.Function());
  const Instant begin = SteadyNow();
  EXPECT_EQ(KindOf(resolver.Resolve("host", 80, In(kShort))), HttpErrorKind::kTimeout);
  EXPECT_GE(SteadyNow() - begin, kShort);
  EXPECT_LT(SteadyNow() - begin, kShort + kSlack);
  hung.Release();
}

TEST(HostResolverTest, AStopRequestEndsAHungLookUp) {
  HungLookUp hung;
  HostResolver resolver(hung.Function());
  std::stop_source stop;
  std::thread stopper([&] {
    hung.AwaitWaiting(1);
    stop.request_stop();
  });
  EXPECT_EQ(KindOf(resolver.Resolve("host", 80, In(kPlenty, stop.get_token()))),
            HttpErrorKind::kCancelled);
  stopper.join();
  hung.Release();
}

TEST(HostResolverTest, MayBeDestroyedBeforeItsLookUps) {
  HungLookUp hung;
  {
    HostResolver resolver(hung.Function());
    EXPECT_EQ(KindOf(resolver.Resolve("host", 80, In(Nanos(0)))), HttpErrorKind::kTimeout);
    hung.AwaitWaiting(1);
  }
  hung.Release();
}

TEST(HostResolverTest, FailsAtOnceBeyondTheMostLookUps) {
  HungLookUp hung;
  HostResolver resolver(hung.Function());
  for (int i = 0; i < HostResolver::kMostLookUps; ++i) {
    EXPECT_EQ(KindOf(resolver.Resolve("host", 80, In(Nanos(0)))), HttpErrorKind::kTimeout);
  }
  EXPECT_EQ(KindOf(resolver.Resolve("host", 80, In(kPlenty))), HttpErrorKind::kResolve);
  // Addresses are not affected.
  EXPECT_TRUE(resolver.Resolve("127.0.0.1", 80, In(kPlenty)));
  hung.AwaitWaiting(HostResolver::kMostLookUps);
  hung.Release();
}

}  // namespace
}  // namespace gate
