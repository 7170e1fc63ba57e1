#include "gate/cli/override_command.h"

#include <fmt/format.h>

#include <utility>

#include "gate/base/digest.h"
#include "gate/cli/override_options.h"
#include "gate/cli/override_text.h"
#include "gate/override/desk.h"
#include "gate/override/read.h"
#include "gate/watch/resume.h"

namespace gate::cli {
namespace {

using Code = OverrideExitCode;
using Output = OverrideOptions::Output;
using Verb = OverrideOptions::Verb;

constexpr Nanos kPatience = std::chrono::seconds(30);

// What a command has at hand.
struct Desk {
  const OverrideOptions& options;
  KubeApi& kube;
  Platform& platform;
  Deadline deadline;

  WallTime Now() const { return platform.runtime().WallNow(); }
  void Say(const Json& json, const std::string& text) const {
    platform.out().Write(options.output == Output::kJson ? DumpJson(json, 2) : text);
  }
  void Warn(const std::string& message) const { platform.err().Write("rollout-gate: " + message); }
};

Code CodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
      return Code::kNotPossible;
    case ErrorCode::kPermissionDenied:
      return Code::kForbidden;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict:
    case ErrorCode::kGone:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kCancelled:
    case ErrorCode::kProtocol:
      return Code::kNoAnswer;
  }
  GATE_CHECK(false);
}

std::string_view RoleFor(Verb verb) {
  switch (verb) {
    case Verb::kList:
      return "rollout-gate-override-read";
    case Verb::kResume:
      return "rollout-gate-resume";
    case Verb::kApprove:
    case Verb::kReject:
    case Verb::kRevoke:
      return "rollout-gate-override";
  }
  GATE_CHECK(false);
}

Code Fail(const Desk& desk, const Error& error) {
  const Code code = CodeFor(error.code);
  std::string message = error.message;
  if (code == Code::kForbidden) {
    message += fmt::format("; it takes the ClusterRole {}, bound in namespace {}",
                           RoleFor(desk.options.verb), desk.options.word.ns);
  }
  if (code == Code::kNoAnswer) message += "; whether it was done is unknown, repeat it";
  desk.Warn(message);
  return code;
}

Code FileWord(const Desk& desk) {
  const auto filed = override::File(desk.kube, desk.options.word, desk.Now(), desk.deadline);
  if (!filed) return Fail(desk, filed.error());
  Json json = ToJson(filed->one, desk.Now());
  const bool stood = filed->how == override::Filed::How::kStood;
  json["made"] = !stood;
  desk.Say(json, (stood ? "as before: " : "") + Sentence(filed->one, desk.Now()));
  return Code::kDone;
}

Code List(const Desk& desk) {
  const override::Word& word = desk.options.word;
  const auto found = override::ReadOverrides(desk.kube, word.ns, word.rollout, desk.deadline);
  if (!found) return Fail(desk, found.error());
  if (desk.options.output == Output::kText) {
    for (const std::string& line : Table(*found, desk.Now())) desk.platform.out().Write(line);
    return Code::kDone;
  }
  Json all = Json::array();
  for (const decide::Override& one : found->readable) all.push_back(ToJson(one, desk.Now()));
  for (const decide::IgnoredOverride& one : found->malformed) all.push_back(ToJson(one));
  desk.Say(all, "");
  return Code::kDone;
}

Code Revoke(const Desk& desk) {
  const override::Word& word = desk.options.word;
  const auto revoked = override::Revoke(desk.kube,
                                        {.ns = word.ns,
                                         .rollout = word.rollout,
                                         .release = word.release,
                                         .stage = word.stage,
                                         .name = desk.options.name,
                                         .reason = word.reason},
                                        desk.Now(), desk.deadline);
  if (!revoked) return Fail(desk, revoked.error());
  for (const std::string& warning : revoked->warnings) desk.Warn(warning);
  desk.Say({{"revoked", revoked->names}},
           fmt::format("revoked {}", fmt::join(revoked->names, ", ")));
  return Code::kDone;
}

// For people: who resumed, and why. The resumption stands without it.
void NoteResumption(const Desk& desk, const Json& patch) {
  const override::Word& word = desk.options.word;
  const auto actor = override::WhoAmI(desk.kube, desk.deadline);
  if (!actor) return desk.Warn("no Event was left: " + actor.error().message);
  constexpr std::size_t kDigits = 16;
  const std::string unique = "resumed-" + Sha256Hex(DumpJson(patch) + *actor).substr(0, kDigits);
  const auto noted = override::LeaveNote(desk.kube, word.ns, word.rollout, "EvidenceGateResumed",
                                         fmt::format("{} has the gate asked again{}{}", *actor,
                                                     word.reason.empty() ? "" : ": ", word.reason),
                                         unique, desk.Now(), desk.deadline);
  if (!noted) desk.Warn("no Event was left: " + noted.error().message);
}

Code Resume(const Desk& desk) {
  const override::Word& word = desk.options.word;
  const bool dry = desk.options.dry_run;
  const auto plan =
      watch::Resume(desk.kube, word.ns, word.rollout,
                    dry ? watch::ResumeMode::kPlan : watch::ResumeMode::kDo, desk.deadline);
  if (!plan) return Fail(desk, plan.error());
  if (plan->patch.is_null()) {
    desk.Warn(
        fmt::format("nothing to resume in Rollout {}/{}: {}", word.ns, word.rollout, plan->why));
    return Code::kNotPossible;
  }
  if (!dry) NoteResumption(desk, plan->patch);
  desk.Say({{"resumed", !dry}, {"patch", plan->patch}},
           dry ? "would patch the status of the Rollout: " + DumpJson(plan->patch)
               : fmt::format("the gate of Rollout {}/{} is asked again", word.ns, word.rollout));
  return Code::kDone;
}

Code Do(const Desk& desk) {
  switch (desk.options.verb) {
    case Verb::kApprove:
    case Verb::kReject:
      return FileWord(desk);
    case Verb::kList:
      return List(desk);
    case Verb::kRevoke:
      return Revoke(desk);
    case Verb::kResume:
      return Resume(desk);
  }
  GATE_CHECK(false);
}

Code RunVerb(OverrideOptions options, Platform& platform) {
  auto connection = platform.Connect(options.kubeconfig, options.context);
  if (!connection) {
    platform.err().Write("rollout-gate: no cluster (give --kubeconfig): " +
                         connection.error().message);
    return Code::kConfiguration;
  }
  if (options.word.ns.empty()) options.word.ns = (*connection)->default_namespace();
  if (options.word.ns.empty()) {
    platform.err().Write("rollout-gate: --namespace is needed");
    return Code::kConfiguration;
  }
  return Do({options,
             (*connection)->api(),
             platform,
             {platform.runtime().Now() + kPatience, platform.StopToken()}});
}

}  // namespace

int RunOverride(const std::vector<std::string>& arguments, const std::string& /*version*/,
                Platform& platform) {
  auto options = ParseOverride(
      arguments, [&platform](const std::string& name) { return platform.GetEnv(name); });
  if (options) return static_cast<int>(RunVerb(*std::move(options), platform));
  Say(options.error(), platform);
  return static_cast<int>(options.error().is_error ? Code::kConfiguration : Code::kDone);
}

}  // namespace gate::cli
