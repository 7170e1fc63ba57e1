// People's word in MC's place, in a whole gate run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/audit/chain.h"
#include "gate/evaluate/job.h"
#include "gate/override/object.h"
#include "tests/support/memory_kube.h"
#include "tests/unit/evaluate/gate_bench.h"

namespace gate::evaluate {
namespace {

using decide::OverrideDecision;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Counts and can fail what MemoryKube lets pass.
class ListingKube : public MemoryKube {
 public:
  Result<KubeList> List(const KubeResource& resource, const std::string& ns,
                        const KubeSelector& selector, const Deadline& deadline) override {
    ++lists;
    if (list_error) return *list_error;
    return MemoryKube::List(resource, ns, selector, deadline);
  }

  int lists = 0;
  std::optional<Error> list_error;
};

class OverriddenJobTest : public ::testing::Test {
 protected:
  OverriddenJobTest() {
    bench_.config.overrides.enabled = true;
    PutGateJob(kube_);
  }

  void Put(OverrideDecision decision, const std::string& actor = "ann",
           const Json& change = Json::object()) {
    Json object =
        override::OverrideObject({.name = "",
                                  .uid = "",
                                  .subject = {"shop", "demo", "shop-1.5.0", "20", "abc123"},
                                  .decision = decision,
                                  .over_refusal = false,
                                  .actor = actor,
                                  .reason = "MC is down, checked by hand",
                                  .created = WallTime(),
                                  .valid_for = minutes(30)});
    object["metadata"]["uid"] = "uid-" + actor;
    object["metadata"]["creationTimestamp"] = FormatRfc3339(bench_.runtime.WallNow(), 0);
    object.merge_patch(change);
    kube_.Put({kube::kGateOverrides, "shop", JsonString(object, "/metadata/name")}, object);
  }

  ExitCode Run() {
    JobDeps deps{bench_.runtime, bench_.http, bench_.files, bench_.keyrings,
                 audit_,         bench_.log,  std::nullopt};
    deps.cluster.emplace(Cluster{kube_, "job-1"});
    const Instant started = bench_.runtime.Now();
    const ExitCode code = RunJob(bench_.config, bench_.question, Mode::kEnforce, deps,
                                 bench_.NewEntropy(), stop_.get_token());
    took_ = bench_.runtime.Now() - started;
    return code;
  }

  Json LastRecord() const { return Json::parse(audit_.lines.at(audit_.lines.size() - 1)); }

  int Warnings(const std::string& message) const {
    int count = 0;
    for (const std::string& line : bench_.log_lines.lines) {
      if (line.find(message) != std::string::npos) ++count;
    }
    return count;
  }

