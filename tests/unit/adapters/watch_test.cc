#include "gate/seams/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/support/fake_kube_api.h"
#include "tests/support/fake_runtime.h"

namespace gate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

KubeEvent EventOf(KubeEventType type, const std::string& version, const std::string& name = "x") {
  return {type, Json{{"metadata", {{"name", name}, {"resourceVersion", version}}}}};
}

// Plays lists and watches in order. When nothing is left, the watch is stopped.
class WatchObjectsTest : public testing::Test {
 protected:
  using Play = std::function<Result<void>(const KubeEventHandler&)>;

  WatchObjectsTest() {
    kube_.on_list = [this](const KubeResource&, const std::string&) {
      log_.push_back("list");
      auto next = std::move(lists_.front());
      lists_.pop_front();
      return next;
    };
    kube_.on_watch = [this](const std::string& version, const KubeEventHandler& handler,
                            const Deadline&) -> Result<void> {
      log_.push_back("watch from " + version);
      if (watches_.empty()) {
        stop_.request_stop();
        return {};
      }
      const Play next = std::move(watches_.front());
      watches_.pop_front();
      return next(handler);
    };
  }

  void List(const std::string& version) { lists_.push_back(KubeList{{Json::object()}, version}); }
  void FailList(ErrorCode code, std::optional<Nanos> retry_after = std::nullopt) {
    lists_.push_back(Error{code, "scripted", retry_after});
  }
  // A watch that delivers these events and then ends with `error`, or in an orderly way.
  void Watch(std::vector<KubeEvent> events, std::optional<ErrorCode> error = std::nullopt) {
    watches_.push_back([=](const KubeEventHandler& handler) -> Result<void> {
      for (const KubeEvent& event : events) {
        if (!handler(event)) return {};
      }
      if (error) return Error{*error, "scripted"};
      return {};
    });
  }

  ErrorCode Run(Nanos duration = 24h) {
    WatchHandlers handlers;
    handlers.on_snapshot = [this](const KubeList& list) {
      log_.push_back("snapshot " + list.resource_version);
    };
    handlers.on_event = [this](const KubeEvent& event) {
      log_.push_back("event " + JsonString(event.object, "/metadata/resourceVersion"));
    };
    handlers.on_retry = [this](const Error& error) {
      log_.push_back("retry " + std::string(ToString(error.code)));
    };
    return WatchObjects(kube_, runtime_, kube::kPods, "ns", {}, handlers,
                        runtime_.In(duration, stop_.get_token()))
        .code;
  }

  FakeRuntime runtime_;
  FakeKubeApi kube_;
  std::stop_source stop_;
  std::vector<std::string> log_;

 private:
  std::deque<Result<KubeList>> lists_;
  std::deque<Play> watches_;
};

TEST_F(WatchObjectsTest, ListsOnceAndThenDeliversTheChangesInOrder) {
  List("10");
  Watch({EventOf(KubeEventType::kAdded, "11"), EventOf(KubeEventType::kDeleted, "12")});
  EXPECT_EQ(Run(), ErrorCode::kCancelled);
  EXPECT_THAT(log_, ElementsAre("list", "snapshot 10", "watch from 10", "event 11", "event 12",
                                "watch from 12"));
}

TEST_F(WatchObjectsTest, ResumesFromABookmarkThatNobodySees) {
  List("10");
  Watch({EventOf(KubeEventType::kBookmark, "99")});
  EXPECT_EQ(Run(), ErrorCode::kCancelled);
  EXPECT_THAT(log_, ElementsAre("list", "snapshot 10", "watch from 10", "watch from 99"));
}

TEST_F(WatchObjectsTest, ListsAgainWhenItsPlaceIsGone) {
  List("10");
  Watch({EventOf(KubeEventType::kAdded, "11")}, ErrorCode::kGone);
  List("500");
  EXPECT_EQ(Run(), ErrorCode::kCancelled);
  EXPECT_THAT(log_, ElementsAre("list", "snapshot 10", "watch from 10", "event 11", "list",
                                "snapshot 500", "watch from 500"));
}

TEST_F(WatchObjectsTest, GivesPagesToWhoeverWantsThemAndSaysWhenTheyAreAll) {
  FailList(ErrorCode::kGone);
  List("10");
  WatchHandlers handlers;
  handlers.on_page = [this](WatchHandlers::Page page, const std::vector<Json>& items) {
    log_.push_back((page == WatchHandlers::Page::kFirst ? "first page of " : "page of ") +
                   std::to_string(items.size()));
  };
  handlers.on_complete = [this] { log_.push_back("complete"); };
  (void)WatchObjects(kube_, runtime_, kube::kPods, "ns", {}, handlers,
                     runtime_.In(24h, stop_.get_token()));
  EXPECT_THAT(log_, ElementsAre("list", "list", "first page of 1", "complete", "watch from 10"));
}

