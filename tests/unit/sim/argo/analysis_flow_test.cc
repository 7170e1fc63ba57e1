#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stage.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The gate's run and Job at 20 %.
Json RunOf(const Stage& stage, const std::string& suffix) {
  for (const ObjectPtr& object : stage.server.List(Type::kAnalysisRun, "shop")) {
    const std::string& name = object->meta.name;
    if (name.size() > suffix.size() &&
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0) {
      return ToJson(*object);
    }
  }
  return Json();
}

TEST(AnalysisFlowTest, TheRunAndItsJobAreMadeAsByTheController) {  // argo R28, R29, R49
  Stage stage;
  stage.job_ends = {{std::nullopt, true}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.jobs_created == 1; });
  stage.RunFor(seconds(1));
  const Json run = RunOf(stage, "-2-1");
  const std::string hash = stage.Status("/currentPodHash");
  EXPECT_EQ(run["metadata"]["name"], "demo-" + hash + "-2-1");
  EXPECT_EQ(run["metadata"]["labels"], (Json{{"app", "demo"},
                                             {"rollout-type", "Step"},
                                             {"rollouts-pod-template-hash", hash},
                                             {"step-index", "1"}}));
  EXPECT_EQ(run["metadata"]["annotations"]["rollout.argoproj.io/revision"], "2");
  EXPECT_EQ(run["metadata"]["ownerReferences"][0]["kind"], "Rollout");
  EXPECT_EQ(run["spec"]["args"][0], (Json{{"name", "release-id"}, {"value", "v2"}}));

  const ObjectPtr job = stage.server.List(Type::kJob, "shop").at(0);
  const std::string uid = run["metadata"]["uid"];
  EXPECT_EQ(job->meta.name, uid + ".evidence.1");
  EXPECT_EQ(job->meta.Label("analysisrun.argoproj.io/uid"), uid);
  EXPECT_EQ(job->meta.Annotation("analysisrun.argoproj.io/metric-name"), "evidence");
  EXPECT_EQ(job->meta.Controller()->kind, "AnalysisRun");
  EXPECT_EQ(SpecOf(*job)["template"]["spec"]["containers"][0]["args"][0], "--release=v2");
  EXPECT_EQ(SpecOf(*job)["template"]["metadata"]["labels"]["analysisrun.argoproj.io/uid"], uid);
  const Json& measurement = run["status"]["metricResults"][0]["measurements"][0];
  EXPECT_EQ(measurement["metadata"]["job-name"], job->meta.name);
  EXPECT_EQ(measurement["phase"], "Running");
}

TEST(AnalysisFlowTest, AnAbsentLabelIsAnEmptyText) {  // argo R30
  Stage stage;
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.Patch(Type::kRollout, "demo", {{"metadata", {{"labels", nullptr}}}});
  stage.RunUntil([&] { return stage.jobs_created == 1; });
  const ObjectPtr job = stage.server.List(Type::kJob, "shop").at(0);
  EXPECT_EQ(SpecOf(*job)["template"]["spec"]["containers"][0]["args"][0], "--release=");
}

// How long after the end of the Job the run ends.
gate::Nanos Delay(ArgoVersion version, gate::Nanos job_time) {
  Stage stage({.version = version});
  stage.job_ends = {{job_time, true}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.jobs_created == 1; });
  const gate::Instant end = stage.world.Now() + job_time;
  stage.RunUntil([&] { return stage.Runs()["2-1"] == "Successful"; });
  return stage.world.Now() - end;
}

TEST(AnalysisFlowTest, In1_10TheEndOfAJobIsSeenByPolling) {  // argo R52
  EXPECT_LE(Delay(ArgoVersion::k1_9, seconds(140)), milliseconds(50));
  gate::Nanos latest(0);
  for (int at = 140; at < 158; at += 3) {
    latest = std::max(latest, Delay(ArgoVersion::k1_10, seconds(at)));
  }
  EXPECT_GE(latest, seconds(13));  // the polls around are 17 s apart, and the Jobs end 3 s apart
  EXPECT_LE(latest, seconds(18));
}

