#include "gate/watch/rollout_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>

#include "gate/record/status_store.h"
#include "harness/sim/kube/sim_kube.h"
#include "harness/sim/world/fiber.h"
#include "harness/sim/world/sim_runtime.h"
#include "tests/unit/sim/argo/stage.h"

// The watch beside a simulated Argo Rollouts.
namespace gate::watch {
namespace {

using drill::sim::ApiWeather;
using drill::sim::Process;
using drill::sim::SimKube;
using drill::sim::SimRuntime;
using drill::sim::Stage;
using drill::sim::Type;
using drill::sim::WritePart;
using notify::NoticeKind;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NoLines : public LineSink {
 public:
  void Write(std::string_view /*line*/) override {}
};

// Remembers what it was asked to do, in words.
class Deeds : public WatchActions {
 public:
  Result<void> Tell(const std::vector<notify::Notice>& notices, const Deadline&) override {
    if (mute) return Error{ErrorCode::kUnavailable, "nobody can be told"};
    const std::string rollout = notices.empty() ? "" : notices.front().rollout;
    if (const auto takes = slow.find(rollout); takes != slow.end()) takes->second();
    for (const notify::Notice& notice : notices) {
      // As the outbox does: the same fact is told once.
      const std::string key = notify::DedupKey(notice);
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      keys.push_back(key);
      told.push_back(notice);
    }
    return {};
  }
  Result<void> FallBack(const RolloutFacts&, const Rollback&, const Deadline&) override {
    ++fallbacks;
    return {};
  }
  void OnRolledBack(const RolloutFacts&, const Rollback&, Nanos took) override {
    rolled_back.push_back(took);
  }
  void OnBypassed(const RolloutFacts&) override { ++bypasses; }
  void OnLate(const RolloutFacts&, notify::LateStep step) override { late.push_back(step); }
  void OnPaused(std::size_t count) override { paused = count; }

  std::vector<std::string> Kinds() const {
    std::vector<std::string> kinds;
    for (const notify::Notice& notice : told) {
      std::string kind(notify::ToString(notice.kind));
      if (notice.late != notify::LateStep::kNone) {
        kind += " " + std::string(notify::ToString(notice.late));
      }
      kinds.push_back(kind);
    }
    return kinds;
  }

  std::vector<std::string> Rollouts() const {
    std::vector<std::string> rollouts;
    for (const notify::Notice& notice : told) rollouts.push_back(notice.rollout);
    return rollouts;
  }

  bool mute = false;
  std::map<std::string, std::function<void()>> slow;  // what telling of a Rollout waits for
  std::vector<std::string> keys;
  std::vector<notify::Notice> told;
  int fallbacks = 0;
  std::vector<Nanos> rolled_back;
  int bypasses = 0;
  std::size_t paused = 0;
  std::vector<notify::LateStep> late;
};

// An MC that says the same to everything, until it is told otherwise.
class FakeMc : public McSource {
 public:
  McSays Ask(const Inquiry& inquiry, const Deadline& /*deadline*/) override {
    asked.push_back(inquiry);
    return says;
  }
  McSays says = McSays::kNothing;
  std::vector<Inquiry> asked;
};

class RolloutWatchTest : public ::testing::Test {
 protected:
  // One process that runs the watch. It is gone when this is.
  struct Watcher {
    Watcher(RolloutWatchTest& test, const std::string& name)
        : process(test.stage_.world, name),
          runtime(process),
          kube(process, test.stage_.server, test.weather_, {}, "watch"),
          log(test.lines_, runtime, LogFormat::kJson),
          watch(test.Options(), kube, runtime, log, test.deeds_, test.mc_, Rng(1)) {
      fiber = test.stage_.world.fibers().Start(process, [this] { watch.Run({}); });
    }
    Process process;
    SimRuntime runtime;
    SimKube kube;
    Log log;
    RolloutWatch watch;
    std::shared_ptr<drill::sim::FiberHandle> fiber;
    ~Watcher() { process.Kill(); }
  };

