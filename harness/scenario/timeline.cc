#include "harness/scenario/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "gate/base/check.h"

namespace drill {
namespace {

constexpr std::array<std::pair<Command, std::string_view>, 12> kCommands{{
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
    {Command::kDeleteToken, "delete-token"},
    {Command::kRotateToken, "rotate-token"},
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
  std::string_view operator()(const OverrideEvidence&) const { return "evidence"; }
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
  std::string operator()(const OverrideEvidence& evidence) const {
    return fmt::format("evidence for {}{}{} becomes {}", evidence.release,
                       evidence.stage.empty() ? "" : " at ", evidence.stage, evidence.ok);
  }
};

}  // namespace

std::string_view NameOf(const Action& action) { return std::visit(Name(), action); }

std::vector<std::string_view> ActionNames() {
  std::vector<std::string_view> names;
  for (const auto& [command, name] : kCommands) names.push_back(name);
  names.insert(names.end(), {NameOf(Deploy()), NameOf(Scale()), NameOf(OverrideEvidence())});
  return names;
}

std::optional<Command> ParseCommand(std::string_view name) {
  for (const auto& [command, known] : kCommands) {
    if (known == name) return command;
  }
  return std::nullopt;
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
