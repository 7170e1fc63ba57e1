#pragma once

#include <stop_token>
#include <string>

#include "gate/decide/verdict.h"
#include "gate/evaluate/question.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/log.h"
#include "gate/seams/runtime.h"

namespace gate::evaluate {

// What people say in MC's place, for one gate run. All references must outlive it. Not thread-safe.
class Overruler {
 public:
  Overruler(const decide::OverridePolicy& policy, KubeApi& kube, Runtime& runtime, Log& log)
      : policy_(policy), kube_(kube), runtime_(runtime), log_(log) {}

  // Reads the overrides of the question's Rollout with a little patience, and lets them decide
  // about `verdict`. What cannot be read is as if it were not there: never a pass.
  decide::Overruled Overrule(decide::Verdict verdict, const Question& question,
                             const std::stop_token& stop);

 private:
  void Report(const decide::Overruled& after);
  // A warning is written once, however many rounds see the same.
  void WarnOnce(std::string& last, std::string seen, std::string_view message, const Json& fields);

  const decide::OverridePolicy policy_;
  KubeApi& kube_;
  Runtime& runtime_;
  Log& log_;
  std::string last_error_;
  std::string last_ignored_;
};

}  // namespace gate::evaluate