  virtual WatchOptions Options() {
    return {.environment = "staging",
            .ns = "shop",
            .inquiry = {.while_paused = seconds(15), .while_passed = seconds(10)}};
  }

  RolloutWatchTest() {
    stage_.Create(stage_.GateTemplate());
    stage_.DeployFirst(5, Stage::GatedCanary());
    watcher_ = std::make_unique<Watcher>(*this, "watch-1");
    stage_.RunFor(seconds(1));
  }
  ~RolloutWatchTest() override { watcher_.reset(); }

  // Another process takes over.
  void ChangeLeader() {
    watcher_.reset();
    watcher_ = std::make_unique<Watcher>(*this, "watch-2");
  }

  // What the gate leaves behind for the canary that is there now.
  void Record(const std::string& stage, const std::string& verdict) {
    Record(stage, verdict, verdict == "pass" ? "evidence-true" : "evidence-false");
  }
  void Record(const std::string& stage, const std::string& verdict, const std::string& reason,
              const std::string& rollout = "demo") {
    const Json record = {
        {"kind", "verdict"},
        {"id", "record-" + std::to_string(++records_)},
        {"time", FormatRfc3339(stage_.world.WallNow(), 6)},
        {"release", JsonString(stage_.Get(Type::kRollout, "demo"), "/metadata/labels/release-id")},
        {"stage", stage},
        {"namespace", "shop"},
        {"rollout", rollout},
        {"podHash", stage_.Status("/currentPodHash")},
        {"verdict", verdict},
        {"reason", reason},
        {"message", "because"},
        {"traceId", "t1"},
        {"durationMs", 5}};
    stage_.InProcess("gate", [&](KubeApi& kube, Runtime& runtime) {
      record::StatusStore store(kube, runtime, Rng(2));
      ASSERT_TRUE(store.Append({"shop", rollout}, record, {runtime.Now() + seconds(10), {}}));
    });
  }
  void RunUntilStep(int step) {
    stage_.RunUntil([&] { return stage_.Step() == step; });
  }
  void PatchStatus(const Json& status) {
    stage_.Patch(Type::kRollout, "demo", {{"status", status}}, WritePart::kStatus);
  }
  void RunUntilTold(const std::string& kind) {
    stage_.RunUntil([&] {
      const auto kinds = deeds_.Kinds();
      return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    });
    stage_.RunFor(seconds(1));  // what follows from it is noted and counted
  }

  Stage stage_;
  ApiWeather weather_;
  NoLines lines_;
  Deeds deeds_;
  FakeMc mc_;
  std::unique_ptr<Watcher> watcher_;
  int records_ = 0;
};

TEST_F(RolloutWatchTest, APassAtEveryGateIsToldAndNothingElse) {
  stage_.job_ends = {{seconds(20), true}};
  stage_.Release("v2");
  RunUntilStep(1);
  Record("20", "pass");
  RunUntilStep(3);
  Record("50", "pass");
  stage_.RunUntil([&] { return stage_.Phase() == "Healthy"; });
  stage_.RunFor(minutes(1));
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("passed", "passed"));
  EXPECT_EQ(deeds_.told[0].environment, "staging");
  EXPECT_EQ(deeds_.bypasses, 0);
}

TEST_F(RolloutWatchTest, ARefusalIsToldAndItsRollbackMeasured) {
  stage_.job_ends = {{seconds(5), false}};
  stage_.Release("v2");
  RunUntilStep(1);
  Record("20", "fail");
  RunUntilTold("rolled-back");
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("failed", "rolled-back"));
  ASSERT_EQ(deeds_.rolled_back.size(), 1U);
  EXPECT_GT(deeds_.rolled_back[0], seconds(1));
  EXPECT_LT(deeds_.rolled_back[0], seconds(60));
  EXPECT_EQ(deeds_.told[1].stage, "20");
  EXPECT_EQ(deeds_.told[1].trace_id, "t1");
  EXPECT_EQ(stage_.SetOf("v1").available, 5);
  stage_.RunFor(minutes(30));
  EXPECT_EQ(deeds_.told.size(), 2U) << "told again";
}

