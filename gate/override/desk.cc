#include "gate/override/desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/override/object.h"
#include "gate/override/read.h"
#include "gate/record/analysis_run.h"
#include "gate/watch/rollout_facts.h"

namespace gate::override {
namespace {

// 404 for a collection: there is no such resource.
Error Explain(Error error) {
  if (error.code != ErrorCode::kNotFound) return error;
  return InvalidArgument(
      "the custom resource gateoverrides.rollout-gate.io is not installed here: " + error.message);
}

bool AsksAbout(const Json& analysis, const std::string& stage) {
  const Json& args = JsonArray(analysis, "/args");
  return std::any_of(args.begin(), args.end(), [&](const Json& arg) {
    return JsonString(arg, "/name") == "stage" && JsonString(arg, "/value") == stage;
  });
}

// An analysis behind that weight, or one that names the stage.
bool HasGate(const Json& rollout, const watch::RolloutFacts& facts, const std::string& stage) {
  if (!facts.gates.empty()) return true;
  const Json& steps = JsonArray(rollout, "/spec/strategy/canary/steps");
  return AsksAbout(JsonAt(rollout, "/spec/strategy/canary/analysis"), stage) ||
         std::any_of(steps.begin(), steps.end(),
                     [&](const Json& step) { return AsksAbout(JsonAt(step, "/analysis"), stage); });
}

Result<Json> GetRollout(KubeApi& kube, const std::string& ns, const std::string& rollout,
                        const Deadline& deadline) {
  auto found = kube.Get({kube::kRollouts, ns, rollout}, deadline);
  if (found) return found;
  return std::move(found).error().Wrap(fmt::format("reading Rollout {}/{}", ns, rollout));
}

Result<decide::Override> CreateNow(KubeApi& kube, const Json& object, const Deadline& deadline) {
  auto created = kube.Create(kube::kGateOverrides, JsonString(object, "/metadata/namespace"),
                             object, deadline);
  if (!created) return std::move(created).error();
  return ParseOverride(*created);
}

// The one that stands in the way of `object`, if it counts; otherwise it is removed.
Result<std::optional<decide::Override>> StandingOne(KubeApi& kube, const KubeRef& ref, WallTime now,
                                                    const Deadline& deadline) {
  auto stored = kube.Get(ref, deadline);
  if (!stored) return std::move(stored).error();
  auto one = ParseOverride(*stored);
  if (one && one->ExpiresAt() > now) return std::optional(*std::move(one));
  auto deleted = kube.Delete(ref, deadline);
  if (!deleted && deleted.error().code != ErrorCode::kNotFound) return std::move(deleted).error();
  return std::optional<decide::Override>();
}

// What is to be revoked.
struct Target {
  std::string name;
  std::string uid;
  std::string what;  // "the approve of ann about shop-1.5.0 at stage 20"
};

Target TargetOf(const Json& object) {
  return {JsonString(object, "/metadata/name"), JsonString(object, "/metadata/uid"),
          fmt::format("the {} of {} about release {} at stage {}",
                      JsonString(object, "/spec/decision"), JsonString(object, "/spec/actor"),
                      JsonString(object, "/spec/releaseId"), JsonString(object, "/spec/stage"))};
}

Result<std::vector<Target>> FindTargets(KubeApi& kube, const Revocation& what,
                                        const std::string& actor, const Deadline& deadline) {
  if (!what.name.empty()) {
    auto object = kube.Get({kube::kGateOverrides, what.ns, what.name}, deadline);
    if (!object) return std::move(object).error().Wrap("revoking");
    return std::vector<Target>{TargetOf(*object)};
  }
  const std::string label = std::string(kube::kRolloutLabel) + "=" + what.rollout;
  auto list = kube.List(kube::kGateOverrides, what.ns, {.labels = label, .fields = {}}, deadline);
  if (!list) return Explain(std::move(list).error()).Wrap("revoking");
  std::vector<Target> targets;
  for (const Json& object : list->items) {
    if (JsonString(object, "/spec/actor") == actor &&
        JsonString(object, "/spec/releaseId") == what.release &&
        JsonString(object, "/spec/stage") == what.stage) {
      targets.push_back(TargetOf(object));
    }
  }
  if (!targets.empty()) return targets;
  return Error{ErrorCode::kNotFound,
               fmt::format("{} said nothing about release {} at stage {} of {}/{}", actor,
                           what.release, what.stage, what.ns, what.rollout)};
}

}  // namespace

Result<std::string> WhoAmI(KubeApi& kube, const Deadline& deadline) {
  const Json question = {{"apiVersion", kube::kSelfSubjectReviews.ApiVersion()},
                         {"kind", "SelfSubjectReview"}};
  auto answer = kube.Create(kube::kSelfSubjectReviews, "", question, deadline);
  if (!answer) return std::move(answer).error().Wrap("asking the API server who you are");
  std::string name = JsonString(*answer, "/status/userInfo/username");
  if (!name.empty()) return name;
  return Error{ErrorCode::kProtocol, "the API server does not say who you are"};
}

Result<decide::Override> Draft(const Word& word, const Json& rollout) {
  const watch::RolloutFacts facts = watch::ReadRollout(rollout, {word.stage});
  const std::string where = fmt::format("Rollout {}/{}", word.ns, word.rollout);
  if (facts.release != word.release) {
    return InvalidArgument(
        fmt::format("{} has the release \"{}\", not \"{}\"", where, facts.release, word.release));
  }
  if (!HasGate(rollout, facts, word.stage)) {
    return InvalidArgument(fmt::format("{} has no gate at stage {}", where, word.stage));
  }
  if (!facts.observed || facts.current_hash.empty()) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("Argo Rollouts has not looked at the latest {} yet", where)};
  }
  if (facts.current_hash == facts.stable_hash) {
    return InvalidArgument(
        fmt::format("release {} is the stable one of {} already", word.release, where));
  }
  decide::Override one{.name = {},
                       .uid = {},
                       .subject = {.ns = word.ns,
                                   .rollout = word.rollout,
                                   .release_id = word.release,
                                   .stage = word.stage,
                                   .pod_hash = facts.current_hash},
                       .decision = word.decision,
                       .over_refusal = word.over_refusal,
                       .actor = {},
                       .reason = word.reason,
                       .created = {},
                       .valid_for = word.valid_for};
  return one;
}

