#include "harness/sim/argo/rollout_spec.h"

#include <fmt/format.h>

#include <array>

#include "harness/sim/argo/pod_hash.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

Error Invalid(std::string_view field, std::string_view value, std::string_view detail) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("{}: Invalid value: {}: {}", field, value, detail)};
}

Error NotPlayed(std::string_view field) {
  return {ErrorCode::kInvalidArgument, fmt::format("{}: the simulator does not play this", field)};
}

// argo R6: any text is a share, with or without "%" (the default is "25").
std::optional<IntOrPercent> MaybeIntOrPercent(const Json& object, std::string_view key) {
  const Json& value = Member(object, key);
  if (value.is_number_integer()) {
    return IntOrPercent{IntOrPercent::Kind::kNumber, value.get<std::int64_t>()};
  }
  if (!value.is_string()) return std::nullopt;
  std::string text = value.get<std::string>();
  std::erase(text, '%');
  return IntOrPercent{IntOrPercent::Kind::kPercent, ParseInt(text).value_or(0)};
}

RolloutArg ReadArg(const Json& json) {
  RolloutArg arg{RolloutArg::From::kValue, TextOf(json, "name"), TextOf(json, "value")};
  const Json& from = Member(json, "valueFrom");
  const std::string hash = TextOf(from, "podTemplateHashValue");
  if (hash == "Stable") arg.from = RolloutArg::From::kStableHash;
  if (hash == "Latest") arg.from = RolloutArg::From::kLatestHash;
  if (hash.empty() && Member(from, "fieldRef").is_object()) {
    arg.from = RolloutArg::From::kField;
    arg.value = TextOf(Member(from, "fieldRef"), "fieldPath");
  }
  return arg;
}

AnalysisSpec ReadAnalysis(const Json& json) {
  AnalysisSpec analysis;
  for (const Json& ref : Member(json, "templates")) {
    analysis.templates.push_back({TextOf(ref, "templateName"), FlagOf(ref, "clusterScope")});
  }
  for (const Json& arg : Member(json, "args")) analysis.args.push_back(ReadArg(arg));
  analysis.dry_run = Member(json, "dryRun");
  analysis.retention = Member(json, "measurementRetention");
  analysis.labels = StringsOf(Member(json, "analysisRunMetadata"), "labels");
  analysis.annotations = StringsOf(Member(json, "analysisRunMetadata"), "annotations");
  analysis.starting_step = MaybeInt32(json, "startingStep");
  return analysis;
}

// argo R18: seconds, or Go's duration notation; whole seconds count.
PauseSpec ReadPause(const Json& json) {
  PauseSpec pause;
  const Json& duration = Member(json, "duration");
  if (duration.is_number_integer()) {
    pause.seconds = static_cast<std::int32_t>(duration.get<std::int64_t>());
    pause.text = std::to_string(*pause.seconds);
  }
  if (!duration.is_string()) return pause;
  pause.text = duration.get<std::string>();
  if (const auto number = ParseInt(pause.text)) {
    pause.seconds = static_cast<std::int32_t>(*number);
    return pause;
  }
  const auto parsed = gate::ParseDuration(pause.text);
  pause.seconds = parsed ? static_cast<std::int32_t>(
                               std::chrono::duration_cast<std::chrono::seconds>(*parsed).count())
                         : -1;
  return pause;
}

std::string ScaleText(const CanaryScale& scale) {
  if (scale.weight) return fmt::format("setCanaryScale{{weight: {}}}", *scale.weight);
  if (scale.match_traffic_weight) return "setCanaryScale{matchTrafficWeight: true}";
  if (scale.replicas) return fmt::format("setCanaryScale{{replicas: {}}}", *scale.replicas);
  return "invalid";
}

