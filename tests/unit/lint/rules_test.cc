#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "manifests.h"

namespace gate::lint {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

enum class Base { kJob, kWeb };

// One change to good manifests, and all that is then to be found.
struct Case {
  std::string name;
  Base base;
  std::string from;  // in the Rollout or in the template
  std::string to;
  std::vector<std::string> found;  // "rule line:column"
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

const std::string kSecondGate = R"(        - analysis:
            templates:
              - templateName: evidence-gate
            args:
              - {name: stage, value: "50"}
              - name: release-id
                valueFrom: {fieldRef: {fieldPath: 'metadata.labels["release-id"]'}}
              - name: pod-hash
                valueFrom: {podTemplateHashValue: Latest}
)";

const std::string kOneAtATime = "maxSurge: 1\n      maxUnavailable: 0";
const std::string kQuarterEach = "maxSurge: 25%\n      maxUnavailable: 25%";

std::vector<Case> RolloutCases() {
  return {
      {"NoSecondGate", Base::kJob, kSecondGate, "", {"gate-missing 26:11"}},
      {"NoSuchWeight",
       Base::kWeb,
       "setWeight: 50",
       "setWeight: 40",
       {"gate-missing 11:5", "gate-stage 31:38"}},
      {"NoStepsAtAll",
       Base::kWeb,
       "      steps:\n        - setWeight: 20\n",
       "      steps: []\n      unknown:\n",
       {"gate-missing 11:5", "gate-missing 11:5"}},
      {"PauseBeforeTheGate",
       Base::kJob,
       "- setWeight: 50\n",
       "- setWeight: 50\n        - pause: {}\n",
       {"gate-not-adjacent 28:11"}},
      {"HigherWeightFirst",
       Base::kJob,
       "- setWeight: 20\n",
       "- setWeight: 60\n        - setWeight: 20\n",
       {"gate-late 15:11", "gate-late 15:11"}},
      {"WrongStage", Base::kJob, "value: \"50\"", "value: \"20\"", {"gate-stage 31:38"}},
      {"StageNotToldToAJob",
       Base::kJob,
       "                      - --stage={{ args.stage }}\n",
       "",
       {"gate-stage 16:11", "gate-stage 27:11"}},
      {"StageNotToldToTheService",
       Base::kWeb,
       "            stage: \"{{args.stage}}\"\n",
       "",
       {"gate-stage 16:11", "gate-stage 27:11"}},
      {"OtherTemplate",
       Base::kJob,
       "  name: evidence-gate\n",
       "  name: other\n",
       {"template-missing 18:31", "template-missing 29:31"}},
      {"OtherNamespace",
       Base::kJob,
       "name: evidence-gate\n  namespace: shop",
       "name: evidence-gate\n  namespace: store",
       {"template-missing 18:31", "template-missing 29:31"}},
      {"NoStageArgument",
       Base::kJob,
       "              - {name: stage, value: \"50\"}\n",
       "",
       {"argument-missing 28:13"}},
      {"NoLabelOnTheRollout",
       Base::kJob,
       "  labels:\n    release-id: shop-1.5.0\nspec",
       "spec",
       {"release-id-label 4:9"}},
      {"EmptyLabelOnThePods",
       Base::kWeb,
       "        release-id: shop-1.5.0",
       "        release-id: \"\"",
       {"release-id-label 39:5"}},
      {"LabelsDiffer",
       Base::kWeb,
       "        release-id: shop-1.5.0",
       "        release-id: shop-1.4.0",
       {"release-id-differs 41:21"}},
      {"LiteralRelease",
       Base::kJob,
       "--release-id={{args.release-id}}",
       "--release-id=shop-1.5.0",
       {"release-id-source 30:25"}},
      {"OtherLabel",
       Base::kJob,
       "\"metadata.labels['release-id']\"",
       "\"metadata.labels['app']\"",
       {"release-id-source 22:51"}},
      {"ReleaseNotTold",
       Base::kWeb,
       "            release: \"{{args.release-id}}\"\n",
       "",
       {"release-id-source 16:11", "release-id-source 27:11"}},
      {"HashNotTold",
       Base::kWeb,
       "            podHash: \"{{args.pod-hash}}\"\n",
       "",
       {"pod-hash-source 16:11", "pod-hash-source 27:11"}},
      {"WrongHash",
       Base::kJob,
       "Latest}\n        - pause",
       "Stable}\n        - pause",
       {"pod-hash-source 24:51"}},
      {"BlueGreen", Base::kJob, "    canary:\n", "    blueGreen:\n", {"not-checked 11:5"}},
      {"WorkloadRef",
       Base::kJob,
       "  template:\n    metadata:\n",
       "  workloadRef: {}\n  unknown:\n    metadata:\n",
       {"not-checked 4:9"}},
      {"DryRunInAStep",
       Base::kJob,
       "            args: &args20\n",
       "            dryRun: [{metricName: ev}]\n            args:\n",
       {"gate-dry-run 19:35"}},
      {"DryRunOfNothingInAStep",
       Base::kJob,
       "            args: &args20\n",
       "            dryRun: [{metricName: ^latency$}]\n            args:\n",
       {"dry-run-unmatched 19:35"}},
      {"OneAtATimeButFast", Base::kWeb, kQuarterEach, kOneAtATime, {}},
      {"OneAtATimeOfMany",
       Base::kWeb,
       "replicas: 10\n  strategy:\n    canary:\n      " + kQuarterEach,
       "replicas: 100\n  strategy:\n    canary:\n      " + kOneAtATime,
       {"rollback-too-slow 12:17"}},
      {"SlowPods",
       Base::kWeb,
       "periodSeconds: 5",
       "initialDelaySeconds: 300",
       {"rollback-too-slow 12:17"}},
      {"PodsJustFastEnough", Base::kWeb, "periodSeconds: 5", "initialDelaySeconds: 285", {}},
      {"MinReadySeconds",
       Base::kWeb,
       "replicas: 10",
       "replicas: 10\n  minReadySeconds: 300",
       {"rollback-too-slow 13:17"}},
      {"NoReadinessProbe",
       Base::kWeb,
       "readinessProbe:",
       "livenessProbe:",
       {"readiness-probe 39:5"}},
      {"RollbackWindow",
       Base::kWeb,
       "replicas: 10",
       "replicas: 10\n  rollbackWindow: {revisions: 3}",
       {"rollback-window 10:31"}},
      {"SlowProgressDeadline",
       Base::kWeb,
       "replicas: 10",
       "replicas: 10\n  progressDeadlineAbort: true",
       {"progress-deadline 10:26"}},
      {"ProgressDeadlineInTime",
       Base::kWeb,
       "replicas: 10",
       "replicas: 10\n  progressDeadlineAbort: true\n  progressDeadlineSeconds: 300",
       {}},
      {"ProgressDeadlineOneTooLong",
       Base::kWeb,
       "replicas: 10",
       "replicas: 10\n  progressDeadlineAbort: true\n  progressDeadlineSeconds: 301",
       {"progress-deadline 11:28"}},
      {"LongDelayWithRouter",
       Base::kWeb,
       "maxSurge: 25%",
       "maxSurge: 25%\n      trafficRouting: {nginx: {}}\n      abortScaleDownDelaySeconds: 301",
       {"abort-scale-down-delay 14:35"}},
      {"EndlessDelay",
       Base::kWeb,
       "maxUnavailable: 25%\n      steps:",
       "trafficRouting: {nginx: {}}\n      abortScaleDownDelaySeconds: 0\n      steps:\n"
       "        - setCanaryScale: {replicas: 1}",
       {"abort-scale-down-delay 14:35"}},
      {"LongDelayWithoutRouter",
       Base::kWeb,
       "maxSurge: 25%",
       "maxSurge: 25%\n      abortScaleDownDelaySeconds: 301",
       {}},
      {"RoutedRollbackNeedsNoPods",
       Base::kWeb,
       "replicas: 10\n  strategy:\n    canary:\n      " + kQuarterEach,
       "replicas: 100\n  strategy:\n    canary:\n      trafficRouting: {nginx: {}}\n      " +
           kOneAtATime,
       {}},
  };
}

std::vector<Case> MetricCases() {
  return {
      {"FailureLimit",
       Base::kJob,
       "failureLimit: 0",
       "failureLimit: 1",
       {"gate-failure-limit 14:21"}},
      {"NoFailureLimit",
       Base::kJob,
       "failureLimit: 0",
       "failureLimit: -1",
       {"gate-failure-limit 14:21"}},
      {"UnknownFailureLimit",
       Base::kJob,
       "failureLimit: 0",
       "failureLimit: \"{{args.stage}}\"",
       {"gate-failure-limit 14:21"}},
      {"QuotedFailureLimit", Base::kJob, "failureLimit: 0", "failureLimit: \"0\"", {}},
      {"InconclusiveLimit",
       Base::kWeb,
       "count: 1",
       "count: 1\n      inconclusiveLimit: 1",
       {"gate-inconclusive-limit 16:26"}},
      {"ErrorLimit",
       Base::kWeb,
       "count: 1",
       "count: 1\n      consecutiveErrorLimit: 3",
       {"gate-error-limit 16:30"}},
      {"HigherErrorLimit", Base::kWeb, "count: 1", "count: 1\n      consecutiveErrorLimit: 8", {}},
      {"ManyTimes",
       Base::kWeb,
       "count: 1",
       "count: 2\n      interval: 10s",
       {"gate-repeated 15:14", "gate-repeated 16:17"}},
      {"NoCount", Base::kWeb, "      count: 1\n", "", {}},
      {"CountWithoutInterval",
       Base::kWeb,
       "count: 1",
       "count: 2",
       {"gate-repeated 15:14", "template-invalid 15:14"}},
      {"SuccessLimit",
       Base::kWeb,
       "count: 1",
       "count: 1\n      consecutiveSuccessLimit: 1",
       {"gate-repeated 16:32"}},
      {"DryRun",
       Base::kWeb,
       "spec:\n  args:",
       "spec:\n  dryRun: [{metricName: .*}]\n  args:",
       {"gate-dry-run 7:25"}},
      {"DryRunOfAll",
       Base::kWeb,
       "spec:\n  args:",
       "spec:\n  dryRun: [{metricName: \"\"}]\n  args:",
       {"gate-dry-run 7:25"}},
      {"DryRunOfNothing",
       Base::kWeb,
       "spec:\n  args:",
       "spec:\n  dryRun: [{metricName: ^ev$}]\n  args:",
       {"dry-run-unmatched 7:25"}},
      {"DryRunThatNobodyCanRead",
       Base::kWeb,
       "spec:\n  args:",
       "spec:\n  dryRun: [{metricName: \"(\"}]\n  args:",
       {"gate-dry-run 7:25"}},
      {"DryRunFlag",
       Base::kJob,
       "- evaluate\n",
       "- evaluate\n                      - --dry-run\n",
       {"gate-dry-run 29:25"}},
      {"DryRunFlagOff",
       Base::kJob,
       "- evaluate\n",
       "- evaluate\n                      - --dry-run=false\n",
       {}},
      {"TwoProviders",
       Base::kJob,
       "      provider:\n",
       "      provider:\n        kayenta: {}\n",
       {"template-invalid 12:13"}},
      {"NoProvider",
       Base::kWeb,
       "  metrics:\n",
       "  metrics:\n    - {name: a}\n",
       {"template-invalid 14:14"}},
      {"SameNameTwice",
       Base::kWeb,
       "  metrics:\n",
       "  metrics:\n    - {name: evidence, provider: {prometheus: {}}}\n",
       {"template-invalid 15:13"}},
  };
}

std::vector<Case> WebCases() {
  const std::string kSuccess = "successCondition: result == \"pass\"";
  const std::string kUrl = "https://rollout-gate.rollout-gate.svc:8443/v1/verdicts";
  return {
      {"NoFailureCondition",
       Base::kWeb,
       "      failureCondition: result == \"fail\"\n",
       "",
       {"gate-conditions 14:13"}},
      {"NoSuccessCondition", Base::kWeb, "      " + kSuccess + "\n", "", {"gate-conditions 14:13"}},
      {"NotExactlyPass",
       Base::kWeb,
       kSuccess,
       "successCondition: result != \"fail\"",
       {"gate-conditions 16:25"}},
      {"MoreThanOneWayToPass",
       Base::kWeb,
       kSuccess,
       "successCondition: result == 'pass' || true",
       {"gate-conditions 16:25"}},
      {"SameMeaning", Base::kWeb, kSuccess, "successCondition: \"'pass'==result\"", {}},
      {"WholeAnswer", Base::kWeb, "{$.verdict}", "{$}", {"gate-json-path 23:21"}},
      {"NoPath", Base::kWeb, "          jsonPath: \"{$.verdict}\"\n", "", {"gate-json-path 20:11"}},
      {"OtherField", Base::kWeb, "{$.verdict}", "{$.reason}", {"gate-json-path 23:21"}},
      {"PlainHttpInside", Base::kWeb, "https://", "http://", {}},
      {"PlainHttpOutside",
       Base::kWeb,
       kUrl,
       "http://gate.example.com/v1/verdicts",
       {"gate-transport 20:16"}},
      {"HttpsOutside", Base::kWeb, kUrl, "https://gate.example.com/v1/verdicts", {}},
      {"UserInfoIsNoHost",
       Base::kWeb,
       kUrl,
       "http://gate.svc@example.com/v1/verdicts",
       {"gate-transport 20:16"}},
      {"NotVerified",
       Base::kWeb,
       "method: POST",
       "method: POST\n          insecure: true",
       {"gate-transport 22:21"}},
      {"Get", Base::kWeb, "method: POST", "method: GET", {"gate-method 21:19"}},
      {"NoBody",
       Base::kWeb,
       "jsonBody:",
       "unknown:",
       {"gate-stage 16:11", "release-id-source 16:11", "pod-hash-source 16:11", "gate-stage 27:11",
        "release-id-source 27:11", "pod-hash-source 27:11", "gate-method 20:11"}},
      {"DefaultTimeout", Base::kWeb, "          timeoutSeconds: 40\n", "", {"gate-timeout 20:11"}},
      {"TimeoutAsLongAsTheBudget",
       Base::kWeb,
       "timeoutSeconds: 40",
       "timeoutSeconds: 30",
       {"gate-timeout 22:27"}},
      {"TimeoutLonger", Base::kWeb, "timeoutSeconds: 40", "timeoutSeconds: 31", {}},
      {"McItself",
       Base::kWeb,
       kUrl,
       "https://mc.example.com/v1/evidence/shop",
       {"gate-missing 15:11", "gate-missing 26:11", "foreign-metric 20:16"}},
      {"McInside",
       Base::kWeb,
       kUrl,
       "http://mc.mc.svc/v1/evidence/shop",
       {"gate-missing 15:11", "gate-missing 26:11", "foreign-metric 20:16"}},
      {"HeaderWrittenOut",
       Base::kWeb,
       "Bearer {{args.token}}",
       "Bearer abc",
       {"secret-in-arguments 25:43"}},
  };
}

std::vector<Case> JobCases() {
  const std::string kArgs = "                    args:\n";
  const auto with_env = [&](const std::string& env) {
    return "                    env: [" + env + "]\n" + kArgs;
  };
  return {
      {"NoDeadline",
       Base::kJob,
       "            activeDeadlineSeconds: 360\n",
       "",
       {"job-deadline 18:13"}},
      {"ShortDeadline",
       Base::kJob,
       "activeDeadlineSeconds: 360",
       "activeDeadlineSeconds: 314",
       {"job-deadline-short 19:36"}},
      {"JustLongEnough",
       Base::kJob,
       "activeDeadlineSeconds: 360",
       "activeDeadlineSeconds: 315",
       {}},
      {"HoldInAFlag",
       Base::kJob,
       "- evaluate\n",
       "- evaluate\n                      - --timing-hold=10m\n",
       {"job-deadline-short 19:36"}},
      {"HoldInTheEnvironment",
       Base::kJob,
       kArgs,
       with_env("{name: ROLLOUT_GATE_TIMING_HOLD, value: 6m}"),
       {"job-deadline-short 19:36"}},
      {"Retries", Base::kJob, "backoffLimit: 0", "backoffLimit: 1", {"job-backoff-limit 18:27"}},
      {"DefaultRetries",
       Base::kJob,
       "            backoffLimit: 0\n",
       "",
       {"job-backoff-limit 18:13"}},
      {"NoTtl", Base::kJob, "            ttlSecondsAfterFinished: 300\n", "", {"job-ttl 18:13"}},
      {"Restarts",
       Base::kJob,
       "restartPolicy: Never",
       "restartPolicy: OnFailure",
       {"job-restart-policy 23:32"}},
      {"NoTokenMounted",
       Base::kJob,
       "- {name: token, mountPath: /var/run/secrets/mc}",
       "- {name: config, mountPath: /other}",
       {"token-not-mounted 25:21"}},
      {"SecretArgument",
       Base::kJob,
       "    - name: pod-hash\n  metrics",
       "    - name: pod-hash\n"
       "      valueFrom: {secretKeyRef: {name: a, key: b}}\n  metrics",
       {"secret-in-arguments 33:25"}},
      {"TokenInAFlag",
       Base::kJob,
       "--mc-token-file=/var/run/secrets/mc/token",
       "--mc-token=abc",
       {"secret-in-arguments 33:25"}},
      {"TokenAfterAFlag",
       Base::kJob,
       "- --mc-token-file=/var/run/secrets/mc/token",
       "- --mc-token\n                      - abc",
       {"secret-in-arguments 33:25"}},
      {"TokenInTheEnvironment",
       Base::kJob,
       kArgs,
       with_env("{name: MC_TOKEN, value: abc}"),
       {"secret-in-arguments 27:51"}},
      {"TokenFileInTheEnvironment",
       Base::kJob,
       kArgs,
       with_env("{name: ROLLOUT_GATE_MC_TOKEN_FILE, value: secrets/token}"),
       {}},
      {"SecretVariableOnTheCommandLine",
       Base::kJob,
       kArgs + "                      - evaluate\n",
       with_env("{name: T, valueFrom: {secretKeyRef: {name: a, key: b}}}") +
           "                      - evaluate\n                      - --header=$(T)\n",
       {"secret-in-arguments 30:25"}},
      {"ThroughAShell",
       Base::kJob,
       kArgs + "                      - evaluate\n",
       "                    command: [/bin/sh, -c, \"exec rollout-gate evaluate --dry-run\"]\n" +
           kArgs,
       {"gate-dry-run 27:44"}},
  };
}

std::vector<Case> AllCases() {
  std::vector<Case> cases = RolloutCases();
  for (const auto& more : {MetricCases(), WebCases(), JobCases()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

class LintRulesTest : public testing::TestWithParam<Case> {};

TEST_P(LintRulesTest, FindsExactlyWhatIsWrong) {
  const Case& each = GetParam();
  std::string rollout = GoodRollout();
  std::string gate = each.base == Base::kJob ? GoodJobTemplate() : GoodWebTemplate();
  std::string& changed = rollout.find(each.from) != std::string::npos ? rollout : gate;
  changed = Edited(changed, each.from, each.to);
  EXPECT_THAT(Found(LintBoth(rollout, gate)), ElementsAreArray(each.found));
}

INSTANTIATE_TEST_SUITE_P(Cases, LintRulesTest, testing::ValuesIn(AllCases()),
                         [](const auto& param) { return param.param.name; });

// Besides those of the cases: what takes more than one change.
TEST(LintTest, AGateThatOnlyRunsInTheBackgroundIsFound) {
  std::string rollout = Edited(GoodRollout(), kSecondGate, "");
  const auto first = rollout.find("        - analysis:");
  rollout.erase(first, rollout.find("        - pause:", first) - first);
  rollout = Edited(rollout, "      steps:",
                   "      analysis:\n        templates: [{templateName: evidence-gate}]\n"
                   "        args: [{name: stage, value: \"20\"}, {name: release-id, value: x}, "
                   "{name: pod-hash, value: x}]\n      steps:");
  EXPECT_THAT(Found(LintBoth(rollout, GoodJobTemplate())),
              testing::ElementsAre("gate-background 15:9"));
}

TEST(LintTest, GoodManifestsAreClean) {
  EXPECT_THAT(Found(LintBoth(GoodRollout(), GoodJobTemplate())), IsEmpty());
  EXPECT_THAT(Found(LintBoth(GoodRollout(), GoodWebTemplate())), IsEmpty());
}

TEST(LintTest, EveryRuleIsTriggeredByACase) {
  std::set<std::string> triggered = {"gate-background"};
  for (const Case& each : AllCases()) {
    for (const std::string& found : each.found) triggered.insert(found.substr(0, found.find(' ')));
  }
  for (const std::string& id : RuleIds()) EXPECT_EQ(triggered.count(id), 1U) << id;
}

TEST(LintTest, EveryRuleHasItsSectionAndSeverityInTheDocumentation) {
  std::ifstream file(LINT_DOCUMENTATION);
  ASSERT_TRUE(file.is_open());
  std::vector<std::string> sections;
  std::string severity;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("### ")) sections.push_back(line.substr(4));
    if (!line.starts_with("*error*") && !line.starts_with("*warning*")) continue;
    ASSERT_FALSE(sections.empty());
    const auto rule = FindRule(sections.back());
    ASSERT_TRUE(rule) << sections.back();
    EXPECT_EQ(line.substr(1, line.find('*', 1) - 1), ToString(InfoOf(*rule).severity))
        << sections.back();
    severity = sections.back();
  }
  EXPECT_THAT(sections, ElementsAreArray(RuleIds()));
  EXPECT_EQ(severity, RuleIds().back());
}

TEST(LintTest, IgnoredRulesAreNotReported) {
  Options options;
  options.ignored = {Rule::kGateMissing};
  const std::string rollout = Edited(GoodRollout(), kSecondGate, "");
  EXPECT_THAT(RulesFound(LintBoth(rollout, GoodJobTemplate(), options)), IsEmpty());
}

}  // namespace
}  // namespace gate::lint