  GateBench bench_;
  ListingKube kube_;
  LinesInMemory audit_;
  std::stop_source stop_;
  Nanos took_{0};
};

TEST_F(OverriddenJobTest, AnApprovalEndsTheHoldWithinARoundAndIsOnTheRecordEverywhere) {
  bench_.runtime.After(minutes(1), [this] { Put(OverrideDecision::kApprove); });
  EXPECT_EQ(Run(), ExitCode::kPass);
  const Config::Timing& timing = bench_.config.timing;
  EXPECT_LE(took_, minutes(1) + timing.budget + timing.hold_interval);

  const Json record = LastRecord();
  EXPECT_EQ(record.at("verdict"), "pass");
  EXPECT_EQ(record.at("reason"), "override-approved");
  const Json& word = record.at("override");
  EXPECT_EQ(word.at("decision"), "approve");
  ASSERT_THAT(word.at("by"), SizeIs(1));
  EXPECT_EQ(word.at("by")[0].at("actor"), "ann");
  EXPECT_EQ(word.at("by")[0].at("reason"), "MC is down, checked by hand");
  EXPECT_EQ(word.at("by")[0].at("uid"), "uid-ann");
  EXPECT_THAT(word.at("by")[0].at("name").get<std::string>(), HasSubstr("demo-approve-"));
  EXPECT_EQ(word.at("insteadOf").at("verdict"), "inconclusive");
  EXPECT_EQ(word.at("insteadOf").at("reason"), "connect-failed");
  EXPECT_TRUE(audit::Follow(record, {}));
  EXPECT_EQ(Json::parse(kube_.Find(kStatus)->at("data").at("stage-20").get<std::string>()), record);

  const Json annotations = kube_.Find(kRun)->at("metadata").at("annotations");
  EXPECT_EQ(annotations.at("rollout-gate/override-actor"), "ann");
  EXPECT_EQ(annotations.at("rollout-gate/override-reason"), "MC is down, checked by hand");
  EXPECT_EQ(annotations.at("rollout-gate/override-uid"), "uid-ann");
  EXPECT_EQ(annotations.at("rollout-gate/override-instead-of"), "inconclusive (connect-failed)");
  const Json event = kube_.All(kube::kEvents).at(0);
  EXPECT_EQ(event.at("reason"), "EvidenceGateOverridden");
  EXPECT_EQ(event.at("type"), "Warning");
  EXPECT_THAT(event.at("message").get<std::string>(), HasSubstr("ann: MC is down"));
}

TEST_F(OverriddenJobTest, AnApprovalIsHeardWhileMcAsksForMorePatience) {
  bench_.http.Handle([](const HttpRequest&, const Deadline&) {
    HttpResponse response;
    response.status = 503;
    response.headers.Add("Retry-After", "240");
    return response;
  });
  bench_.runtime.After(seconds(65), [this] { Put(OverrideDecision::kApprove); });
  EXPECT_EQ(Run(), ExitCode::kPass);
  EXPECT_LE(took_, seconds(65) + bench_.config.timing.hold_interval);
}

TEST_F(OverriddenJobTest, ARejectWinsOverMcsYes) {
  bench_.AnswerEvidence(true);
  Put(OverrideDecision::kReject);
  EXPECT_EQ(Run(), ExitCode::kFail);
  EXPECT_EQ(LastRecord().at("reason"), "override-rejected");
  EXPECT_EQ(LastRecord().at("override").at("insteadOf").at("reason"), "evidence-true");
  EXPECT_EQ(kube_.lists, 1) << "one request for a gate run that is decided at once";
}

TEST_F(OverriddenJobTest, AForgeryThatSomebodyLetsPassStaysASecurityAlert) {
  bench_.AnswerForgery();
  Put(OverrideDecision::kApprove, "ann", {{"spec", {{"overRefusal", true}}}});
  EXPECT_EQ(Run(), ExitCode::kPass);
  EXPECT_EQ(LastRecord().at("securityAlert"), true);
  EXPECT_EQ(LastRecord().at("override").at("insteadOf").at("reason"), "signature-invalid");
}

TEST_F(OverriddenJobTest, WhatDoesNotCountIsOnTheRecordAndChangesNothing) {
  bench_.NeverAnswer();
  Put(OverrideDecision::kApprove, "ann", {{"spec", {{"releaseId", "shop-1.4.0"}}}});
  Put(OverrideDecision::kApprove, "bob",
      {{"metadata", {{"creationTimestamp", "2001-01-01T00:00:00Z"}}}});
  Put(OverrideDecision::kApprove, "eve", {{"spec", {{"reason", "x"}}}});
  EXPECT_EQ(Run(), ExitCode::kInconclusive);
  std::map<std::string, std::string> why;
  const Json record = LastRecord();
  for (const Json& one : record.at("overridesIgnored")) {
    why[one.at("actor")] = one.at("why");
  }
  EXPECT_THAT(why,
              ::testing::ElementsAre(std::pair("ann", "other-release"), std::pair("bob", "expired"),
                                     std::pair("eve", "malformed")));
  EXPECT_FALSE(LastRecord().contains("override"));
  EXPECT_EQ(Warnings("overrides that do not count"), 1) << "once, not in every round";
}

TEST_F(OverriddenJobTest, WhatCannotBeReadIsNeverAPass) {
  Put(OverrideDecision::kApprove);
  for (const ErrorCode code : {ErrorCode::kNotFound, ErrorCode::kPermissionDenied,
                               ErrorCode::kUnavailable, ErrorCode::kDeadlineExceeded}) {
    bench_.log_lines.lines.clear();
    kube_.list_error = Error{code, "no list"};
    bench_.NeverAnswer();
    EXPECT_EQ(Run(), ExitCode::kInconclusive);
    EXPECT_EQ(Warnings("overrides cannot be read"), 1);
    bench_.AnswerEvidence(true);
    EXPECT_EQ(Run(), ExitCode::kPass);
  }
}

TEST_F(OverriddenJobTest, AnApprovalThatCannotBeRecordedIsNoPass) {
  bench_.NeverAnswer();
  Put(OverrideDecision::kApprove);
  kube_.before = [](const MemoryKube::Call& call) -> std::optional<Error> {
    if (call.what.starts_with("configmaps/")) return Error{ErrorCode::kPermissionDenied, "no"};
    return std::nullopt;
  };
  EXPECT_EQ(Run(), ExitCode::kInconclusive);
  EXPECT_EQ(LastRecord().at("reason"), "record-failed");
  EXPECT_THAT(LastRecord().at("message").get<std::string>(), HasSubstr("ann approves"));
}

TEST_F(OverriddenJobTest, TurnedOffNobodyIsAsked) {
  bench_.config.overrides.enabled = false;
  bench_.NeverAnswer();
  Put(OverrideDecision::kApprove);
  EXPECT_EQ(Run(), ExitCode::kInconclusive);
  EXPECT_EQ(kube_.lists, 0);
  EXPECT_FALSE(LastRecord().contains("overridesIgnored"));
}

TEST_F(OverriddenJobTest, AStopIsNotDelayed) {
  bench_.NeverAnswer();
  bench_.runtime.After(seconds(1), [this] {
    Put(OverrideDecision::kApprove);
    stop_.request_stop();
  });
  EXPECT_EQ(Run(), ExitCode::kInconclusive);
  EXPECT_LE(took_, seconds(2));
  EXPECT_EQ(LastRecord().at("reason"), "stopped");
}

TEST_F(OverriddenJobTest, TwoPeopleIfTheConfigurationSaysSo) {
  bench_.config.overrides.approvers = 2;
  bench_.NeverAnswer();
  Put(OverrideDecision::kApprove, "ann");
  bench_.runtime.After(minutes(2), [this] { Put(OverrideDecision::kApprove, "bob"); });
  EXPECT_EQ(Run(), ExitCode::kPass);
  EXPECT_GE(took_, minutes(2));
  EXPECT_THAT(LastRecord().at("override").at("by"), SizeIs(2));
}

}  // namespace
}  // namespace gate::evaluate
