#include "harness/fidelity/tracks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <map>
#include <utility>

namespace drill {
namespace {

std::string Text(const Milestone& milestone, const char* field) {
  const auto found = milestone.fields.find(field);
  return found == milestone.fields.end() ? "" : gate::JsonText(*found);
}

// "verdict stage=20 verdict=pass"
std::string Whole(const Milestone& milestone) {
  std::string text = milestone.event;
  for (const auto& [key, value] : milestone.fields.items()) {
    text += fmt::format(" {}={}", key, Text(milestone, key.c_str()));
  }
  return text;
}

bool IsOneOf(const std::string& event, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), event) != names.end();
}

std::vector<std::string> RolloutTrack(const MilestoneTrace& trace) {
  std::vector<std::string> entries;
  std::string phase;
  for (const Milestone& each : trace.milestones) {
    if (each.event == "rollout.phase") {
      std::string now = Text(each, "phase");
      if (now != "Progressing") now += ": " + Text(each, "message");
      if (std::exchange(phase, now) != now) entries.push_back("phase " + now);
    } else if (each.event == "rollout.step") {
      entries.push_back(fmt::format("step {} at {} %", Text(each, "index"), Text(each, "weight")));
    } else if (each.event == "rollout.pause") {
      entries.push_back(fmt::format("pause {} {}", Text(each, "reason"),
                                    Text(each, "active") == "true" ? "begins" : "ends"));
    } else if (each.event == "promoted") {
      entries.push_back(Whole(each));
    }
  }
  return entries;
}

std::vector<std::string> ProgressTrack(const MilestoneTrace& trace) {
  std::vector<std::string> entries;
  for (const Milestone& each : trace.milestones) {
    if (IsOneOf(each.event, {"deployed", "action", "promoted", "restored"})) {
      entries.push_back(Whole(each));
    } else if (each.event == "rollout.aborted") {
      entries.push_back(each.event);
    }
  }
  return entries;
}

// The end of a pause or an analysis and the scaling that follows are seen by different watches.
// What was true this long before is certainly from before the end. What had not even begun then (a
// web metric is answered at once) was no standstill: what the step before it asked for may still be
// on its way.
constexpr gate::Nanos kBeforeItsEnd = std::chrono::milliseconds(300);

// What ends this soon after the timeline did something was ended by that, and the scaling that it
// led to as well may have been seen before the end.
constexpr gate::Nanos kReaction = std::chrono::milliseconds(1500);

// Whether the timeline did something that Argo Rollouts may react to, and not just MC or the gate.
bool ConcernsTheRollout(const Milestone& milestone) {
  return milestone.event == "action" &&
         !IsOneOf(Text(milestone, "do"),
                  {"evidence", "delete-token", "rotate-token", "announce-key", "rotate-key",
                   "retire-key", "override", "restart-gate"});
}

// "4 1 0", those of a milestone `replicas`.
std::string AskedFor(const Milestone* replicas) {
  if (replicas == nullptr) return "unknown";
  return fmt::format("{} {} {}", Text(*replicas, "stableSpec"), Text(*replicas, "canarySpec"),
                     Text(*replicas, "olderSpec"));
}

// "4 (4) 1 (0) 0 (0)", with those available.
std::string WithAvailable(const Milestone* replicas) {
  if (replicas == nullptr) return "unknown";
  const auto role = [&](const std::string& name) {
    return fmt::format("{} ({})", Text(*replicas, (name + "Spec").c_str()),
                       Text(*replicas, (name + "Available").c_str()));
  };
  return fmt::format("{} {} {}", role("stable"), role("canary"), role("older"));
}

// The last milestone `replicas` until kBeforeItsEnd before `end`, or null.
const Milestone* ReplicasBefore(const MilestoneTrace& trace, gate::Nanos end) {
  const Milestone* last = nullptr;
  for (const Milestone& each : trace.milestones) {
    if (each.event == "replicas" && each.at <= end - kBeforeItsEnd) last = &each;
  }
  return last;
}

