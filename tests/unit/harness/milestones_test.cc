#include "harness/fidelity/milestones.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/fidelity/trace_files.h"
#include "harness/scenario/vocabulary.h"

namespace drill {
namespace {

using gate::Json;
using reports::TraceEntry;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TraceEntry At(gate::Nanos at, const std::string& name, Json fields = Json::object()) {
  return {name, at, {}, gate::Nanos(0), std::move(fields)};
}
TraceEntry KubeEvent(gate::Nanos at, const std::string& kind, const std::string& reason,
                     const std::string& message) {
  return At(at, "event",
            {{"kind", kind},
             {"name", "demo"},
             {"reason", reason},
             {"type", "Normal"},
             {"message", message}});
}

MilestoneTrace Extract(std::vector<TraceEntry> timeline) {
  reports::RunResult run;
  run.backend = "kind";
  run.facts = {{"argoRollouts", {{"image", "argo-rollouts:v1.10.1"}}}};
  reports::ScenarioResult scenario;
  scenario.id = "FID-101";
  scenario.sha256 = "abc";
  scenario.timeline = std::move(timeline);
  return ExtractMilestones(run, scenario);
}

std::vector<std::string> Lines(const MilestoneTrace& trace) {
  std::vector<std::string> lines;
  for (const Milestone& each : trace.milestones) {
    lines.push_back(each.event + " " + each.fields.dump());
  }
  return lines;
}

TEST(MilestonesTest, SaysWhatWasPlayedWhere) {
  const auto trace = Extract({});
  EXPECT_EQ(trace.scenario, "FID-101");
  EXPECT_EQ(trace.sha256, "abc");
  EXPECT_EQ(trace.backend, "kind");
  EXPECT_EQ(trace.controller, "argo-rollouts:v1.10.1");
}

TEST(MilestonesTest, BeginsWithTheDeployment) {
  const auto trace = Extract({At(seconds(1), "restored"), At(seconds(2), "deployed"),
                              At(milliseconds(2'260), "restored")});
  EXPECT_THAT(Lines(trace), ElementsAre("deployed {}", "restored {}"));
  EXPECT_EQ(trace.milestones[0].at, gate::Nanos(0));
  EXPECT_EQ(trace.milestones[1].at, milliseconds(300));  // to a tenth
}

TEST(MilestonesTest, WithoutADeploymentThereAreNone) {
  EXPECT_THAT(Lines(Extract({At(seconds(1), "restored")})), IsEmpty());
}

TEST(MilestonesTest, KeepsWhatArgoDidAndLeavesWhatOthersDid) {
  const auto trace =
      Extract({At(seconds(1), "deployed"), KubeEvent(seconds(2), "Pod", "Pulled", "x"),
               KubeEvent(seconds(2), "Rollout", "EvidenceGatePass", "x"),
               KubeEvent(seconds(2), "Rollout", "RolloutPaused", "x"),
               KubeEvent(seconds(2), "AnalysisRun", "AnalysisRunFailed", "x"),
               At(seconds(2), "audit.chain"), At(seconds(2), "release.seen"),
               At(seconds(2), "mc.request")});
  EXPECT_THAT(Lines(trace), ElementsAre("deployed {}", HasSubstr("RolloutPaused"),
                                        HasSubstr("AnalysisRunFailed")));
}

TEST(MilestonesTest, ReplicaSetsAreNamedByTheirRevisionsAlsoIfTheFirstOneWasMissed) {
  const auto trace = Extract({At(seconds(0), "deployed"),
                              KubeEvent(seconds(1), "Rollout", "NewReplicaSetCreated",
                                        "Created ReplicaSet demo-77899cd687 (revision 2)"),
                              KubeEvent(seconds(2), "Rollout", "ScalingReplicaSet",
                                        "Scaled down ReplicaSet demo-577856b8cf (revision 1)")});
  EXPECT_EQ(trace.milestones[1].fields["message"], "Created ReplicaSet demo-<rs2> (revision 2)");
  EXPECT_EQ(trace.milestones[2].fields["message"],
            "Scaled down ReplicaSet demo-<rs1> (revision 1)");
}

TEST(MilestonesTest, TheNamespaceOfASimulatedStageIsOneOfThem) {
  const auto trace = Extract(
      {At(seconds(0), "deployed"), KubeEvent(seconds(1), "Rollout", "RolloutAddedToInformer",
                                             "added to informer: drill-fid-101/demo")});
  EXPECT_EQ(trace.milestones.back().fields["message"], "added to informer: <ns>/demo");
}

TEST(MilestonesTest, NamesThatARunMadeUpAreTheSameInAll) {
  const auto trace = Extract(
      {KubeEvent(seconds(0), "Rollout", "NewReplicaSetCreated",
                 "Created ReplicaSet demo-577856b8cf (revision 1)"),
       At(seconds(1), "deployed"),
       KubeEvent(seconds(2), "Rollout", "NewReplicaSetCreated",
                 "Created ReplicaSet demo-77899cd687 (revision 2)"),
       KubeEvent(seconds(2), "Rollout", "NewReplicaSetCreated",
                 "Created ReplicaSet demo-77899cd687 (revision 4)"),
       At(seconds(3), "analysisrun.phase",
          {{"name", "demo-77899cd687-2-1"},
           {"message", "82c31524-f762-43b3-abf8-cffcfca37974 in drill-gate-012-87b66452/demo"}})});
  EXPECT_EQ(trace.milestones.back().fields,
            Json({{"name", "demo-<rs2>-2-1"}, {"message", "<uid> in <ns>/demo"}}));
  EXPECT_THAT(trace.milestones[2].fields["message"], "Created ReplicaSet demo-<rs2> (revision 4)");
}

TEST(MilestonesTest, NamesOfPodsOfJobsAreTheSameInAll) {
  const auto trace = Extract(
      {At(seconds(1), "deployed"),
       At(seconds(2), "rollout.aborted",
          {{"message", "Pod 82c31524-f762-43b3-abf8-cffcfca37974.evidence.1-blmg5, container"}})});
  EXPECT_EQ(trace.milestones[1].fields["message"], "Pod <uid>.evidence.1-<pod>, container");
}

TEST(MilestonesTest, WhatAContainerRuntimeSaysIsLeftOut) {
  const auto trace = Extract(
      {At(seconds(1), "deployed"),
       At(seconds(2), "analysisrun.phase",
          {{"message", "container gate has terminal error (ErrImagePull): failed\nto pull"}})});
  EXPECT_EQ(trace.milestones[1].fields["message"],
            "container gate has terminal error (ErrImagePull): <why>");
}

TEST(MilestonesTest, AnActionIsWhereItBegan) {
  TraceEntry action = At(milliseconds(5'200), "action", {{"do", "abort"}, {"ok", true}});
  action.uncertainty = milliseconds(150);
  const auto trace =
      Extract({At(seconds(1), "deployed"), At(milliseconds(5'100), "rollout.step"), action});
  EXPECT_THAT(Lines(trace),
              ElementsAre(HasSubstr("deployed"), HasSubstr("action"), HasSubstr("rollout.step")));
}

TEST(MilestonesTest, KnowsWhenTheRolloutHadAllTheEventsItCanHave) {
  std::vector<TraceEntry> timeline = {At(seconds(1), "deployed")};
  for (int i = 0; i < 24; ++i) {
    timeline.push_back(KubeEvent(seconds(2), "Rollout", "ScalingReplicaSet", "x"));
  }
  timeline.push_back(KubeEvent(seconds(2), "Rollout", "EvidenceGatePass", "x"));
  timeline.push_back(KubeEvent(seconds(2), "AnalysisRun", "AnalysisRunFailed", "x"));
  EXPECT_FALSE(Extract(timeline).events_cut);
  timeline.insert(timeline.begin(), KubeEvent(seconds(0), "Rollout", "RolloutUpdated", "x"));
  EXPECT_TRUE(Extract(timeline).events_cut);
}

TEST(MilestonesTest, KeepsOnlyFieldsThatTellSomething) {
  const auto trace =
      Extract({At(seconds(1), "deployed"),
               At(seconds(2), "action", {{"do", "abort"}, {"ok", true}, {"detail", "x"}}),
               At(seconds(2), "verdict", {{"stage", "20"}, {"traceId", "x"}, {"message", "x"}})});
  EXPECT_EQ(trace.milestones[1].fields, Json({{"do", "abort"}, {"ok", true}}));
  EXPECT_EQ(trace.milestones[2].fields, Json({{"stage", "20"}}));
}

// --- Files --------------------------------------------------------------------------------------

MilestoneTrace ATrace() {
  return {"FID-101",
          "abc",
          "kind",
          "argo:1",
          true,
          {{milliseconds(0), "deployed", {{"release", "shop-1.5.0"}}},
           {milliseconds(12'300), "rollout.step", {{"index", 1}, {"weight", 20}}},
           {seconds(130), "action", {{"do", "abort"}, {"ok", true}}}}};
}

TEST(TraceFilesTest, ATraceIsReadAsItWasWritten) {
  const std::string text = ToJsonLines(ATrace());
  EXPECT_THAT(text,
              HasSubstr("{\"event\":\"rollout.step\",\"index\":1,\"t\":\"12.3\",\"weight\":20}\n"));
  const auto trace = ParseTrace(text, "t.jsonl");
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->scenario, "FID-101");
  EXPECT_EQ(trace->sha256, "abc");
  EXPECT_EQ(trace->backend, "kind");
  EXPECT_EQ(trace->controller, "argo:1");
  EXPECT_TRUE(trace->events_cut);
  EXPECT_EQ(trace->milestones, ATrace().milestones);
}

TEST(TraceFilesTest, SaysWhichLineIsWrong) {
  const std::string head = ToJsonLines({"FID-101", "abc", "kind", "argo:1", false, {}});
  const auto mistake = [](const std::string& text) {
    const auto trace = ParseTrace(text, "t.jsonl");
    return trace ? "" : trace.error().message;
  };
  EXPECT_EQ(mistake(""), "t.jsonl:1: is empty");
  EXPECT_EQ(mistake("x\n"), "t.jsonl:1: is no JSON object");
  EXPECT_EQ(mistake("{}\n"), "t.jsonl:1: \"format\" is not a text");
  EXPECT_EQ(mistake(head + "{\"event\":\"x\",\"t\":\"soon\"}\n"),
            "t.jsonl:2: \"t\" is not a number of seconds");
  EXPECT_EQ(mistake(head + "{\"event\":\"x\",\"t\":\"1.0\",\"y\":[]}\n"),
            "t.jsonl:2: \"y\" is not flat");
  EXPECT_EQ(mistake(head), "");
}

TEST(TraceFilesTest, AFolderOfTracesIsReadInOrder) {
  const std::string folder = testing::TempDir() + "drill_trace_files";
  MilestoneTrace other = ATrace();
  other.scenario = "FID-050";
  ASSERT_TRUE(WriteTraces(folder, {ATrace(), other}));
  const auto traces = LoadTraces(folder);
  ASSERT_TRUE(traces) << traces.error().message;
  ASSERT_EQ(traces->size(), 2U);
  EXPECT_EQ((*traces)[0].scenario, "FID-050");
  EXPECT_EQ((*traces)[1].milestones, ATrace().milestones);
}

TEST(TraceFilesTest, AFolderWithoutTracesIsAMistake) {
  const std::string folder = testing::TempDir() + "drill_no_trace_files";
  ASSERT_TRUE(WriteTraces(folder, {}));
  const auto traces = LoadTraces(folder);
  ASSERT_FALSE(traces);
  EXPECT_EQ(traces.error().code, gate::ErrorCode::kNotFound);
  EXPECT_FALSE(LoadTraces(folder + "/none"));
}

}  // namespace
}  // namespace drill
