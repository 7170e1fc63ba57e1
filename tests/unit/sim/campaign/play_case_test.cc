#include "harness/sim/campaign/play_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "gate/adapters/system_runtime.h"
#include "harness/sim/campaign/case_file.h"
#include "tests/unit/sim/campaign/worlds.h"

namespace drill::sim {
namespace {

using namespace std::chrono_literals;

bool Reached(const CaseResult& result, Mark mark) {
  return result.marks.at(static_cast<std::size_t>(mark));
}

std::uint64_t Evaluated(const CaseResult& result, Invariant invariant) {
  return result.evaluated.at(static_cast<std::size_t>(invariant));
}

std::string Why(const CaseResult& result) {
  return result.violation ? result.violation->detail : result.trouble;
}

TEST(PlayCaseTest, AGoodReleaseIsPromoted) {
  const CaseResult result = Play(PlainCase(McAnswer::kGood, McAnswer::kGood));
  EXPECT_TRUE(result.passed()) << Why(result);
  EXPECT_TRUE(Reached(result, Mark::kPromoted));
  EXPECT_FALSE(Reached(result, Mark::kAborted));
  EXPECT_GE(Evaluated(result, Invariant::kGateHolds), 2U);
  EXPECT_EQ(Evaluated(result, Invariant::kPassIsProven), 2U);
  EXPECT_GT(Evaluated(result, Invariant::kAvailability), 5U);
}

TEST(PlayCaseTest, ARefusedReleaseIsRolledBack) {
  const CaseResult result = Play(PlainCase(McAnswer::kGood, McAnswer::kRefused));
  EXPECT_TRUE(result.passed()) << Why(result);
  EXPECT_FALSE(Reached(result, Mark::kPromoted));
  EXPECT_TRUE(Reached(result, Mark::kRefused));
  EXPECT_TRUE(Reached(result, Mark::kRestored));
  EXPECT_EQ(Evaluated(result, Invariant::kRefusalRollsBack), 1U);
}

Case AsService(Case one) {
  one.scenario.gate_mode = GateMode::kService;
  return one;
}

TEST(PlayCaseTest, TheGateAsAServiceDoesTheSame) {
  const CaseResult good = Play(AsService(PlainCase(McAnswer::kGood, McAnswer::kGood)));
  EXPECT_TRUE(good.passed()) << Why(good);
  EXPECT_TRUE(Reached(good, Mark::kPromoted));
  EXPECT_EQ(Evaluated(good, Invariant::kPassIsProven), 2U);
  EXPECT_FALSE(Reached(good, Mark::kGateKilled)) << "it runs on";
  const CaseResult refused = Play(AsService(PlainCase(McAnswer::kGood, McAnswer::kRefused)));
  EXPECT_TRUE(refused.passed()) << Why(refused);
  EXPECT_TRUE(Reached(refused, Mark::kRestored));
}

TEST(PlayCaseTest, AsAServiceItPausesWithoutAVerdict) {
  const CaseResult result = Play(AsService(PlainCase(McAnswer::kHangs, McAnswer::kGood)));
  EXPECT_TRUE(result.passed()) << Why(result);
  EXPECT_TRUE(Reached(result, Mark::kInconclusive));
  EXPECT_FALSE(Reached(result, Mark::kPromoted));
  EXPECT_FALSE(Reached(result, Mark::kAborted));
}

TEST(PlayCaseTest, AServiceThatDiesAtACallIsStartedAgain) {
  for (const std::int64_t call : {0, 10, 20, 30}) {
    Case one = AsService(PlainCase(McAnswer::kGood, McAnswer::kGood));
    Fault crash;
    crash.kind = FaultKind::kGateCrash;
    crash.amount = call;
    one.faults = {crash};
    const CaseResult result = Play(one);
    EXPECT_TRUE(result.passed()) << Why(result);
    EXPECT_TRUE(Reached(result, Mark::kGateCrashed)) << call;
    EXPECT_TRUE(Reached(result, Mark::kPromoted)) << call;
  }
}

TEST(PlayCaseTest, TheSameCaseGoesTheSameWay) {
  Case one = GenerateCase(1, 12, nullptr);
  EXPECT_EQ(Play(one).trace, Play(one).trace);
  const std::uint64_t trace = Play(one).trace;
  one.seed += 1;
  EXPECT_NE(Play(one).trace, trace);
}

TEST(PlayCaseTest, ACaseFromAFileGoesTheSameWay) {
  for (const std::uint64_t run : {3U, 12U, 17U}) {
    const Case one = GenerateCase(1, run, nullptr);
    const auto scenario =
        ParseScenario(FormatCase({"a", "t", one, 1, "", std::nullopt}, ""), "case.yaml");
    ASSERT_TRUE(scenario) << scenario.error().message;
    EXPECT_EQ(Play(CaseOf(*scenario)).trace, Play(one).trace) << run;
  }
}

std::vector<std::string> NamesIn(const Trace& trace) {
  std::vector<std::string> names;
  for (const TraceEvent& event : trace) names.push_back(event.name);
  return names;
}

TEST(PlayCaseTest, BeingObservedChangesNothing) {
  ScriptCache scripts;
  for (const std::uint64_t run : {3U, 12U, 17U}) {
    const Case one = GenerateCase(1, run, nullptr);
    const ObservedCase observed = PlayObserved(one, GeneratedWorlds().TemplateFor(0), scripts);
    EXPECT_EQ(observed.result.trace, Play(one).trace) << run;
    EXPECT_TRUE(observed.result.passed()) << Why(observed.result);
  }
}

TEST(PlayCaseTest, TellsWhatAScenariosWatchesWouldHaveSeen) {
  Case one = PlainCase(McAnswer::kGood, McAnswer::kRefused);
  one.faults = {{FaultKind::kArgoDown, 1s, 2s}};
  ScriptCache scripts;
  const ObservedCase observed = PlayObserved(one, GeneratedWorlds().TemplateFor(0), scripts);
  const auto names = NamesIn(observed.trace);
  for (const char* name : {"deployed", "fault", "rollout.step", "mc.request", "verdict", "audit",
                           "rollout.aborted", "restored", "audit.chain"}) {
    EXPECT_THAT(names, testing::Contains(name));
  }
  EXPECT_THAT(names, testing::Not(testing::Contains("broken")));
  EXPECT_EQ(std::count(names.begin(), names.end(), "fault"), 2);
}

TEST(PlayCaseTest, ABrokenInvariantIsTheLastThingSeen) {
  Case one = PlainCase(McAnswer::kGood, McAnswer::kGood);
  one.scenario.canary_image = drill::Deploy::Image::kMissing;
  ScriptCache scripts;
  const ObservedCase observed = PlayObserved(one, GeneratedWorlds().TemplateFor(0), scripts);
  ASSERT_TRUE(observed.result.violation);
  ASSERT_FALSE(observed.trace.empty());
  EXPECT_THAT(NamesIn(observed.trace), testing::Contains("broken").Times(1));
  const auto broken = std::find_if(observed.trace.begin(), observed.trace.end(),
                                   [](const auto& event) { return event.name == "broken"; });
  EXPECT_EQ(broken->fields.at("invariant"), "settles");
}

TEST(PlayCaseTest, AVerdictThatNobodyIsToldOfBreaksAnInvariant) {
  Case one = AsService(PlainCase(McAnswer::kGood, McAnswer::kGood));
  one.scenario.mc_script = McScriptOf(one);
  one.scenario.mc_script["rules"].push_back(
      {{"id", "slack-is-down"}, {"match", {{"path", "/slack/**"}}}, {"status", 500}});
  one.mc.clear();
  const CaseResult result = Play(one);
  ASSERT_TRUE(result.violation);
  EXPECT_EQ(result.violation->invariant, Invariant::kPeopleAreTold);
}

// A question is still under way when Argo Rollouts, which hears of the first refusal late, aborts.
TEST(PlayCaseTest, ARefusalThatIsRecordedAfterTheRollbackNeedsNoOther) {
  const CaseResult result = Play(GenerateCase(1, 4821, nullptr));
  EXPECT_TRUE(result.passed()) << Why(result);
}

// The gate dies before Argo Rollouts hears of its refusal. Asked again MC gives no verdict, so that
// the rollout pauses, until the next leader finds the refusal and aborts.
TEST(PlayCaseTest, ARefusalThatArgoDidNotHearOfRollsBackAPausedRollout) {
  const CaseResult result = Play(GenerateCase(7, 93145, nullptr));
  EXPECT_TRUE(result.passed()) << Why(result);
  EXPECT_TRUE(Reached(result, Mark::kRestored));
}

// The API server does not answer when a leader lists what there is.
TEST(PlayCaseTest, PeopleAreToldAlthoughAListWasNeverAnswered) {
  for (const std::uint64_t run : {39864U, 87315U}) {
    const CaseResult result = Play(GenerateCase(7, run, nullptr));
    EXPECT_TRUE(result.passed()) << Why(result);
  }
}

// Every kind of fault by itself, in the middle of things.
class EachFaultTest : public testing::TestWithParam<FaultInfo> {};

// A Job neither lists nor watches, and tells nobody.
bool ShowsOnlyInAService(FaultKind kind) {
  return kind == FaultKind::kApiStaleList || kind == FaultKind::kApiWatchCut ||
         kind == FaultKind::kReceiversDown;
}

TEST_P(EachFaultTest, IsSurvivedAndChangesWhatHappens) {
  const FaultInfo& info = GetParam();
  Fault fault{info.kind, 0s, 0s, 0, 0};
  if (info.extent != FaultInfo::Extent::kWholeRun) fault.at = 5s;
  if (info.extent == FaultInfo::Extent::kSpan) fault.length = 8s;
  switch (info.parameter) {
    case FaultInfo::Parameter::kNone:
      break;
    case FaultInfo::Parameter::kShare:
      fault.amount = kWholeShare / 2;
      break;
    case FaultInfo::Parameter::kSkew:
      fault.amount = gate::Nanos(20s).count();
      break;
    case FaultInfo::Parameter::kSlowness:
      fault.amount = 500;
      break;
    case FaultInfo::Parameter::kSeam:
      fault.at = 0s;
      fault.amount = 20;
      break;
  }
  // The first gate has to wait, so that it is running when the fault begins.
  Case plain = PlainCase(McAnswer::kGood, McAnswer::kRefused);
  if (ShowsOnlyInAService(info.kind)) plain.scenario.gate_mode = GateMode::kService;
  plain.mc.front().turns.insert(plain.mc.front().turns.begin(), {McAnswer::kHangs, 2});
  Case one = plain;
  one.faults = {fault};
  const CaseResult result = Play(one);
  EXPECT_TRUE(result.passed()) << Why(result);
  EXPECT_EQ(result.faults.at(static_cast<std::size_t>(info.kind)), 1U);
  // A wrong clock changes only what is written, not when.
  if (info.extent == FaultInfo::Extent::kWholeRun) return;
  EXPECT_NE(result.trace, Play(plain).trace);
}

TEST(PlayCaseTest, AGateWhoseClockIsFarBehindTakesNoEvidenceFromTheFuture) {
  Case one = PlainCase(McAnswer::kGood, McAnswer::kGood);
  one.faults = {{FaultKind::kGateClockSkew, 0s, 0s, gate::Nanos(-40s).count(), 0}};
  const CaseResult result = Play(one);
  EXPECT_TRUE(result.passed()) << Why(result);
  EXPECT_TRUE(Reached(result, Mark::kInconclusive));
  EXPECT_FALSE(Reached(result, Mark::kPass));
}

INSTANTIATE_TEST_SUITE_P(All, EachFaultTest,
                         testing::ValuesIn(KnownFaults().begin(), KnownFaults().end()),
                         [](const auto& each) {
                           std::string name(each.param.name);
                           for (char& c : name) {
                             if (c == '.' || c == '-') c = '_';
                           }
                           return name;
                         });

TEST(CampaignTest, ItsResultDoesNotDependOnTheNumberOfThreads) {
  gate::SystemRuntime runtime;
  std::atomic<int> told = 0;
  const auto play = [&](int jobs) {
    CampaignPlan plan;
    plan.seed = 1;
    plan.runs = 48;
    plan.jobs = jobs;
    return RunCampaign(plan, GeneratedWorlds(), runtime,
                       [&](const Tally&, const RunRange&) { ++told; }, {});
  };
  const Tally one = play(1);
  const Tally three = play(3);
  EXPECT_EQ(one.runs(), 48U);
  EXPECT_EQ(ToJson(one), ToJson(three));
  EXPECT_GE(told, 2);
}

}  // namespace
}  // namespace drill::sim
