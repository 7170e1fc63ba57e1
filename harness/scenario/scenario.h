#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "harness/scenario/canary.h"
#include "harness/scenario/event_pattern.h"
#include "harness/scenario/replay.h"
#include "harness/scenario/timeline.h"

namespace drill {

inline constexpr int kMostReplicas = 100;  // that a scenario can ask for

struct Expectation {
  enum class Kind { kEventually, kNever, kOnce, kSequence };
  std::string id;
  Kind kind = Kind::kEventually;
  std::vector<EventPattern> patterns;  // one, or for kSequence in the order required
  std::optional<gate::Nanos> within;   // kEventually: at most this long after `of`
  std::optional<EventPattern> of;      // first match; absent: the deployment of the canary
  int line = 0;
};

// A duration between two events, asserted on its upper bound (measured + uncertainty).
struct Measure {
  std::string id;
  EventPattern from;
  EventPattern to;  // first match after `from`
  gate::Nanos max{0};
  int line = 0;
};

// How Argo Rollouts asks the gate.
enum class GateMode {
  kJob,      // `rollout-gate evaluate` in a Job of each AnalysisRun
  kService,  // `rollout-gate serve`, by a web metric
};

struct Scenario {
  std::string id;  // stable, such as GATE-005
  std::string title;
  std::string hypothesis;
  bool required = true;
  std::vector<std::string> requirements;  // ids of the readiness checklist
  std::vector<std::string> backends;      // which can play it: sim, kind, cluster

  // World.
  std::string stable_release;
  std::string canary_release;
  int replicas = 5;
  std::string max_surge = "25%";
  std::string max_unavailable = "25%";
  RolloutShape shape;
  bool release_label = true;  // false: the canary's release-id labels are missing
  Deploy::Image canary_image = Deploy::Image::kPresent;
  GateMode gate_mode = GateMode::kJob;
  bool dry_run = false;
  bool gate_image = true;   // false: the gate's Job names an image that does not exist
  bool prometheus = false;  // one watches the service, with the alert rules of kind/monitoring
  std::optional<gate::Nanos> job_deadline;  // of the gate's Job, whole seconds; else from its hold
  std::optional<gate::Nanos> gate_grace;    // of the service's pod, whole seconds; else ample
  gate::Json gate_config;                   // merged over the drill's gate configuration (RFC 7396)
  gate::Json mc_script;                     // the `rules`, `responses`, ... of a mock-mc script

  std::vector<TimelineEntry> timeline;  // in the order of the file
  std::optional<Replay> replay;         // it is a run of a campaign

  gate::Nanos horizon = std::chrono::seconds(120);  // give up this long after the deployment
  std::vector<EventPattern> until;                  // any of these ends the scenario
  std::vector<Expectation> expectations;
  std::vector<Measure> measures;

  // How many times it has been played in this run, this time included: the first time of all, or
  // once more with other random choices.
  int repetition = 1;

  std::string file;    // as given on the command line
  std::string sha256;  // of the file's bytes
};

// Reads one scenario; mistakes are reported all at once as file:line:column.
gate::Result<Scenario> ParseScenario(std::string_view text, const std::string& file);

// What an expectation demands, as one sentence for people: `never promoted`.
std::string Describe(const Expectation& expectation);

// It must not be played beside others: its timeline strikes at what they share.
bool PlaysAlone(const Scenario& scenario);

}  // namespace drill
