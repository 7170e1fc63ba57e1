#include "gate/service/late_annotations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/baton_runtime.h"
#include "tests/support/memory_kube.h"
#include "tests/unit/evaluate/gate_bench.h"

namespace gate::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LateAnnotationsTest : public ::testing::Test {
 protected:
  LateAnnotationsTest() { annotations_.emplace(kube_, runtime_, log_); }

  void Add(const std::string& run) {
    kube_.Put({kube::kAnalysisRuns, "shop", run}, {{"kind", "AnalysisRun"}});
    annotations_->Add("shop", run, {{"verdict", "pass"}});
  }
  void Pass(Nanos time) { (void)runtime_.Sleep({runtime_.Now() + time, {}}); }
  // The runs that are annotated, in the order in which they were.
  std::vector<std::string> Annotated() const {
    std::vector<std::string> runs;
    for (const MemoryKube::Call& call : kube_.calls) {
      if (call.verb == "patch") runs.push_back(call.what);
    }
    return runs;
  }

  test_support::BatonRuntime runtime_;
  MemoryKube kube_;
  evaluate::LinesInMemory lines_;
  Log log_{lines_, runtime_, LogFormat::kJson};
  std::optional<LateAnnotations> annotations_;
};

TEST_F(LateAnnotationsTest, AreWrittenAWhileAfterTheVerdict) {
  Add("a");
  Pass(LateAnnotations::kDelay - milliseconds(1));
  EXPECT_THAT(Annotated(), IsEmpty());
  Pass(milliseconds(2));
  EXPECT_THAT(Annotated(), ElementsAre("analysisruns/a"));
  const auto run = kube_.Find({kube::kAnalysisRuns, "shop", "a"});
  EXPECT_EQ(run->at("metadata").at("annotations").at("rollout-gate/verdict"), "pass");
}

TEST_F(LateAnnotationsTest, EachIsWrittenAtItsOwnTimeAlsoAfterAPause) {
  Add("a");
  Pass(seconds(1));
  Add("b");
  Pass(milliseconds(1500));
  EXPECT_THAT(Annotated(), ElementsAre("analysisruns/a"));
  Pass(seconds(60));
  Add("c");
  Pass(seconds(3));
  EXPECT_THAT(Annotated(), ElementsAre("analysisruns/a", "analysisruns/b", "analysisruns/c"));
}

// Argo may still be measuring when the gate is asked to end.
TEST_F(LateAnnotationsTest, WhatWaitsIsWrittenBeforeTheEndAndNotTooSoon) {
  Add("a");
  Add("b");
  const Instant before = runtime_.Now();
  annotations_.reset();
  EXPECT_THAT(Annotated(), ElementsAre("analysisruns/a", "analysisruns/b"));
  EXPECT_GE(runtime_.Now() - before, LateAnnotations::kDelay);
  EXPECT_LT(runtime_.Now() - before, LateAnnotations::kDelay + seconds(1));
}

TEST_F(LateAnnotationsTest, WhatCannotBeWrittenIsLoggedAndHoldsUpNothing) {
  annotations_->Add("shop", "gone", {{"verdict", "pass"}});
  Add("b");
  Pass(seconds(3));
  EXPECT_THAT(lines_.lines, ElementsAre(HasSubstr("AnalysisRun not annotated")));
  EXPECT_EQ(Annotated().back(), "analysisruns/b");
}

TEST_F(LateAnnotationsTest, OfTooManyTheOldestAreDropped) {
  for (std::size_t i = 0; i <= LateAnnotations::kMostWaiting; ++i) Add(std::to_string(i));
  Pass(seconds(3));
  EXPECT_THAT(Annotated(), SizeIs(LateAnnotations::kMostWaiting));
  EXPECT_EQ(Annotated().front(), "analysisruns/1");
}

}  // namespace
}  // namespace gate::service
