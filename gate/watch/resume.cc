#include "gate/watch/resume.h"

#include <utility>

namespace gate::watch {
namespace {

constexpr int kMostTries = 5;
constexpr const char* kInconclusive = "InconclusiveAnalysisRun";

std::string WhyNot(const Json& rollout) {
  if (JsonIsTrue(rollout, "/status/abort")) {
    return "it was aborted; to try the same release again: kubectl argo rollouts retry rollout";
  }
  for (const Json& condition : JsonArray(rollout, "/status/pauseConditions")) {
    return "it is paused by " + JsonString(condition, "/reason") +
           ", not by a gate without a verdict";
  }
  if (JsonIsTrue(rollout, "/spec/paused")) return "it is paused by spec.paused, not by a gate";
  const std::string run = "/status/canary/currentStepAnalysisRunStatus";
  if (JsonString(rollout, (run + "/status").c_str()) == "Running") {
    return "its gate is being asked now, by AnalysisRun " +
           JsonString(rollout, (run + "/name").c_str());
  }
  return "it is not paused; its phase is " + JsonString(rollout, "/status/phase");
}

}  // namespace

ResumePlan PlanResume(const Json& rollout) {
  Json others = Json::array();
  bool paused = false;
  for (const Json& condition : JsonArray(rollout, "/status/pauseConditions")) {
    if (JsonString(condition, "/reason") == kInconclusive) {
      paused = true;
    } else {
      others.push_back(condition);
    }
  }
  if (!paused) return {nullptr, WhyNot(rollout)};
  Json left = others.empty() ? Json(nullptr) : std::move(others);
  return {{{"metadata", {{"resourceVersion", JsonString(rollout, "/metadata/resourceVersion")}}},
           {"status", {{"pauseConditions", std::move(left)}}}},
          ""};
}

Result<ResumePlan> Resume(KubeApi& kube, const std::string& ns, const std::string& rollout,
                          ResumeMode mode, const Deadline& deadline) {
  const KubeRef ref{kube::kRollouts, ns, rollout};
  for (int tries = 1;; ++tries) {
    auto current = kube.Get(ref, deadline);
    if (!current) return std::move(current).error().Wrap("reading Rollout " + rollout);
    ResumePlan plan = PlanResume(*current);
    if (plan.patch.is_null() || mode == ResumeMode::kPlan) return plan;
    auto patched = kube.MergePatch(ref, plan.patch, KubeSubresource::kStatus, deadline);
    if (patched) return plan;
    if (patched.error().code != ErrorCode::kConflict || tries == kMostTries) {
      return std::move(patched).error().Wrap("resuming Rollout " + rollout);
    }
  }
}

}  // namespace gate::watch