Result<CanaryStep> ReadStep(const Json& json, const std::string& field, const RolloutSpec& spec) {
  CanaryStep step{};
  if (const Json& weight = Member(json, "setWeight"); weight.is_number_integer()) {
    step.kind = CanaryStep::Kind::kSetWeight;
    step.weight = Int32Of(json, "setWeight", 0);
    step.text = fmt::format("setWeight: {}", step.weight);
    if (step.weight < 0 || step.weight > spec.max_weight) {
      return Invalid(field + ".setWeight", std::to_string(step.weight),
                     fmt::format("SetWeight needs to be between 0 and {}", spec.max_weight));
    }
    return step;
  }
  if (Member(json, "pause").is_object()) {
    step.kind = CanaryStep::Kind::kPause;
    step.pause = ReadPause(Member(json, "pause"));
    step.text = step.pause.seconds ? "pause: " + step.pause.text : "pause";
    if (step.pause.seconds && *step.pause.seconds < 0) {
      return Invalid(field + ".pause.duration", std::to_string(*step.pause.seconds),
                     "Duration needs to be greater than 0");
    }
    return step;
  }
  if (Member(json, "analysis").is_object()) {
    step.kind = CanaryStep::Kind::kAnalysis;
    step.analysis = ReadAnalysis(Member(json, "analysis"));
    step.text = "analysis";
    return step;
  }
  if (const Json& scale = Member(json, "setCanaryScale"); scale.is_object()) {
    step.kind = CanaryStep::Kind::kSetCanaryScale;
    step.scale = {MaybeInt32(scale, "weight"), MaybeInt32(scale, "replicas"),
                  FlagOf(scale, "matchTrafficWeight")};
    step.text = ScaleText(step.scale);
    if (!spec.routed) {
      return Error{ErrorCode::kInvalidArgument,
                   "spec.strategy.trafficRouting: Required value: SetCanaryScale requires "
                   "TrafficRouting to be set"};
    }
    return step;
  }
  for (const std::string_view route : {"setHeaderRoute", "setMirrorRoute"}) {
    if (!Member(json, route).is_object()) continue;
    step.kind = CanaryStep::Kind::kRoute;
    step.text = fmt::format("{}: {}", route, TextOf(Member(json, route), "name"));
    return step;
  }
  for (const std::string_view other : {"experiment", "plugin"}) {
    if (Member(json, other).is_object()) return NotPlayed(fmt::format("{}.{}", field, other));
  }
  return Invalid(field, "\"\"",
                 "Step must have one of the following set: experiment, setWeight, setCanaryScale, "
                 "plugin or pause");
}

void ReadCanary(const Json& canary, RolloutSpec& spec) {
  spec.step_hash = StepHash(Member(canary, "steps"));
  if (Member(canary, "analysis").is_object()) {
    spec.background = ReadAnalysis(Member(canary, "analysis"));
  }
  spec.max_surge = MaybeIntOrPercent(canary, "maxSurge").value_or(IntOrPercent{});
  spec.max_unavailable = MaybeIntOrPercent(canary, "maxUnavailable").value_or(IntOrPercent{});
  spec.canary_service = TextOf(canary, "canaryService");
  spec.stable_service = TextOf(canary, "stableService");
  const Json& routing = Member(canary, "trafficRouting");
  spec.routed = routing.is_object();
  spec.max_weight = Int32Of(routing, "maxTrafficWeight", 100);
  spec.dynamic_stable_scale = FlagOf(canary, "dynamicStableScale");
  spec.scale_down_delay_seconds = MaybeInt32(canary, "scaleDownDelaySeconds");
  spec.abort_scale_down_delay_seconds = MaybeInt32(canary, "abortScaleDownDelaySeconds");
  spec.scale_down_delay_revision_limit = MaybeInt32(canary, "scaleDownDelayRevisionLimit");
  spec.min_pods_per_replica_set = MaybeInt32(canary, "minPodsPerReplicaSet");
  if (const Json& threshold = Member(canary, "replicaProgressThreshold"); threshold.is_object()) {
    spec.progress_threshold =
        IntOrPercent{TextOf(threshold, "type") == "Percentage" ? IntOrPercent::Kind::kPercent
                                                               : IntOrPercent::Kind::kNumber,
                     IntOf(threshold, "value")};
  }
}

RolloutSpec ReadCommon(const Json& json) {
  RolloutSpec spec;
  spec.replicas = MaybeInt32(json, "replicas");
  spec.selector = StringsOf(Member(json, "selector"), "matchLabels");
  spec.min_ready_seconds = Int32Of(json, "minReadySeconds", 0);
  spec.revision_history_limit = Int32Of(json, "revisionHistoryLimit", 10);
  spec.progress_deadline_seconds = Int32Of(json, "progressDeadlineSeconds", 600);
  spec.progress_deadline_abort = FlagOf(json, "progressDeadlineAbort");
  spec.paused = FlagOf(json, "paused");
  spec.rollback_window = Int32Of(Member(json, "rollbackWindow"), "revisions", 0);
  const Json& analysis = Member(json, "analysis");
  spec.keep_successful_runs = Int32Of(analysis, "successfulRunHistoryLimit", 5);
  spec.keep_unsuccessful_runs = Int32Of(analysis, "unsuccessfulRunHistoryLimit", 5);
  return spec;
}