TEST(AnalysisFlowTest, AnImageThatCannotBePulledIsInconclusiveIn1_10) {  // argo R53
  Stage stage;
  stage.job_ends = {{std::nullopt, true}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.jobs_created == 1; });
  const ObjectPtr job = stage.server.List(Type::kJob, "shop").at(0);
  Object pod{Type::kPod, {}, nullptr, nullptr, nullptr};
  pod.meta.ns = "shop";
  pod.meta.name = "gate-pod";
  pod.meta.labels["analysisrun.argoproj.io/uid"] = job->meta.Label("analysisrun.argoproj.io/uid");
  pod.meta.owners.push_back({"batch/v1", "Job", job->meta.name, job->meta.uid, true});
  ASSERT_TRUE(stage.server.Create("kubelet", pod));
  stage.Patch(Type::kPod, "gate-pod",
              {{"status",
                {{"containerStatuses",
                  {{{"name", "gate"},
                    {"state", {{"waiting", {{"reason", "ErrImagePull"}, {"message", "no"}}}}}}}}}}},
              WritePart::kStatus);
  stage.RunUntil([&] { return stage.Phase() == "Paused: InconclusiveAnalysisRun"; });
  EXPECT_EQ(RunOf(stage, "-2-1")["status"]["message"],
            "Metric \"evidence\" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit "
            "(0): \"Error Message: Pod gate-pod, container gate has terminal error (ErrImagePull): "
            "no\n\"");
}

TEST(AnalysisFlowTest, TerminatingTheRunPausesIn1_10AndPassesIn1_9) {  // argo R38, R53
  for (const ArgoVersion version : {ArgoVersion::k1_9, ArgoVersion::k1_10}) {
    Stage stage({.version = version});
    stage.job_ends = {{std::nullopt, true}};
    stage.DeployFirst(5, Stage::GatedCanary());
    stage.Release("v2");
    stage.RunUntil([&] { return stage.jobs_created == 1; });
    stage.RunFor(seconds(2));
    stage.Patch(Type::kAnalysisRun, RunOf(stage, "-2-1")["metadata"]["name"],
                {{"spec", {{"terminate", true}}}});
    stage.RunUntil([&] {
      return version == ArgoVersion::k1_10 ? stage.Phase() == "Paused: InconclusiveAnalysisRun"
                                           : stage.Step() == 2;
    });
    const Json measurement = RunOf(stage, "-2-1")["status"]["metricResults"][0]["measurements"][0];
    EXPECT_EQ(measurement["message"], "Metric Terminated");
  }
}

TEST(AnalysisFlowTest, ClearingAnInconclusivePauseMeasuresAgain) {  // argo R25, R71
  Stage stage;
  stage.job_ends = {{std::nullopt, true}, {seconds(5), true}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.jobs_created == 1; });
  stage.RunFor(seconds(2));
  stage.Patch(Type::kAnalysisRun, RunOf(stage, "-2-1")["metadata"]["name"],
              {{"spec", {{"terminate", true}}}});
  stage.RunUntil([&] { return stage.Phase() == "Paused: InconclusiveAnalysisRun"; });
  stage.RunFor(std::chrono::minutes(20));  // nobody else ends it
  EXPECT_EQ(stage.Phase(), "Paused: InconclusiveAnalysisRun");
  stage.Patch(Type::kRollout, "demo", {{"status", {{"pauseConditions", nullptr}}}},
              WritePart::kStatus);
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  EXPECT_EQ(stage.Runs(),
            (std::map<std::string, std::string>{
                {"2-1", "Inconclusive"}, {"2-1.1", "Successful"}, {"2-3", "Successful"}}));
}

TEST(AnalysisFlowTest, PromotingAnInconclusiveGateSkipsIt) {  // argo R72
  Stage stage;
  stage.job_ends = {{std::nullopt, true}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.jobs_created == 1; });
  stage.RunFor(seconds(2));
  // While the gate runs: the index is moved on.
  stage.Patch(Type::kRollout, "demo", {{"status", {{"currentStepIndex", 2}}}}, WritePart::kStatus);
  stage.RunUntil([&] { return stage.Step() == 3; });
  EXPECT_EQ(stage.Runs()["2-1"], "Inconclusive");
  EXPECT_EQ(stage.Status("/abort"), "");
}

