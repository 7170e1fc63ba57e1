#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/assess.h"
#include "reports/model.h"

// What several formats tell for people, found out once.
namespace reports {

inline constexpr std::string_view kSimulatedMeans =
    "The gate and MC are the real code; Kubernetes and Argo Rollouts are models, and all times are "
    "virtual. This is no proof of what a real cluster does.";

// What the decision covers: profile, what nobody was asked, until when it holds.
std::string Scope(const RunResult& run, const Assessment& assessment);

// How well the simulation is known to agree with a real cluster.
std::string FidelityOf(const RunResult& run);

// Name and value, in the order of the report: what, who, when, where, with what.
std::vector<std::pair<std::string, std::string>> ProvenanceOf(const RunResult& run);

// The fields of an event as "key = value, ...", without empty ones.
std::string FieldsText(const TraceEntry& entry);

// One of them; "" if there is none of that name.
std::string FieldText(const TraceEntry& entry, const char* key);

// A scenario here and the last time on another backend.
struct BackendComparison {
  std::string scenario;
  Outcome here = Outcome::kNotRun;
  std::string times_here;
  std::string backend;  // the other one
  Outcome there = Outcome::kNotRun;
  std::string times_there;
  std::string milestones = {};  // whether they are the same; "" if they were not compared
  std::vector<std::string> differences = {};  // the first of each track
  bool same = true;                           // outcomes and milestones
};
std::vector<BackendComparison> CompareBackends(const RunResult& run);

// The upper bounds of a measure over all times that a scenario was played, in order.
struct Distribution {
  std::string measure;
  gate::Nanos limit{0};
  std::vector<gate::Nanos> uppers;  // never empty

  // The nearest rank: the least value that `percent` % of all do not exceed.
  gate::Nanos At(int percent) const;
};
// None if the scenario was played only once.
std::vector<Distribution> DistributionsOf(const ScenarioResult& scenario);

}  // namespace reports