Result<Filed> File(KubeApi& kube, const Word& word, WallTime now, const Deadline& deadline) {
  auto rollout = GetRollout(kube, word.ns, word.rollout, deadline);
  if (!rollout) return std::move(rollout).error();
  auto draft = Draft(word, *rollout);
  if (!draft) return std::move(draft).error();
  auto actor = WhoAmI(kube, deadline);
  if (!actor) return std::move(actor).error();
  draft->actor = *std::move(actor);
  if (auto good = CheckOverride(*draft); !good) return std::move(good).error();

  const Json object = OverrideObject(*draft);
  auto made = CreateNow(kube, object, deadline);
  if (!made && made.error().code == ErrorCode::kAlreadyExists) {
    const KubeRef ref{kube::kGateOverrides, word.ns, JsonString(object, "/metadata/name")};
    auto standing = StandingOne(kube, ref, now, deadline);
    if (!standing) return std::move(standing).error().Wrap("looking at " + ref.name);
    if (*standing) return Filed{**standing, Filed::How::kStood};
    made = CreateNow(kube, object, deadline);
  }
  if (!made) return Explain(std::move(made).error()).Wrap("making the override");
  return Filed{*std::move(made), Filed::How::kMade};
}

Result<Revoked> Revoke(KubeApi& kube, const Revocation& what, WallTime now,
                       const Deadline& deadline) {
  auto actor = WhoAmI(kube, deadline);
  if (!actor) return std::move(actor).error();
  auto targets = FindTargets(kube, what, *actor, deadline);
  if (!targets) return std::move(targets).error();
  Revoked revoked;
  for (const Target& target : *targets) {
    auto deleted = kube.Delete({kube::kGateOverrides, what.ns, target.name}, deadline);
    if (!deleted) return std::move(deleted).error().Wrap("revoking " + target.name);
    revoked.names.push_back(target.name);
    auto noted = LeaveNote(
        kube, what.ns, what.rollout, "EvidenceGateOverrideRevoked",
        fmt::format("{} revoked {} ({}): {}", *actor, target.what, target.name, what.reason),
        "revoked-" + target.uid, now, deadline);
    if (!noted) revoked.warnings.push_back("no Event was left: " + noted.error().message);
  }
  return revoked;
}

Result<void> LeaveNote(KubeApi& kube, const std::string& ns, const std::string& rollout,
                       const std::string& event, const std::string& message,
                       const std::string& unique, WallTime now, const Deadline& deadline) {
  auto object = GetRollout(kube, ns, rollout, deadline);
  if (!object) return std::move(object).error();
  return record::EmitEvent(
      kube, ns,
      {.analysis_run = {}, .rollout = rollout, .rollout_uid = JsonString(*object, "/metadata/uid")},
      {record::GateEvent::Type::kWarning, event, message, unique}, now, deadline);
}

}  // namespace gate::override
