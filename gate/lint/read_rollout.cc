#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "gate/lint/read_objects.h"

namespace gate::lint {
namespace {

using argo::IntOrPercent;

Analysis ReadAnalysis(const Fields& fields) {
  return {fields.place(), ReadTemplateRefs(fields), ReadArguments(fields), ReadDryRun(fields)};
}

// A number that may not be negative; what is beyond `most` is a mistake.
std::optional<Number> FindCount(const Fields& fields, std::string_view key, std::int64_t most) {
  const auto node = fields.Find(key);
  if (!node) return std::nullopt;
  const auto number = fields.FindNumber(key);
  if (!number) return std::nullopt;
  if (number->value >= 0 && number->value <= most) return number;
  node->Complain(fields.mistakes(), fmt::format("expected 0 to {}, found {}", most, number->value));
  return std::nullopt;
}

std::optional<At<IntOrPercent>> FindIntOrPercent(const Fields& fields, std::string_view key) {
  const auto node = fields.Find(key);
  if (!node) return std::nullopt;
  constexpr std::int64_t kMaxPercent = 1000;
  std::string text = node->Text();
  IntOrPercent found{IntOrPercent::Kind::kNumber, 0};
  // A number in quotes is a percentage as well (argo R6).
  if (text.ends_with('%') || node->IsQuoted()) found.kind = IntOrPercent::Kind::kPercent;
  if (text.ends_with('%')) text.pop_back();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), found.value);
  const std::int64_t most =
      found.kind == IntOrPercent::Kind::kNumber ? argo::kMaxReplicas : kMaxPercent;
  if (!node->IsScalar() || error != std::errc() || end != text.data() + text.size() ||
      found.value < 0 || found.value > most) {
    node->Complain(
        fields.mistakes(),
        fmt::format("expected a number of pods or a percentage such as 25%, found \"{}\"",
                    node->Text()));
    return std::nullopt;
  }
  return At<IntOrPercent>{found, PlaceOf(*node)};
}

Step ReadStep(const yaml::Node& node, yaml::Mistakes& mistakes) {
  const Fields fields(node, mistakes);
  Step step;
  step.place = PlaceOf(node);
  if (fields.Has("setWeight")) {
    step.kind = Step::Kind::kSetWeight;
    constexpr std::int64_t kMaxWeight = 1'000'000'000;  // maxTrafficWeight may be anything
    const auto weight = FindCount(fields, "setWeight", kMaxWeight);
    if (weight) step.weight = static_cast<int>(weight->value);
  } else if (fields.Has("analysis")) {
    step.kind = Step::Kind::kAnalysis;
    step.analysis = ReadAnalysis(fields.Child("analysis"));
  } else if (fields.Has("setCanaryScale")) {
    step.kind = Step::Kind::kSetCanaryScale;
  }
  return step;
}

// The least time until a probe that always succeeds has said so often enough.
Nanos ProbeTime(const Fields& container, std::string_view key) {
  if (!container.Has(key)) return Nanos{0};
  constexpr std::int64_t kDay = 86'400;
  constexpr std::int64_t kMost = 1'000;
  const Fields probe = container.Child(key);
  const auto count = [&](std::string_view field, std::int64_t fallback, std::int64_t most) {
    const auto number = FindCount(probe, field, most);
    return number && number->value > 0 ? number->value : fallback;
  };
  return std::chrono::seconds(count("initialDelaySeconds", 0, kDay) +
                              count("periodSeconds", 10, kDay) *
                                  count("successThreshold", 1, kMost));
}

PodTemplate ReadPodTemplate(const Fields& pod) {
  PodTemplate read;
  read.place = pod.place();
  read.labels = pod.Child("metadata").Child("labels").Texts();
  const Fields spec = pod.Child("spec");
  for (const yaml::Node& item : spec.Items("containers")) {
    const Fields container(item, pod.mistakes());
    read.has_readiness_probe |= container.Has("readinessProbe");
    read.probe_time = std::max(read.probe_time, ProbeTime(container, "startupProbe") +
                                                    ProbeTime(container, "readinessProbe"));
  }
  return read;
}

void ReadCanary(const Fields& canary, Rollout& rollout) {
  rollout.is_canary = true;
  for (const yaml::Node& step : canary.Items("steps")) {
    rollout.steps.push_back(ReadStep(step, canary.mistakes()));
  }
  if (canary.Has("analysis")) rollout.background = ReadAnalysis(canary.Child("analysis"));
  rollout.max_surge = FindIntOrPercent(canary, "maxSurge");
  rollout.max_unavailable = FindIntOrPercent(canary, "maxUnavailable");
  rollout.is_routed = canary.Has("trafficRouting");
  rollout.dynamic_stable_scale = canary.IsTrue("dynamicStableScale");
  rollout.abort_scale_down_delay = canary.FindNumber("abortScaleDownDelaySeconds");
}

}  // namespace

Rollout ReadRollout(const Fields& object) {
  constexpr std::int64_t kYear = 31'536'000;
  Rollout rollout;
  rollout.identity = ReadIdentity(object);
  rollout.labels = object.Child("metadata").Child("labels").Texts();
  const Fields spec = object.Child("spec");
  if (spec.Has("template")) rollout.pod_template = ReadPodTemplate(spec.Child("template"));
  rollout.replicas = FindCount(spec, "replicas", argo::kMaxReplicas);
  if (const auto seconds = FindCount(spec, "minReadySeconds", kYear)) {
    rollout.min_ready_seconds = seconds->value;
  }
  rollout.rollback_window = spec.Child("rollbackWindow").FindNumber("revisions");
  rollout.progress_deadline = spec.FindNumber("progressDeadlineSeconds");
  rollout.progress_deadline_abort = spec.FindFlag("progressDeadlineAbort");
  const Fields strategy = spec.Child("strategy");
  rollout.strategy = strategy.place().file.empty() ? rollout.identity.place : strategy.place();
  // `canary: {}` is a canary without steps.
  if (strategy.Has("canary")) ReadCanary(strategy.Child("canary"), rollout);
  return rollout;
}

}  // namespace gate::lint
