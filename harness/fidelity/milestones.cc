#include "harness/fidelity/milestones.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "harness/fidelity/names.h"

namespace drill {
namespace {

using gate::Json;
using gate::JsonString;

constexpr gate::Nanos kTick = std::chrono::milliseconds(100);

// The fields of each event that are kept. Names of Jobs are their run's uid and therefore not.
struct Kept {
  std::string_view event;
  std::vector<const char*> fields;
};

const std::vector<Kept>& KeptEvents() {
  static const std::vector<Kept> kept = {
      {"deployed", {"release"}},
      {"action", {"do", "ok"}},
      {"rollout.phase", {"phase", "message"}},
      {"rollout.step", {"index", "weight"}},
      {"rollout.pause", {"reason", "active"}},
      {"rollout.aborted", {"message"}},
      {"promoted", {"release"}},
      {"restored", {}},
      {"replicas",
       {"stableSpec", "stableAvailable", "canarySpec", "canaryAvailable", "olderSpec",
        "olderAvailable"}},
      {"analysisrun.phase", {"name", "type", "step", "phase", "message"}},
      {"job.finished", {"succeeded", "reason"}},
      {"event", {"kind", "name", "reason", "message"}},
      {"verdict", {"stage", "verdict", "reason", "release"}},
  };
  return kept;
}

// Of the Kubernetes Events only those that Argo's controller emits: the gate's own are known from
// its verdicts, and those of pods and ReplicaSets depend on the kubelet's timing.
bool IsArgosEvent(const reports::TraceEntry& entry) {
  const std::string kind = JsonString(entry.fields, "/kind");
  return entry.name == "event" && (kind == "Rollout" || kind == "AnalysisRun") &&
         !JsonString(entry.fields, "/reason").starts_with("EvidenceGate");
}

// Also those from before the deployment of the canary count.
bool EventsCut(const std::vector<reports::TraceEntry>& timeline) {
  return std::count_if(timeline.begin(), timeline.end(), [](const auto& entry) {
           return IsArgosEvent(entry) && JsonString(entry.fields, "/kind") == "Rollout";
         }) >= kMostObjectEvents;
}

Json KeepFields(const Json& fields, const std::vector<const char*>& names, const Names& common) {
  Json kept = Json::object();
  for (const char* name : names) {
    const auto found = fields.find(name);
    if (found == fields.end()) continue;
    kept[name] = found->is_string() ? Json(common.InCommon(found->get<std::string>())) : *found;
  }
  return kept;
}

// What the timeline did had its effects from the beginning of the request on; all else is known
// when it was received.
gate::Nanos TimeOf(const reports::TraceEntry& entry) {
  return entry.name == "action" ? entry.at - entry.uncertainty : entry.at;
}

gate::Nanos Coarse(gate::Nanos time) { return (time + kTick / 2) / kTick * kTick; }

}  // namespace

MilestoneTrace ExtractMilestones(const reports::RunResult& run,
                                 const reports::ScenarioResult& scenario) {
  MilestoneTrace trace{scenario.id,
                       scenario.sha256,
                       run.backend,
                       JsonString(run.facts, "/argoRollouts/image"),
                       EventsCut(scenario.timeline),
                       {}};
  std::vector<reports::TraceEntry> timeline = scenario.timeline;
  std::stable_sort(timeline.begin(), timeline.end(),
                   [](const auto& a, const auto& b) { return TimeOf(a) < TimeOf(b); });
  const auto deployed = std::find_if(timeline.begin(), timeline.end(),
                                     [](const auto& entry) { return entry.name == "deployed"; });
  const Names names(scenario.id, timeline);
  for (auto entry = deployed; entry != timeline.end(); ++entry) {
    const auto kept = std::find_if(KeptEvents().begin(), KeptEvents().end(),
                                   [&](const Kept& each) { return each.event == entry->name; });
    if (kept == KeptEvents().end() || (entry->name == "event" && !IsArgosEvent(*entry))) continue;
    trace.milestones.push_back({Coarse(TimeOf(*entry) - deployed->at), entry->name,
                                KeepFields(entry->fields, kept->fields, names)});
  }
  return trace;
}

}  // namespace drill
