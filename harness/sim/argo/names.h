#pragma once

#include <string_view>

// The names that Argo Rollouts puts on objects.
namespace drill::sim::argo {

inline constexpr std::string_view kWriter = "argo-rollouts";

inline constexpr std::string_view kPodHashLabel = "rollouts-pod-template-hash";
inline constexpr std::string_view kRolloutTypeLabel = "rollout-type";
inline constexpr std::string_view kStepIndexLabel = "step-index";
inline constexpr std::string_view kInstanceIdLabel =
    "argo-rollouts.argoproj.io/controller-instance-id";

inline constexpr std::string_view kRevision = "rollout.argoproj.io/revision";
inline constexpr std::string_view kRevisionHistory = "rollout.argoproj.io/revision-history";
inline constexpr std::string_view kDesiredReplicas = "rollout.argoproj.io/desired-replicas";
inline constexpr std::string_view kScaleDownDeadline = "scale-down-deadline";
inline constexpr std::string_view kManagedBy = "argo-rollouts.argoproj.io/managed-by-rollouts";
inline constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
inline constexpr std::string_view kNotified = "notified.notifications.argoproj.io";

inline constexpr std::string_view kJobRunUid = "analysisrun.argoproj.io/uid";
inline constexpr std::string_view kJobRunName = "analysisrun.argoproj.io/name";
inline constexpr std::string_view kJobRunNamespace = "analysisrun.argoproj.io/namespace";
inline constexpr std::string_view kJobMetric = "analysisrun.argoproj.io/metric-name";

inline constexpr std::string_view kApiVersion = "argoproj.io/v1alpha1";

}  // namespace drill::sim::argo
