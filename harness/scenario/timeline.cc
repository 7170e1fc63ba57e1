#include "harness/scenario/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gate/base/check.h"

namespace drill {
namespace {

constexpr std::array<std::pair<Command, std::string_view>, 17> kCommands{{
    {Command::kAbort, "abort"},
    {Command::kRetry, "retry"},
    {Command::kPromote, "promote"},
    {Command::kPromoteFull, "promote-full"},
    {Command::kPause, "pause"},
    {Command::kUnpause, "unpause"},
    {Command::kResume, "resume"},
    {Command::kUndo, "undo"},
    {Command::kTerminateAnalysis, "terminate-analysis"},
    {Command::kRestartController, "restart-controller"},
    {Command::kRestartGate, "restart-gate"},
    {Command::kDeleteToken, "delete-token"},
    {Command::kRotateToken, "rotate-token"},
    {Command::kAnnounceKey, "announce-key"},
    {Command::kRotateKey, "rotate-key"},
    {Command::kRetireKey, "retire-key"},
    {Command::kLiftPodQuota, "lift-pod-quota"},
}};

constexpr std::array<std::pair<FaultKind, Command>, 1> kFaultCommands{{
    {FaultKind::kTokenRotated, Command::kRotateToken},
}};

struct Name {
  std::string_view operator()(Command command) const {
    const auto* found = std::find_if(kCommands.begin(), kCommands.end(),
                                     [&](const auto& each) { return each.first == command; });
    GATE_CHECK(found != kCommands.end());
    return found->second;
  }
  std::string_view operator()(const Deploy&) const { return "deploy"; }
  std::string_view operator()(const Scale&) const { return "scale"; }
  std::string_view operator()(const PodQuota&) const { return "pod-quota"; }
  std::string_view operator()(const OverrideEvidence&) const { return "evidence"; }
  std::string_view operator()(const OverrideGate&) const { return "override"; }
  std::string_view operator()(const Fault&) const { return "fault"; }
};

struct Description {
  std::string operator()(Command command) const { return std::string(Name()(command)); }
  std::string operator()(const Deploy& deploy) const {
    return fmt::format("deploy {}{}{}", deploy.release,
                       deploy.image == Deploy::Image::kMissing ? ", its image missing" : "",
                       deploy.release_label == Deploy::Label::kAbsent ? ", without its label" : "");
  }
  std::string operator()(const Scale& scale) const {
    return fmt::format("scale to {}", scale.replicas);
  }
  std::string operator()(const PodQuota& quota) const {
    return fmt::format("a quota of {} pods", quota.pods);
  }
  std::string operator()(const OverrideEvidence& evidence) const {
    return fmt::format("evidence for {}{}{} becomes {}", evidence.release,
                       evidence.stage.empty() ? "" : " at ", evidence.stage, evidence.ok);
  }
  std::string operator()(const OverrideGate& word) const {
    return fmt::format("{} {} at {}{} for {}{}{}",
                       word.decision == OverrideGate::Decision::kApprove ? "approve" : "reject",
                       word.release.empty() ? "the release" : word.release, word.stage,
                       word.over_refusal ? " over a refusal" : "",
                       gate::FormatDuration(word.expires), word.by.empty() ? "" : " as ", word.by);
  }
  std::string operator()(const Fault& fault) const { return DescribeUntimed(fault); }
};

}  // namespace

std::string_view NameOf(const Action& action) { return std::visit(Name(), action); }

std::vector<std::string_view> ActionNames() {
  std::vector<std::string_view> names;
  for (const auto& [command, name] : kCommands) names.push_back(name);
  names.insert(names.end(), {NameOf(Deploy()), NameOf(Scale()), NameOf(PodQuota()),
                             NameOf(OverrideEvidence()), NameOf(OverrideGate()), NameOf(Fault())});
  return names;
}

std::optional<Command> ParseCommand(std::string_view name) {
  for (const auto& [command, known] : kCommands) {
    if (known == name) return command;
  }
  return std::nullopt;
}

std::optional<Command> CommandOf(FaultKind kind) {
  for (const auto& [fault, command] : kFaultCommands) {
    if (fault == kind) return command;
  }
  return std::nullopt;
}

std::optional<Fault> FaultOf(const Action& action) {
  if (const auto* fault = std::get_if<Fault>(&action)) return *fault;
  const auto* done = std::get_if<Command>(&action);
  for (const auto& [kind, command] : kFaultCommands) {
    if (done != nullptr && *done == command) return Fault{.kind = kind};
  }
  return std::nullopt;
}

std::vector<Fault> FaultsIn(const std::vector<TimelineEntry>& timeline) {
  std::vector<Fault> faults;
  for (const TimelineEntry& entry : timeline) {
    auto fault = FaultOf(entry.action);
    if (!fault) continue;
    if (!entry.on) fault->at = entry.after;
    faults.push_back(*std::move(fault));
  }
  return faults;
}

std::string Describe(const Action& action) { return std::visit(Description(), action); }

std::string Describe(const TimelineEntry& entry) {
  return fmt::format("{} {} after {}", Describe(entry.action), gate::FormatDuration(entry.after),
                     entry.on ? Describe(*entry.on) : "deployed");
}

bool DisturbsOthers(const Action& action) {
  const auto* command = std::get_if<Command>(&action);
  return command != nullptr && *command == Command::kRestartController;
}

}  // namespace drill