TEST_F(RolloutWatchTest, AnAbortByHandIsFollowedToo) {
  stage_.job_ends = {{std::nullopt, true}};
  stage_.Release("v2");
  RunUntilStep(1);
  PatchStatus({{"abort", true}});
  RunUntilTold("rolled-back");
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("rolled-back"));
}

TEST_F(RolloutWatchTest, ARefusalThatArgoNeverHeardOfIsEnforced) {
  stage_.job_ends = {{std::nullopt, true}};  // its Job says nothing
  stage_.Release("v2");
  RunUntilStep(1);
  Record("20", "fail");
  RunUntilTold("rolled-back");
  EXPECT_EQ(stage_.Status("/abort"), "true");
  ASSERT_EQ(deeds_.rolled_back.size(), 1U);
  EXPECT_GE(deeds_.rolled_back[0], seconds(30));
  EXPECT_LT(deeds_.rolled_back[0], seconds(60));
}

TEST_F(RolloutWatchTest, ARollbackThatDoesNotComeIsToldHelpedAndPaged) {
  stage_.job_ends = {{seconds(5), false}};
  stage_.Release("v2");
  RunUntilStep(1);
  stage_.broken_version = "v1";  // new pods of the stable version never become available
  Record("20", "fail");
  RunUntilTold("rollback-late page");
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("failed", "rollback-late warn", "rollback-late fallback",
                                          "rollback-late page"));
  EXPECT_THAT(deeds_.late, ElementsAre(notify::LateStep::kWarn, notify::LateStep::kFallback,
                                       notify::LateStep::kPage));
  EXPECT_EQ(deeds_.fallbacks, 1);
  EXPECT_THAT(deeds_.rolled_back, IsEmpty());
}

TEST_F(RolloutWatchTest, TheNextLeaderNeitherLosesNorRepeatsAnything) {
  stage_.job_ends = {{seconds(5), false}};
  stage_.Release("v2");
  RunUntilStep(1);
  stage_.broken_version = "v1";
  Record("20", "fail");
  RunUntilTold("rollback-late warn");
  ChangeLeader();
  RunUntilTold("rollback-late fallback");
  ChangeLeader();
  RunUntilTold("rollback-late page");
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("failed", "rollback-late warn", "rollback-late fallback",
                                          "rollback-late page"));
  EXPECT_EQ(deeds_.fallbacks, 1);
}

TEST_F(RolloutWatchTest, WhatHappenedWhileNobodyLedIsFoundOut) {
  stage_.job_ends = {{seconds(5), false}};
  stage_.Release("v2");
  RunUntilStep(1);
  watcher_.reset();
  Record("20", "fail");
  stage_.RunFor(minutes(2));
  ChangeLeader();
  RunUntilTold("rolled-back");
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("failed", "rolled-back"));
}

TEST_F(RolloutWatchTest, APromotionPastTheGateIsToldAsABypass) {
  stage_.job_ends = {{std::nullopt, true}};
  stage_.Release("v2");
  RunUntilStep(1);
  // What `kubectl argo rollouts promote` does (argo R72).
  PatchStatus({{"pauseConditions", nullptr}, {"currentStepIndex", 2}});
  RunUntilTold("bypassed");
  EXPECT_EQ(deeds_.told[0].stage, "20");
  EXPECT_EQ(deeds_.bypasses, 1);
}

TEST_F(RolloutWatchTest, AFullPromotionIsToldAsABypassOfEveryGate) {
  stage_.job_ends = {{std::nullopt, true}};
  stage_.Release("v2");
  RunUntilStep(1);
  PatchStatus({{"promoteFull", true}});
  stage_.RunUntil([&] { return stage_.Phase() == "Healthy"; });
  stage_.RunFor(minutes(1));
  EXPECT_EQ(deeds_.bypasses, 2);
}

TEST_F(RolloutWatchTest, WhatCouldNotBeToldIsToldLater) {
  stage_.job_ends = {{seconds(5), false}};
  deeds_.mute = true;
  stage_.Release("v2");
  RunUntilStep(1);
  Record("20", "fail");
  stage_.RunFor(minutes(1));
  EXPECT_THAT(deeds_.told, IsEmpty());
  deeds_.mute = false;
  RunUntilTold("rolled-back");
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("failed", "rolled-back"));
}

