#include "gate/cli/evaluate_options.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "gate/evaluate/config.h"

namespace gate::cli {
namespace {

constexpr const char* kEvaluateDescription =
    "Ask MC whether a release may go past a stage, and answer with the exit code.\n"
    "Made for the Job of an AnalysisTemplate; with --no-kube it runs anywhere, and logs text\n"
    "instead of JSON.\n\n"
    "Exit codes: 0 pass, 1 fail, 2 inconclusive at the deadline, 3 configuration error;\n"
    "with --dry-run always 0.";

void AddQuestion(CLI::App& command, evaluate::Question& question) {
  command.add_option("--release-id", question.release_id,
                     "release to ask about; an empty one is inconclusive, never a pass");
  command.add_option("--stage", question.stage, "weight at which the gate stands, such as 20");
  command.add_option("--namespace", question.ns, "namespace of the Rollout; default: the Pod's");
  command.add_option("--rollout", question.rollout, "name of the Rollout");
  command.add_option("--pod-hash", question.pod_hash,
                     "rollouts-pod-template-hash of the canary, for the record");
  command.add_option("--digest", question.digests,
                     "image digest (sha256:...) that the evidence must name; may be repeated");
}

}  // namespace

Result<EvaluateOptions, Farewell> ParseEvaluate(const std::vector<std::string>& arguments,
                                                const GetEnv& get_env) {
  EvaluateOptions options;
  CLI::App app(kEvaluateDescription, "rollout-gate evaluate");
  AddQuestion(app, options.question);
  bool dry_run = false;
  app.add_flag("--dry-run", dry_run, "say what the verdict would have been; exit 0");
  app.add_option("--job-name", options.job_name,
                 "Job that runs this, to find its AnalysisRun [JOB_NAME]");
  evaluate::Config config;
  const std::vector<evaluate::Setting> settings = evaluate::Settings(config);
  GateFlags flags(app, options, settings, arguments);
  if (auto farewell = Parse(app, arguments)) return *std::move(farewell);
  flags.Finish(get_env);
  options.mode = dry_run ? evaluate::Mode::kDryRun : evaluate::Mode::kEnforce;
  if (options.job_name.empty()) options.job_name = get_env("JOB_NAME").value_or("");
  return options;
}

}  // namespace gate::cli
