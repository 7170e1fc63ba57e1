#include <gmock/gmock.h>

#include "gate/seams/watch.h"
#include "tests/contract/kube_api_contract.h"

// What every KubeApi promises of its watches.
namespace gate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// Collects "added a" and so on, up to `count` events that are no bookmarks.
class Collector {
 public:
  explicit Collector(std::size_t count) : count_(count) {}

  KubeEventHandler Handler() {
    return [this](const KubeEvent& event) {
      EXPECT_NE(JsonString(event.object, "/metadata/resourceVersion"), "");
      static constexpr const char* kTypes[] = {"added ", "modified ", "deleted "};
      if (event.type == KubeEventType::kBookmark) return true;
      seen_.push_back(kTypes[static_cast<int>(event.type)] + NameOf(event.object));
      return seen_.size() < count_;
    };
  }
  const std::vector<std::string>& seen() const { return seen_; }

 private:
  const std::size_t count_;
  std::vector<std::string> seen_;
};

TEST_P(KubeApiContract, AWatchSeesTheChangesAfterItsVersionInOrder) {
  Run([this] {
    const Json before = CreateRollout("before");
    CreateRollout("a");
    Must(api().MergePatch(Rollout("before"), {{"spec", {{"replicas", 2}}}}, KubeSubresource::kNone,
                          Soon()));
    Must(api().MergePatch(Rollout("a"), {{"status", {{"phase", "Paused"}}}},
                          KubeSubresource::kStatus, Soon()));
    EXPECT_TRUE(api().Delete(Rollout("a"), Soon()));
    Collector collector(4);
    const auto watched =
        api().Watch(kube::kRollouts, ns_, {}, VersionOf(before), collector.Handler(), Soon());
    EXPECT_TRUE(watched) << watched.error().message;
    EXPECT_THAT(collector.seen(),
                ElementsAre("added a", "modified before", "modified a", "deleted a"));
  });
}

TEST_P(KubeApiContract, AWatchSeesChangesThatHappenWhileItIsOpen) {
  Run([this] {
    const auto list = api().List(kube::kRollouts, ns_, {}, Soon());
    ASSERT_TRUE(list) << list.error().message;
    const auto writer = runtime().Spawn("writer", [this] {
      runtime().Sleep(In(200ms));
      CreateRollout("a");
      EXPECT_TRUE(api().Delete(Rollout("a"), Soon()));
    });
    Collector collector(2);
    const auto watched =
        api().Watch(kube::kRollouts, ns_, {}, list->resource_version, collector.Handler(), Soon());
    EXPECT_TRUE(watched) << watched.error().message;
    EXPECT_THAT(collector.seen(), ElementsAre("added a", "deleted a"));
  });
}

TEST_P(KubeApiContract, AWatchWithASelectorSeesObjectsComeAndGo) {
  Run([this] {
    const std::string version = VersionOf(CreateConfigMap("other", Json::object(), {{"app", "x"}}));
    CreateConfigMap("a", Json::object(), {{"app", "x"}});
    const auto label = [&](const std::string& value) {
      Must(api().MergePatch(ConfigMap("a"), {{"metadata", {{"labels", {{"app", value}}}}}},
                            KubeSubresource::kNone, Soon()));
    };
    label("web");  // comes into view
    Must(
        api().MergePatch(ConfigMap("a"), {{"data", {{"k", "v"}}}}, KubeSubresource::kNone, Soon()));
    label("x");  // goes out of view
    label("web");
    Collector collector(4);
    const auto watched =
        api().Watch(kube::kConfigMaps, ns_, {"app=web", ""}, version, collector.Handler(), Soon());
    EXPECT_TRUE(watched) << watched.error().message;
    EXPECT_THAT(collector.seen(), ElementsAre("added a", "modified a", "deleted a", "added a"));
  });
}

TEST_P(KubeApiContract, AQuietWatchEndsByItsDeadline) {
  Run([this] {
    const auto list = api().List(kube::kRollouts, ns_, {}, Soon());
    ASSERT_TRUE(list) << list.error().message;
    Collector collector(1);
    const Instant begin = runtime().Now();
    const auto watched = api().Watch(kube::kRollouts, ns_, {}, list->resource_version,
                                     collector.Handler(), In(1500ms));
    // The server's end and the deadline are close to each other: either may come first.
    if (!watched) {
      EXPECT_EQ(watched.error().code, ErrorCode::kDeadlineExceeded);
    }
    EXPECT_LT(runtime().Now() - begin, 10s);
    EXPECT_TRUE(collector.seen().empty());
  });
}