TEST_F(RolloutWatchTest, OneRolloutThatTakesItsTimeKeepsNoOtherWaiting) {
  Json other = stage_.Demo(0, Stage::GatedCanary());
  other["metadata"]["name"] = "other";
  stage_.Create(other);
  stage_.RunFor(seconds(10));
  int at_once = 0;
  int most_at_once = 0;
  deeds_.slow["demo"] = [&] {
    most_at_once = std::max(most_at_once, ++at_once);
    watcher_->runtime.Sleep({watcher_->runtime.Now() + seconds(8), {}});
    --at_once;
  };
  Record("20", "pass");
  stage_.RunFor(seconds(1));
  Record("20", "pass", "evidence-true", "other");
  Record("50", "pass");  // is told when the first look is over
  stage_.RunFor(seconds(3));
  EXPECT_THAT(deeds_.Rollouts(), ElementsAre("other"));
  stage_.RunFor(seconds(20));
  EXPECT_THAT(deeds_.Rollouts(), ElementsAre("other", "demo", "demo"));
  EXPECT_EQ(most_at_once, 1);
}

TEST_F(RolloutWatchTest, ThatMcAnswersAgainIsToldOnceWhoeverLeads) {
  stage_.job_ends = {{std::nullopt, true}};
  stage_.Release("v2");
  RunUntilStep(1);
  Record("20", "inconclusive", "timeout");
  PatchStatus({{"pauseConditions",
                Json::array({{{"reason", "InconclusiveAnalysisRun"},
                              {"startTime", FormatRfc3339(stage_.world.WallNow(), 0)}}})}});
  stage_.RunFor(minutes(1));
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("paused"));
  EXPECT_EQ(deeds_.paused, 1U);
  EXPECT_GE(mc_.asked.size(), 3U);  // 12 to 18 s apart
  EXPECT_LE(mc_.asked.size(), 5U);
  ChangeLeader();
  mc_.says = McSays::kNo;  // an answer is an answer
  RunUntilTold("resumable");
  const std::size_t asked = mc_.asked.size();
  ChangeLeader();
  stage_.RunFor(minutes(5));
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("paused", "resumable"));
  EXPECT_EQ(mc_.asked.size(), asked);
  EXPECT_EQ(stage_.Step(), 1);
}

TEST_F(RolloutWatchTest, WhatMcTakesBackIsAbortedAtOnce) {
  stage_.job_ends = {{seconds(2), true}, {std::nullopt, true}};
  stage_.Release("v2");
  RunUntilStep(1);
  Record("20", "pass");
  RunUntilStep(3);
  mc_.says = McSays::kYes;
  stage_.RunFor(seconds(30));
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("passed"));
  Record("20", "fail", "evidence-withdrawn");  // as the source does before it answers
  mc_.says = McSays::kNo;
  RunUntilTold("withdrawn");
  EXPECT_EQ(stage_.Status("/abort"), "true");
  RunUntilTold("rolled-back");
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("passed", "withdrawn", "rolled-back"));
  EXPECT_LT(deeds_.rolled_back.at(0), seconds(30));
  const std::size_t asked = mc_.asked.size();
  stage_.RunFor(minutes(1));
  EXPECT_EQ(mc_.asked.size(), asked);
}

TEST_F(RolloutWatchTest, WithoutAnAnswerWhatHasPassedGoesOn) {
  stage_.job_ends = {{seconds(2), true}, {std::nullopt, true}};
  stage_.Release("v2");
  RunUntilStep(1);
  Record("20", "pass");
  RunUntilStep(3);
  stage_.RunFor(minutes(1));
  EXPECT_GE(mc_.asked.size(), 4U);
  EXPECT_THAT(deeds_.Kinds(), ElementsAre("passed"));
  EXPECT_NE(stage_.Status("/abort"), "true");
}

}  // namespace
}  // namespace gate::watch
