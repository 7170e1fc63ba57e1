#include "harness/sim/cluster/pod_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

namespace drill::sim {
namespace {

using gate::Json;
using gate::JsonString;

constexpr const char* PhaseName(PodPhase phase) {
  switch (phase) {
    case PodPhase::kPending:
      return "Pending";
    case PodPhase::kRunning:
      return "Running";
    case PodPhase::kSucceeded:
      return "Succeeded";
    case PodPhase::kFailed:
      return "Failed";
  }
  return "Unknown";
}

Json Condition(const char* type, bool holds, const std::string& since) {
  Json condition = Json::object();
  condition["type"] = type;
  condition["status"] = holds ? "True" : "False";
  condition["lastTransitionTime"] = since;
  return condition;
}

std::string UnreadyNames(const PodFacts& facts, const PodPlan& plan) {
  std::string names;
  for (std::size_t i = 0; i < facts.containers.size(); ++i) {
    if (facts.containers[i].ready) continue;
    names += (names.empty() ? "" : " ") + plan.containers[i].name;
  }
  return names;
}

Json Conditions(const PodFacts& facts, const PodPlan& plan) {
  const std::string started = FormatSeconds(facts.started);
  const std::string since = FormatSeconds(facts.ready_since);
  Json ready = Condition("Ready", facts.ready, since);
  Json containers_ready = Condition("ContainersReady", facts.ready, since);
  if (facts.phase == PodPhase::kSucceeded || facts.phase == PodPhase::kFailed) {
    const char* reason = facts.phase == PodPhase::kSucceeded ? "PodCompleted" : "PodFailed";
    ready["reason"] = reason;
    containers_ready["reason"] = reason;
  } else if (!facts.ready) {
    const std::string message =
        fmt::format("containers with unready status: [{}]", UnreadyNames(facts, plan));
    for (Json* condition : {&ready, &containers_ready}) {
      (*condition)["reason"] = "ContainersNotReady";
      (*condition)["message"] = message;
    }
  }
  Json conditions = Json::array();
  conditions.push_back(Condition("Initialized", true, started));
  conditions.push_back(std::move(ready));
  conditions.push_back(std::move(containers_ready));
  conditions.push_back(Condition("PodScheduled", true, FormatSeconds(facts.scheduled)));
  return conditions;
}

Json ExitJson(const ContainerExit& exit) {
  Json json = Json::object();
  json["exitCode"] = exit.code;
  json["reason"] = exit.code == 0 ? "Completed" : "Error";
  json["startedAt"] = FormatSeconds(exit.started);
  json["finishedAt"] = FormatSeconds(exit.finished);
  return json;
}

Json ContainerJson(const PodFacts::Container& container, const PodPlan::Container& plan) {
  using State = PodFacts::Container::State;
  Json json = Json::object();
  json["name"] = plan.name;
  json["image"] = plan.image;
  json["ready"] = container.ready;
  json["restartCount"] = container.restarts;
  Json& state = json["state"] = Json::object();
  switch (container.state) {
    case State::kWaiting: {
      Json& waiting = state["waiting"] = Json::object();
      waiting["reason"] = container.reason;
      if (!container.message.empty()) waiting["message"] = container.message;
      break;
    }
    case State::kRunning:
      state["running"] = Json::object();
      state["running"]["startedAt"] = FormatSeconds(container.started);
      break;
    case State::kTerminated:
      state["terminated"] = ExitJson(container.exit.value_or(ContainerExit{}));
      return json;
  }
  if (container.exit) json["lastState"]["terminated"] = ExitJson(*container.exit);
  return json;
}

const Json* Member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

bool HasText(const Json& object, const char* key, const char* text) {
  const Json* value = Member(object, key);
  return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == text;
}

void ReadReadiness(const Json& status, PodView& view) {
  const Json* conditions = Member(status, "conditions");
  if (conditions == nullptr || !conditions->is_array()) return;
  for (const Json& condition : *conditions) {
    if (!HasText(condition, "type", "Ready")) continue;
    view.ready = HasText(condition, "status", "True");
    view.ready_since =
        ParseSeconds(JsonString(condition, "/lastTransitionTime")).value_or(WallSeconds());
    return;
  }
}

void ReadRestarts(const Json& status, PodView& view) {
  const Json* containers = Member(status, "containerStatuses");
  if (containers == nullptr || !containers->is_array()) return;
  for (const Json& container : *containers) {
    const auto restarts = static_cast<int>(gate::JsonInt(container, "/restartCount"));
    view.restarts = std::max(view.restarts, restarts);
  }
}

// The deletion cost that somebody asked for (KEP-2255).
std::int64_t DeletionCost(const PodView& view) {
  const std::string& text = view.pod->meta.Annotation("controller.kubernetes.io/pod-deletion-cost");
  return text.empty() ? 0 : std::strtol(text.c_str(), nullptr, 10);
}

// Times that are about as long ago count as the same (LogarithmicScaleDown): the order of magnitude
// of the age, base 2.
int AgeRank(WallSeconds time, gate::WallTime now) {
  const std::int64_t age = (now - gate::WallTime(time)).count();
  return age <= 0 ? -1 : static_cast<int>(std::bit_width(static_cast<std::uint64_t>(age))) - 1;
}

}  // namespace

Json PodStatusJson(const PodFacts& facts, const PodPlan& plan) {
  Json status = Json::object();
  status["phase"] = PhaseName(facts.phase);
  status["startTime"] = FormatSeconds(facts.started);
  status["conditions"] = Conditions(facts, plan);
  Json& containers = status["containerStatuses"] = Json::array();
  for (std::size_t i = 0; i < facts.containers.size(); ++i) {
    containers.push_back(ContainerJson(facts.containers[i], plan.containers[i]));
  }
  return status;
}

std::shared_ptr<const Json> PodStatuses::Of(const PodFacts& facts, const PodPlan& plan) {
  Recent& recent = recent_.Of(plan.spec, [] { return Recent(); });
  for (const auto& [made_from, json] : recent.made) {
    if (made_from == facts) return json;
  }
  auto json = Share(PodStatusJson(facts, plan));
  if (recent.made.size() < kKept) {
    recent.made.emplace_back(facts, json);
  } else {
    recent.made[recent.next] = {facts, json};
    recent.next = (recent.next + 1) % kKept;
  }
  return json;
}

Json UnschedulableStatus(const std::string& message, WallSeconds since) {
  Json scheduled = Condition("PodScheduled", false, FormatSeconds(since));
  scheduled["reason"] = "Unschedulable";
  scheduled["message"] = message;
  Json status = Json::object();
  status["phase"] = "Pending";
  status["conditions"].push_back(std::move(scheduled));
  return status;
}

PodView ReadPod(const ObjectPtr& pod) {
  PodView view;
  view.pod = pod;
  view.scheduled = Member(SpecOf(*pod), "nodeName") != nullptr;
  const Json& status = StatusOf(*pod);
  for (const PodPhase phase : {PodPhase::kRunning, PodPhase::kSucceeded, PodPhase::kFailed}) {
    if (HasText(status, "phase", PhaseName(phase))) view.phase = phase;
  }
  ReadReadiness(status, view);
  ReadRestarts(status, view);
  return view;
}

bool DeletedBefore(const PodView& a, const PodView& b, gate::WallTime now) {
  if (a.scheduled != b.scheduled) return !a.scheduled;
  if ((a.phase == PodPhase::kPending) != (b.phase == PodPhase::kPending)) {
    return a.phase == PodPhase::kPending;
  }
  if (a.ready != b.ready) return !a.ready;
  const std::int64_t cost_a = DeletionCost(a);
  const std::int64_t cost_b = DeletionCost(b);
  if (cost_a != cost_b) return cost_a < cost_b;
  const auto newer_first = [&](WallSeconds time_a, WallSeconds time_b) {
    const int rank_a = AgeRank(time_a, now);
    const int rank_b = AgeRank(time_b, now);
    return rank_a != rank_b ? rank_a < rank_b : a.pod->meta.uid < b.pod->meta.uid;
  };
  if (a.ready && a.ready_since != b.ready_since) return newer_first(a.ready_since, b.ready_since);
  if (a.restarts != b.restarts) return a.restarts > b.restarts;
  if (a.pod->meta.created != b.pod->meta.created) {
    return newer_first(a.pod->meta.created, b.pod->meta.created);
  }
  // Kubernetes leaves the order open; here it is always the same.
  return a.pod->meta.name < b.pod->meta.name;
}

}  // namespace drill::sim