TEST(AnalysisFlowTest, AMissingTemplateIsAnInvalidSpecUntilItIsThere) {  // argo R31
  Stage stage;
  stage.Create(stage.Demo(5, Stage::GatedCanary()));
  stage.argo.Start();
  stage.RunUntil([&] { return stage.Status("/phase") == "Degraded"; });
  EXPECT_EQ(stage.Status("/message"),
            "InvalidSpec: The Rollout \"demo\" is invalid: "
            "spec.strategy.canary.steps[1].analysis.templates: Invalid value: \"gate\": "
            "AnalysisTemplate 'gate' not found");
  EXPECT_EQ(stage.SetOf("v1").spec, -1);
  stage.RunFor(seconds(30));
  stage.Create(stage.GateTemplate());
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
}

TEST(AnalysisFlowTest, AMissingSecretAborts) {  // argo R44
  Stage stage;
  Json gate = stage.GateTemplate();
  gate["spec"]["args"].push_back(
      {{"name", "token"}, {"valueFrom", {{"secretKeyRef", {{"name", "mc"}, {"key", "token"}}}}}});
  stage.Create(gate);
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Status("/abort") == "true"; });
  EXPECT_EQ(RunOf(stage, "-2-1")["status"]["message"],
            "Unable to resolve metric arguments: secrets \"mc\" not found");
  EXPECT_FALSE(RunOf(stage, "-2-1")["status"].contains("completedAt"));
  EXPECT_EQ(stage.jobs_created, 0);
}

TEST(AnalysisFlowTest, ASecretEndsUpInTheJob) {  // argo R45
  Stage stage;
  Json gate = stage.GateTemplate();
  gate["spec"]["args"].push_back(
      {{"name", "token"}, {"valueFrom", {{"secretKeyRef", {{"name", "mc"}, {"key", "token"}}}}}});
  gate["spec"]["metrics"][0]["provider"]["job"]["spec"]["template"]["spec"]["containers"][0]
      ["args"] = {"{{args.token}}"};
  stage.Create(gate);
  stage.Create({{"apiVersion", "v1"},
                {"kind", "Secret"},
                {"metadata", {{"name", "mc"}, {"namespace", "shop"}}},
                {"data", {{"token", "aGVsbG8="}}}});
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.jobs_created == 1; });
  const ObjectPtr job = stage.server.List(Type::kJob, "shop").at(0);
  EXPECT_EQ(SpecOf(*job)["template"]["spec"]["containers"][0]["args"][0], "hello");
}

TEST(AnalysisFlowTest, ADryRunMetricFailsWithoutConsequence) {  // argo R40
  Stage stage;
  Json gate = stage.GateTemplate();
  gate["spec"]["dryRun"] = {{{"metricName", "evidence"}}};
  stage.Create(gate);
  stage.job_ends = {{seconds(5), false}};
  stage.DeployFirst(5, Stage::GatedCanary());
  stage.Release("v2");
  stage.RunUntil([&] { return stage.Phase() == "Healthy"; });
  const Json status = RunOf(stage, "-2-1")["status"];
  EXPECT_EQ(status["phase"], "Successful");
  EXPECT_EQ(status["dryRunSummary"], (Json{{"count", 1}, {"failed", 1}}));
}

TEST(AnalysisFlowTest, OldRunsAreDeleted) {  // argo R32
  Stage stage;
  stage.job_ends = {{seconds(1), false}};
  stage.DeployFirst(2, Stage::GatedCanary());
  stage.Release("v2");
  for (int i = 0; i < 8; ++i) {
    stage.RunUntil([&] { return stage.Status("/abort") == "true" && stage.SetOf("v2").spec == 0; });
    stage.RunFor(seconds(3));
    stage.Patch(Type::kRollout, "demo", {{"status", {{"abort", false}}}}, WritePart::kStatus);
    stage.RunUntil([&] { return stage.Status("/abort").empty(); });
  }
  stage.RunUntil([&] { return stage.Status("/abort") == "true"; });
  stage.RunFor(seconds(3));
  EXPECT_LE(stage.Runs().size(), 6U);  // five old ones, and the present one
  EXPECT_GE(stage.Runs().size(), 5U);
}

}  // namespace
}  // namespace drill::sim
