#pragma once

#include <optional>
#include <string>

#include "gate/base/rng.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evaluate/question.h"
#include "gate/evaluate/verdict_record.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/line_sink.h"
#include "gate/seams/log.h"

namespace gate::evaluate {

// What the process says to its caller. A Job succeeds on 0 only (argo R51).
enum class ExitCode {
  kPass = 0,
  kFail = 1,
  kInconclusive = 2,   // no verdict before the deadline, or asked to stop
  kConfiguration = 3,  // nothing was asked
};

// The cluster as one gate run needs it.
struct Cluster {
  KubeApi& kube;
  std::string job_name;  // of the Job that runs this process; empty if it is none
};

struct JobDeps {
  Runtime& runtime;
  HttpClient& http;
  Files& files;
  evidence::KeyringCache& keyrings;
  LineSink& audit;  // one sealed record a line
  Log& log;
  std::optional<Cluster> cluster;  // nothing: decide and print only
};

// `rollout-gate evaluate`: evaluates, holding while there is no verdict; records; and answers with
// the exit code. A pass that cannot be recorded is not a pass: it becomes inconclusive
// (record-failed), so that no promotion is without its trail. After a stop it has answered within a
// second. In dry-run mode the answer is always kPass.
ExitCode RunJob(const Config& config, const Question& question, Mode mode, JobDeps deps,
                Entropy entropy, const std::stop_token& stop);

}  // namespace gate::evaluate