TEST_P(KubeApiContract, AStopRequestEndsAQuietWatch) {
  Run([this] {
    const auto list = api().List(kube::kRollouts, ns_, {}, Soon());
    ASSERT_TRUE(list) << list.error().message;
    std::stop_source stop;
    const auto stopper = runtime().Spawn("stopper", [&] {
      runtime().Sleep(In(200ms));
      stop.request_stop();
    });
    Collector collector(1);
    const Instant begin = runtime().Now();
    EXPECT_EQ(CodeOf(api().Watch(kube::kRollouts, ns_, {}, list->resource_version,
                                 collector.Handler(), {In(60s).at, stop.get_token()})),
              ErrorCode::kCancelled);
    EXPECT_LT(runtime().Now() - begin, 10s);
  });
}

TEST_P(KubeApiContract, AWatchFromAVersionThatIsTooOldIsGone) {
  Run([this] {
    Collector collector(1);
    EXPECT_EQ(CodeOf(api().Watch(kube::kRollouts, ns_, {}, "1", collector.Handler(), Soon())),
              ErrorCode::kGone);
    EXPECT_TRUE(collector.seen().empty());
  });
}

// Forgets the place of the first watch.
class Forgetful : public KubeApi {
 public:
  explicit Forgetful(KubeApi& api) : api_(api) {}

  Result<void> Watch(const KubeResource& resource, const std::string& ns,
                     const KubeSelector& selector, const std::string& version,
                     const KubeEventHandler& handler, const Deadline& deadline) override {
    return api_.Watch(resource, ns, selector, watches_++ == 0 ? "1" : version, handler, deadline);
  }
  Result<Json> Get(const KubeRef& ref, const Deadline& deadline) override {
    return api_.Get(ref, deadline);
  }
  Result<KubeList> List(const KubeResource& resource, const std::string& ns,
                        const KubeSelector& selector, const Deadline& deadline) override {
    return api_.List(resource, ns, selector, deadline);
  }
  Result<Json> Create(const KubeResource& resource, const std::string& ns, const Json& object,
                      const Deadline& deadline) override {
    return api_.Create(resource, ns, object, deadline);
  }
  Result<Json> MergePatch(const KubeRef& ref, const Json& patch, KubeSubresource subresource,
                          const Deadline& deadline) override {
    return api_.MergePatch(ref, patch, subresource, deadline);
  }
  Result<Json> Apply(const KubeRef& ref, const Json& object, const std::string& manager,
                     Force force, KubeSubresource subresource, const Deadline& deadline) override {
    return api_.Apply(ref, object, manager, force, subresource, deadline);
  }
  Result<void> Delete(const KubeRef& ref, const Deadline& deadline) override {
    return api_.Delete(ref, deadline);
  }

 private:
  KubeApi& api_;
  int watches_ = 0;
};

TEST_P(KubeApiContract, WatchObjectsListsAgainWhenItsPlaceIsGone) {
  Run([this] {
    CreateRollout("a");
    Forgetful api_with_gap(api());
    std::stop_source stop;
    std::vector<std::string> log;
    WatchHandlers handlers;
    handlers.on_snapshot = [&](const KubeList& list) {
      log.push_back("snapshot of " + std::to_string(list.items.size()));
      if (log.size() == 2) CreateRollout("b");
    };
    handlers.on_event = [&](const KubeEvent& event) {
      log.push_back("event of " + NameOf(event.object));
      stop.request_stop();
    };
    const Error ended = WatchObjects(api_with_gap, runtime(), kube::kRollouts, ns_, {}, handlers,
                                     {In(20s).at, stop.get_token()});
    EXPECT_EQ(ended.code, ErrorCode::kCancelled) << ended.message;
    EXPECT_THAT(log, ElementsAre("snapshot of 1", "snapshot of 1", "event of b"));
  });
}

}  // namespace
}  // namespace gate
