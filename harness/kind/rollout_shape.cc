#include "harness/kind/rollout_shape.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

std::int64_t WholeSeconds(gate::Nanos time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

// The `analysis` of the first analysis step; nothing if there is none.
std::optional<Json> FirstAnalysis(const Json& rollout) {
  for (const Json& step : gate::JsonArray(rollout, "/spec/strategy/canary/steps")) {
    if (step.contains("analysis")) return step.at("analysis");
  }
  return std::nullopt;
}

// Makes gates like the one that the Rollout has.
class GateMaker {
 public:
  explicit GateMaker(const Json& rollout) : model_(FirstAnalysis(rollout)) {}

  Result<Json> Make(const std::string& stage) const {
    const Json::json_pointer args("/args");
    if (model_ && model_->contains(args)) {
      Json analysis = *model_;
      for (Json& arg : analysis.at(args)) {
        if (gate::JsonString(arg, "/name") != "stage") continue;
        arg["value"] = stage;
        return analysis;
      }
    }
    return Error{ErrorCode::kInvalidArgument,
                 "there is no analysis step with an argument \"stage\" to make a gate after"};
  }

 private:
  const std::optional<Json> model_;
};

Result<Json> MakeStep(const CanaryStep& step, const GateMaker& gates) {
  switch (step.kind) {
    case CanaryStep::Kind::kSetWeight:
      return Json{{"setWeight", step.weight}};
    case CanaryStep::Kind::kPause:
      if (!step.time) return Json{{"pause", Json::object()}};
      return Json{{"pause", {{"duration", WholeSeconds(*step.time)}}}};
    case CanaryStep::Kind::kGate:
      break;
  }
  auto gate = gates.Make(step.stage);
  if (!gate) return gate;
  return Json{{"analysis", *std::move(gate)}};
}

}  // namespace

Result<void> ShapeRollout(const RolloutShape& shape, Json& rollout) {
  const GateMaker gates(rollout);
  Json& spec = rollout["spec"];
  Json& canary = spec["strategy"]["canary"];
  if (shape.steps) {
    canary["steps"] = Json::array();
    for (const CanaryStep& step : *shape.steps) {
      auto made = MakeStep(step, gates);
      if (!made) return std::move(made).error();
      canary["steps"].push_back(*std::move(made));
    }
  }
  if (shape.background) {
    auto gate = gates.Make(shape.background->stage);
    if (!gate) return std::move(gate).error();
    canary["analysis"] = *std::move(gate);
    canary["analysis"]["startingStep"] = shape.background->starting_step;
  }
  if (shape.min_ready) spec["minReadySeconds"] = WholeSeconds(*shape.min_ready);
  if (shape.progress_deadline) {
    spec["progressDeadlineSeconds"] = WholeSeconds(*shape.progress_deadline);
  }
  if (shape.progress_deadline_abort) spec["progressDeadlineAbort"] = *shape.progress_deadline_abort;
  if (shape.rollback_window) spec["rollbackWindow"] = {{"revisions", *shape.rollback_window}};
  return {};
}

Json IntOrString(const std::string& text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end ? Json(number) : Json(text);
}

}  // namespace drill