TEST_F(WatchObjectsTest, ListsAgainWhenAListIsGoneBetweenItsPages) {
  FailList(ErrorCode::kGone);
  List("10");
  EXPECT_EQ(Run(), ErrorCode::kCancelled);
  EXPECT_THAT(log_, ElementsAre("list", "list", "snapshot 10", "watch from 10"));
}

TEST_F(WatchObjectsTest, ResumesAfterAnErrorWithoutListing) {
  List("10");
  Watch({EventOf(KubeEventType::kAdded, "11")}, ErrorCode::kUnavailable);
  EXPECT_EQ(Run(), ErrorCode::kCancelled);
  EXPECT_THAT(log_, ElementsAre("list", "snapshot 10", "watch from 10", "event 11",
                                "retry unavailable", "watch from 11"));
}

// The connection is up, and nothing comes over it.
class SilentKubeApi : public FakeKubeApi {
 public:
  explicit SilentKubeApi(FakeRuntime& runtime) : runtime_(runtime) {}

  Result<KubeList> List(const KubeResource& resource, const std::string& ns,
                        const KubeSelector& selector, const Deadline& deadline) override {
    if (++lists > 1) return FakeKubeApi::List(resource, ns, selector, deadline);
    (void)runtime_.Sleep(deadline);
    return Error{ErrorCode::kDeadlineExceeded, "no answer"};
  }

  int lists = 0;

 private:
  FakeRuntime& runtime_;
};

TEST_F(WatchObjectsTest, AListThatIsNeverAnsweredIsAskedForAgain) {
  SilentKubeApi kube(runtime_);
  kube.on_list = [](const KubeResource&, const std::string&) { return KubeList{{}, "10"}; };
  std::string watched_from;
  kube.on_watch = [&](const std::string& version, const KubeEventHandler&,
                      const Deadline&) -> Result<void> {
    watched_from = version;
    stop_.request_stop();
    return {};
  };
  WatchHandlers handlers;
  handlers.on_snapshot = [](const KubeList&) {};
  (void)WatchObjects(kube, runtime_, kube::kPods, "ns", {}, handlers,
                     {Instant::max(), stop_.get_token()});
  EXPECT_EQ(watched_from, "10");
  EXPECT_EQ(runtime_.sleeps().front(), 2min);
}

TEST_F(WatchObjectsTest, BacksOffExponentiallyUpToALimit) {
  for (int i = 0; i < 9; ++i) FailList(ErrorCode::kUnavailable);
  List("10");
  Run();
  // The last one is the sleep that the stop ended.
  EXPECT_THAT(runtime_.sleeps(),
              ElementsAre(200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10s, 10s, 10s, 0ms));
}

TEST_F(WatchObjectsTest, StartsToBackOffAnewAfterAnEvent) {
  List("10");
  Watch({}, ErrorCode::kUnavailable);
  Watch({}, ErrorCode::kUnavailable);
  Watch({EventOf(KubeEventType::kAdded, "11")}, ErrorCode::kUnavailable);
  Watch({}, ErrorCode::kUnavailable);
  Run();
  EXPECT_THAT(runtime_.sleeps(), ElementsAre(200ms, 400ms, 200ms, 400ms, 0ms));
}

TEST_F(WatchObjectsTest, PausesAfterAnOrderlyEndSoThatAServerIsNotHammered) {
  List("10");
  Watch({});
  Watch({});
  Run();
  EXPECT_THAT(runtime_.sleeps(), ElementsAre(200ms, 200ms, 0ms));
}

TEST_F(WatchObjectsTest, WaitsAsLongAsTheServerAsks) {
  FailList(ErrorCode::kResourceExhausted, 30s);
  List("10");
  Run();
  EXPECT_THAT(runtime_.sleeps(), ElementsAre(30s, 0ms));
}

TEST_F(WatchObjectsTest, GivesUpAtOnceOnWhatWaitingDoesNotCure) {
  for (const ErrorCode hopeless : {ErrorCode::kPermissionDenied, ErrorCode::kInvalidArgument}) {
    FailList(hopeless);
    EXPECT_EQ(Run(), hopeless);
    EXPECT_TRUE(runtime_.sleeps().empty());
  }
}

TEST_F(WatchObjectsTest, EndsAtItsDeadlineHoweverLongItWouldHaveWaited) {
  FailList(ErrorCode::kUnavailable, 1h);
  const Instant begin = runtime_.Now();
  EXPECT_EQ(Run(5s), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(runtime_.Now() - begin, 5s);
}

TEST_F(WatchObjectsTest, AStopRequestEndsItsPause) {
  FailList(ErrorCode::kUnavailable, 1h);
  const Instant begin = runtime_.Now();
  runtime_.After(7s, [this] { stop_.request_stop(); });
  EXPECT_EQ(Run(), ErrorCode::kCancelled);
  EXPECT_EQ(runtime_.Now() - begin, 7s);
}

TEST_F(WatchObjectsTest, DoesNothingIfAlreadyStopped) {
  stop_.request_stop();
  EXPECT_EQ(Run(), ErrorCode::kCancelled);
  EXPECT_TRUE(log_.empty());
}

}  // namespace
}  // namespace gate