std::vector<std::string> ReplicasTrack(const MilestoneTrace& trace) {
  std::vector<std::string> entries;
  const Milestone* last = nullptr;
  gate::Nanos acted = -kReaction;
  for (const Milestone& each : trace.milestones) {
    if (each.event == "replicas") {
      last = &each;
    } else if (each.event == "action") {
      entries.push_back(fmt::format("{}: {}", Text(each, "do"), AskedFor(last)));
      if (ConcernsTheRollout(each)) acted = each.at;
    } else if (each.event == "rollout.pause" && Text(each, "active") == "false" &&
               each.at - acted >= kReaction) {
      entries.push_back(fmt::format("end of {}: {}", Text(each, "reason"),
                                    AskedFor(ReplicasBefore(trace, each.at))));
    }
  }
  entries.push_back("at the end: " + WithAvailable(last));
  return entries;
}

// Run by run, as runs beside each other have no common order.
std::vector<std::string> ByName(const std::map<std::string, std::vector<std::string>>& lists) {
  std::vector<std::string> entries;
  for (const auto& [name, list] : lists) {
    for (const std::string& each : list) entries.push_back(fmt::format("{}: {}", name, each));
  }
  return entries;
}

bool HasEnded(const std::string& analysis_phase) {
  return analysis_phase != "Pending" && analysis_phase != "Running";
}

std::vector<std::string> AnalysisTrack(const MilestoneTrace& trace) {
  std::map<std::string, std::vector<std::string>> runs;
  std::map<std::string, gate::Nanos> begun;
  gate::Nanos acted = -kReaction;
  for (const Milestone& each : trace.milestones) {
    if (ConcernsTheRollout(each)) acted = each.at;
    if (each.event != "analysisrun.phase") continue;
    const gate::Nanos began = begun.try_emplace(Text(each, "name"), each.at).first->second;
    const std::string type = Text(each, "type");
    const std::string phase = Text(each, "phase");
    std::string text = fmt::format("{} {} {}", type, phase, Text(each, "message"));
    // A background run ends at any moment, and one that is terminated when somebody wants it to.
    const bool by_itself = type == "Step" && text.find("Terminated") == std::string::npos;
    const bool stood_still = each.at - acted >= kReaction && each.at - began >= kBeforeItsEnd;
    if (by_itself && HasEnded(phase) && stood_still) {
      text += " at " + AskedFor(ReplicasBefore(trace, each.at));
    }
    runs[Text(each, "name")].push_back(std::move(text));
  }
  return ByName(runs);
}

std::vector<std::string> EventsTrack(const MilestoneTrace& trace) {
  std::vector<std::string> entries;
  for (const Milestone& each : trace.milestones) {
    if (each.event != "event" || Text(each, "kind") != "Rollout") continue;
    if (Text(each, "reason") == "ScalingReplicaSet") continue;
    entries.push_back(fmt::format("{}: {}", Text(each, "reason"), Text(each, "message")));
  }
  return entries;
}

std::vector<std::string> RunEventsTrack(const MilestoneTrace& trace) {
  std::map<std::string, std::vector<std::string>> runs;
  for (const Milestone& each : trace.milestones) {
    if (each.event != "event" || Text(each, "kind") != "AnalysisRun") continue;
    auto& run = runs[Text(each, "name")];
    std::string entry = fmt::format("{}: {}", Text(each, "reason"), Text(each, "message"));
    // From a cache that lags behind, the controller does the same once more.
    if (std::find(run.begin(), run.end(), entry) == run.end()) run.push_back(std::move(entry));
  }
  return ByName(runs);
}

std::vector<std::string> JobsTrack(const MilestoneTrace& trace) {
  std::vector<std::string> entries;
  for (const Milestone& each : trace.milestones) {
    if (each.event == "job.finished") entries.push_back(Whole(each));
  }
  return entries;
}

std::vector<std::string> VerdictsTrack(const MilestoneTrace& trace) {
  std::vector<std::string> entries;
  for (const Milestone& each : trace.milestones) {
    if (each.event != "verdict" || Text(each, "verdict") == "inconclusive") continue;
    entries.push_back(Whole(each));
  }
  return entries;
}

}  // namespace

std::vector<Track> Tracks(const MilestoneTrace& trace) {
  const auto events_end = trace.events_cut ? Track::End::kCut : Track::End::kComplete;
  return {{"rollout", RolloutTrack(trace)},
          {"progress", ProgressTrack(trace)},
          {"replicas", ReplicasTrack(trace)},
          {"analysis", AnalysisTrack(trace)},
          {"events", EventsTrack(trace), events_end},
          {"run events", RunEventsTrack(trace)},
          {"jobs", JobsTrack(trace)},
          {"verdicts", VerdictsTrack(trace)}};
}

}  // namespace drill
