#include "harness/sim/world/fiber.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/sim/world/sim_runtime.h"

namespace drill::sim {
namespace {

using namespace std::chrono_literals;
using gate::Deadline;
using gate::WaitResult;

constexpr gate::Instant kEnd = gate::Instant(24h);

// A world with one process whose main fiber is the test's body.
class FiberTest : public testing::Test {
 protected:
  World world_{{.seed = 7}};
  Process process_{world_, "test"};
  SimRuntime runtime_{process_};

  World::Ended Run(std::function<void()> body) {
    main_ = world_.fibers().Start(process_, std::move(body));
    return Continue();
  }
  World::Ended Continue() { return world_.Run(kEnd, nullptr, 100'000); }
  bool MainIsOver() const { return main_->over; }
  Deadline In(gate::Nanos time) { return {world_.Now() + time}; }

 private:
  std::shared_ptr<FiberHandle> main_;
};

TEST_F(FiberTest, ASleepTakesItsTimeAndNoOther) {
  gate::Instant woken;
  Run([&] {
    EXPECT_EQ(runtime_.Sleep(In(90min)), WaitResult::kElapsed);
    woken = runtime_.Now();
  });
  EXPECT_EQ(woken, gate::Instant(90min));
  EXPECT_TRUE(MainIsOver());
}

TEST_F(FiberTest, ASleepUntilAPastTimeReturnsAtOnce) {
  Run([&] { EXPECT_EQ(runtime_.Sleep({gate::Instant(-1s)}), WaitResult::kElapsed); });
  EXPECT_EQ(world_.Now(), gate::Instant());
}

TEST_F(FiberTest, AStopEndsASleep) {
  std::stop_source stop;
  world_.After(3s, Rank::kFault, [&] { stop.request_stop(); });
  Run([&] {
    EXPECT_EQ(runtime_.Sleep({world_.Now() + 1h, stop.get_token()}), WaitResult::kStopped);
    EXPECT_EQ(runtime_.Now(), gate::Instant(3s));
    EXPECT_EQ(runtime_.Sleep({world_.Now() + 1h, stop.get_token()}), WaitResult::kStopped);
  });
  EXPECT_EQ(world_.Now(), gate::Instant(3s));
}

TEST_F(FiberTest, ASignalIsRememberedUntilOneWaitConsumesIt) {
  Run([&] {
    const auto event = runtime_.NewEvent();
    event->Set();
    event->Set();
    EXPECT_EQ(event->Wait(In(1s)), WaitResult::kSignalled);
    EXPECT_EQ(event->Wait(In(1s)), WaitResult::kElapsed);
  });
}

TEST_F(FiberTest, ASignalWinsOverAPassedDeadlineAndAStop) {
  std::stop_source stop;
  stop.request_stop();
  Run([&] {
    const auto event = runtime_.NewEvent();
    event->Set();
    EXPECT_EQ(event->Wait({gate::Instant(), stop.get_token()}), WaitResult::kSignalled);
  });
}

TEST_F(FiberTest, OneSignalWakesOneFiberTheOneThatWaitedLongest) {
  std::string order;
  Run([&] {
    const auto event = runtime_.NewEvent();
    const auto wait = [&](char name) {
      return runtime_.Spawn("waiter", [&, name] {
        if (event->Wait(In(1h)) == WaitResult::kSignalled) order += name;
      });
    };
    const auto a = wait('a');
    const auto b = wait('b');
    runtime_.Sleep(In(1s));
    event->Set();
    runtime_.Sleep(In(1s));
    EXPECT_EQ(order, "a");
    event->Set();
  });
  EXPECT_EQ(order, "ab");
}

TEST_F(FiberTest, ATaskIsJoinedWhenItGoesOutOfScope) {
  Run([&] {
    {
      const auto task = runtime_.Spawn("sleeper", [&] { runtime_.Sleep(In(10s)); });
    }
    EXPECT_EQ(runtime_.Now(), gate::Instant(10s));
  });
  EXPECT_TRUE(MainIsOver());
}

TEST_F(FiberTest, ExceptionsOfTwoFibersDoNotMix) {
  std::vector<std::string> caught;
  Run([&] {
    const auto thrower = [&](const std::string& text) {
      return runtime_.Spawn("thrower", [&, text] {
        try {
          throw std::runtime_error(text);
        } catch (const std::runtime_error&) {
          runtime_.Sleep(In(1s));  // the other one throws and catches meanwhile
          try {
            throw;
          } catch (const std::runtime_error& again) {
            caught.push_back(again.what());
          }
        }
      });
    };
    const auto a = thrower("a");
    const auto b = thrower("b");
  });
  EXPECT_EQ(caught, (std::vector<std::string>{"a", "b"}));
}

TEST_F(FiberTest, TheCivilClockOfAProcessMayBeWrong) {
  process_.SetClockSkew(-5s);
  EXPECT_EQ(runtime_.WallNow(), world_.WallNow() - 5s);
}

// Counts how many are alive, to see that stacks are unwound.
struct Counted {
  explicit Counted(int& count) : alive(count) { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int& alive;
};

TEST_F(FiberTest, AKilledProcessUnwindsAllItsFibersAndDoesNothingMore) {
  int alive = 0;
  bool went_on = false;
  world_.After(5s, Rank::kFault, [&] { process_.Kill(); });
  Run([&] {
    const Counted outer(alive);
    const auto child = runtime_.Spawn("child", [&] {
      const Counted inner(alive);
      runtime_.Sleep(In(1h));
      went_on = true;
    });
    const auto grandchild = runtime_.Spawn("other", [&] { runtime_.Sleep(In(2h)); });
    child->Join();
    went_on = true;
  });
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(went_on);
  EXPECT_TRUE(MainIsOver());
  EXPECT_EQ(world_.fibers().alive(), 0U);
  EXPECT_EQ(world_.Now(), gate::Instant(5s));
}

TEST_F(FiberTest, TheEndOfAProcessLeavesTheFibersOfOthersAlone) {
  Process other(world_, "other");
  SimRuntime others(other);
  int finished = 0;
  const auto sleep = [&](SimRuntime& runtime, gate::Nanos time) {
    runtime.Sleep(In(time));
    ++finished;
  };
  world_.After(5s, Rank::kFault, [&] { process_.Kill(); });
  world_.fibers().Start(other, [&] { sleep(others, 10s); });
  world_.fibers().Start(process_, [&] { sleep(runtime_, 20s); });
  world_.fibers().Start(other, [&] { sleep(others, 30s); });
  Continue();
  EXPECT_EQ(finished, 2);
  EXPECT_FALSE(other.killed());
  EXPECT_EQ(world_.fibers().alive(), 0U);
  EXPECT_EQ(world_.Now(), gate::Instant(30s));
}

TEST_F(FiberTest, AProcessCanBeKilledAtEachSeamCall) {
  // Three sleeps are six moments: before and after each.
  for (std::uint64_t fatal = 0; fatal < 6; ++fatal) {
    World world({.seed = 1});
    Process process(world, "victim");
    SimRuntime runtime(process);
    process.on_seam = [&](std::uint64_t number, std::string_view, Process::Moment) {
      return number == fatal;
    };
    int alive = 0;
    std::uint64_t sleeps = 0;
    world.fibers().Start(process, [&] {
      const Counted counted(alive);
      for (int i = 0; i < 3; ++i) {
        runtime.Sleep({world.Now() + 1s});
        ++sleeps;
      }
    });
    world.Run(kEnd, nullptr, 1000);
    EXPECT_EQ(sleeps, fatal / 2) << fatal;
    EXPECT_EQ(world.Now(), gate::Instant(std::chrono::seconds((fatal + 1) / 2))) << fatal;
    EXPECT_EQ(alive, 0);
    EXPECT_TRUE(process.killed());
  }
}

TEST_F(FiberTest, ASeamCallInADestructorOfAKilledFiberDoesNothing) {
  bool told = false;
  struct Goodbye {
    SimRuntime& runtime;
    bool& told;
    ~Goodbye() { told = runtime.Sleep({gate::Instant(100h)}) == WaitResult::kStopped; }
  };
  world_.After(1s, Rank::kFault, [&] { process_.Kill(); });
  Run([&] {
    const Goodbye goodbye{runtime_, told};
    runtime_.Sleep(In(1h));
  });
  EXPECT_TRUE(told);
  EXPECT_EQ(world_.Now(), gate::Instant(1s));
}

TEST_F(FiberTest, AParentThatIsKilledEndsTheChildItWaitsFor) {
  bool child_ended = false;
  process_.on_seam = [](std::uint64_t, std::string_view call, Process::Moment) {
    return call == "test.crash";
  };
  Run([&] {
    struct AtEnd {
      bool& flag;
      ~AtEnd() { flag = true; }
    };
    const auto child = runtime_.Spawn("child", [&] {
      const AtEnd at_end{child_ended};
      runtime_.Sleep(In(1h));
    });
    runtime_.Sleep(In(1s));
    process_.AtSeam("test.crash", Process::Moment::kBefore);
    ADD_FAILURE() << "went on after its death";
  });
  EXPECT_TRUE(child_ended);
  EXPECT_EQ(world_.Now(), gate::Instant(1s));
}

// A task that dies at a call ends its own task first; whoever waits for it must not be ended by
// that.
TEST_F(FiberTest, ATaskThatDiesAmongOthersEndsAfterItsOwnTasksAndBeforeItsParent) {
  std::string ended;
  struct Note {
    std::string& ended;
    char name;
    ~Note() { ended += name; }
  };
  process_.on_seam = [this](std::uint64_t, std::string_view, Process::Moment) {
    return world_.Now() == gate::Instant(2s);
  };
  Run([&] {
    const Note note{ended, 'p'};
    const auto task = runtime_.Spawn("task", [&] {
      const Note its_note{ended, 't'};
      const auto own = runtime_.Spawn("own", [&] {
        const Note own_note{ended, 'o'};
        runtime_.Sleep(In(1h));
      });
      runtime_.Sleep(In(2s));
    });
    task->Join();
  });
  EXPECT_EQ(ended, "otp");
}

TEST(WorldEndTest, AWorldEndsTheFibersThatStillWait) {
  int alive = 0;
  {
    World world({.seed = 1});
    auto process = std::make_unique<Process>(world, "waiting");
    SimRuntime runtime(*process);
    world.fibers().Start(*process, [&] {
      const Counted counted(alive);
      runtime.Sleep({gate::Instant::max()});
    });
    world.Run(kEnd, nullptr, 100);
    EXPECT_EQ(alive, 1);
    process.reset();
    EXPECT_EQ(alive, 0);
  }
}

}  // namespace
}  // namespace drill::sim
