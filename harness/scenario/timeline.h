#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gate/base/time.h"
#include "harness/scenario/event_pattern.h"
#include "harness/scenario/fault.h"

namespace drill {

// What a scenario lets somebody do while it goes on. docs/scenario-language.md says what each of
// them sends to the API server.
enum class Command {
  kAbort,
  kRetry,
  kPromote,
  kPromoteFull,
  kPause,
  kUnpause,
  kResume,
  kUndo,
  kTerminateAnalysis,
  kRestartController,
  kRestartGate,
  kDeleteToken,
  kRotateToken,
  kAnnounceKey,
  kRotateKey,
  kRetireKey,
  kLiftPodQuota,
};

// A new pod template.
struct Deploy {
  std::string release;
  enum class Image { kPresent, kMissing } image = Image::kPresent;         // of its pods
  enum class Label { kPresent, kAbsent } release_label = Label::kPresent;  // on Rollout and pods
};

struct Scale {
  int replicas = 0;
};

// At most so many pods in the namespace, until kLiftPodQuota: those that are there stay.
struct PodQuota {
  int pods = 0;
};

// MC says this from now on, whatever its script says.
struct OverrideEvidence {
  std::string release;
  std::string stage;  // empty: all stages
  bool ok = false;
};

// Somebody decides in MC's place (docs/override.md).
struct OverrideGate {
  enum class Decision { kApprove, kReject } decision = Decision::kReject;
  std::string stage;
  std::string release;  // empty: the one that is deployed
  std::string by;       // a person with the right to; empty: the harness itself
  bool over_refusal = false;
  std::string reason;
  gate::Nanos expires = std::chrono::minutes(30);
};

// A fault begins when it is due: its own time (Fault::at) is not used.
using Action =
    std::variant<Command, Deploy, Scale, PodQuota, OverrideEvidence, OverrideGate, Fault>;

struct TimelineEntry {
  // What it waits for: its first match since the deployment of the canary; nothing: that
  // deployment itself.
  std::optional<EventPattern> on;
  gate::Nanos after{0};  // how long after that
  Action action;
  int line = 0;
};

// "abort", "promote-full", "deploy", ...: the word that files use.
std::string_view NameOf(const Action& action);
std::vector<std::string_view> ActionNames();

// The command of that name; nothing if there is none, or if it is an action with parameters.
std::optional<Command> ParseCommand(std::string_view name);

// Faults that are actions with a name of their own: token.rotated is `rotate-token`.
std::optional<Command> CommandOf(FaultKind kind);
// The fault that an action is, if it is one.
std::optional<Fault> FaultOf(const Action& action);

// All faults of a timeline; Fault::at is the time of those that wait for no event.
std::vector<Fault> FaultsIn(const std::vector<TimelineEntry>& timeline);

// For people: "deploy shop-1.6.0", "scale to 7"; and "abort 5s after deployed".
std::string Describe(const Action& action);
std::string Describe(const TimelineEntry& entry);

// It strikes at what stages share, so that no other scenario can be played at the same time.
bool DisturbsOthers(const Action& action);

}  // namespace drill