Result<void> CheckPlayed(const Json& json, const Json& canary) {
  if (Member(Member(json, "strategy"), "blueGreen").is_object()) {
    return NotPlayed("spec.strategy.blueGreen");
  }
  for (const std::string_view field : {"workloadRef", "restartAt"}) {
    if (!Member(json, field).is_null()) return NotPlayed(fmt::format("spec.{}", field));
  }
  for (const std::string_view field :
       {"canaryMetadata", "stableMetadata", "antiAffinity", "pingPong"}) {
    if (!Member(canary, field).is_null()) {
      return NotPlayed(fmt::format("spec.strategy.canary.{}", field));
    }
  }
  return {};
}

// The checks of the controller's own validation that do not need other objects.
Result<void> Check(const RolloutSpec& spec) {
  if (spec.selector.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "spec.selector: Required value: Rollout has missing field '.spec.selector'"};
  }
  const StringMap labels = StringsOf(Member(spec.Template(), "metadata"), "labels");
  for (const auto& [name, value] : spec.selector) {
    const auto found = labels.find(name);
    if (found != labels.end() && found->second == value) continue;
    return Invalid("spec.template.metadata.labels", Json(labels).dump(),
                   "`selector` does not match template `labels`");
  }
  if (spec.progress_deadline_seconds <= spec.min_ready_seconds) {
    return Invalid("spec.progressDeadlineSeconds", std::to_string(spec.progress_deadline_seconds),
                   "must be greater than minReadySeconds");
  }
  if (spec.max_surge.value == 0 && spec.max_unavailable.value == 0) {
    return Invalid("spec.strategy.maxSurge", "0",
                   "MaxSurge and MaxUnavailable both can not be zero");
  }
  if (!spec.canary_service.empty() && spec.canary_service == spec.stable_service) {
    return Invalid("spec.strategy.stableService", fmt::format("\"{}\"", spec.stable_service),
                   "This rollout uses the same service for the stable and canary services, but two "
                   "different services are required.");
  }
  if (!spec.routed && spec.scale_down_delay_seconds) {
    return Invalid("spec.strategy.scaleDownDelaySeconds",
                   std::to_string(*spec.scale_down_delay_seconds),
                   "Canary scaleDownDelaySeconds can only be used with traffic routing");
  }
  if (!spec.routed && spec.dynamic_stable_scale) {
    return Invalid("spec.strategy.dynamicStableScale", "true",
                   "Canary dynamicStableScale can only be used with traffic routing");
  }
  if (spec.scale_down_delay_seconds && spec.dynamic_stable_scale) {
    return Invalid("spec.strategy.dynamicStableScale", "true",
                   "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds");
  }
  return {};
}

}  // namespace

const Json& RolloutSpec::Template() const { return Member(*json, "template"); }

Result<RolloutSpec> ReadRolloutSpec(const std::shared_ptr<const Json>& json) {
  const Json& canary = Member(Member(*json, "strategy"), "canary");
  if (auto played = CheckPlayed(*json, canary); !played) return std::move(played).error();
  if (!canary.is_object()) {
    return Error{ErrorCode::kInvalidArgument,
                 "spec.strategy.strategy: Required value: Rollout has missing field "
                 "'.spec.strategy.canary or .spec.strategy.blueGreen'"};
  }
  RolloutSpec spec = ReadCommon(*json);
  spec.json = json;
  ReadCanary(canary, spec);
  if (auto checked = Check(spec); !checked) return std::move(checked).error();
  std::size_t index = 0;
  for (const Json& step : Member(canary, "steps")) {
    auto read = ReadStep(step, fmt::format("spec.strategy.steps[{}]", index++), spec);
    if (!read) return std::move(read).error();
    spec.steps.push_back(std::move(*read));
  }
  return spec;
}

}  // namespace drill::sim::argo
