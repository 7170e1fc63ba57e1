#include <fmt/format.h>

#include "gate/lint/checks.h"

namespace gate::lint {
namespace {

constexpr const char* kLabel = "release-id";

const Text* Label(const Labels& labels) {
  const auto found = labels.find(kLabel);
  return found == labels.end() || found->second.value.empty() ? nullptr : &found->second;
}

}  // namespace

// argo R30: a fieldRef reads the Rollout's own metadata, and a missing label is an empty text.
void CheckLabels(const Rollout& rollout, const Context& context) {
  Reporter report(rollout.identity, context.findings);
  const Text* own = Label(rollout.labels);
  if (own == nullptr) {
    report.Add(Rule::kReleaseIdLabel, rollout.identity.place,
               "the Rollout has no label release-id: the gate is asked about nothing",
               "set metadata.labels.release-id, on every release");
  }
  if (!rollout.pod_template) {
    report.Add(Rule::kNotChecked, rollout.identity.place,
               "the pod template is not in this Rollout (workloadRef): its label release-id and "
               "its readiness are not checked",
               "see that the pods carry the same release-id");
    return;
  }
  const Text* pods = Label(rollout.pod_template->labels);
  if (pods == nullptr) {
    report.Add(Rule::kReleaseIdLabel, rollout.pod_template->place,
               "the pod template has no label release-id: nobody can tell which release a pod is",
               "set spec.template.metadata.labels.release-id, on every release");
    return;
  }
  if (own == nullptr || own->value == pods->value) return;
  report.Add(Rule::kReleaseIdDiffers, pods->place,
             fmt::format("the pods are of release \"{}\", but the gate is asked about \"{}\"",
                         pods->value, own->value),
             "set both labels release-id to the same value");
}

}  // namespace gate::lint
