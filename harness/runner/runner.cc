#include "harness/runner/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "gate/yaml/strict_yaml.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Result<void> CheckIds(const ScenarioSet& set, const std::vector<std::string>& only) {
  std::vector<std::string> known;
  for (const Scenario& scenario : set.scenarios) known.push_back(scenario.id);
  for (const std::string& id : only) {
    if (Contains(known, id)) continue;
    const auto nearest = gate::yaml::NearestWord(id, known);
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("there is no scenario \"{}\"{}", id,
                             nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : "")};
  }
  return {};
}

// Plays selected scenarios one after the other, each taken from a common counter.
void Work(const ScenarioSet& set, const std::vector<std::size_t>& selected,
          std::atomic<std::size_t>& next, Backend& backend, Recorder& recorder,
          const RunOptions& options, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::size_t index = next.fetch_add(1);
    if (index >= selected.size()) return;
    Play(set.scenarios[selected[index]], backend, recorder, options.limits, stop);
  }
}

// Plays scenarios on `jobs` tasks and returns when all are over.
void PlayAll(const ScenarioSet& set, const std::vector<std::size_t>& selected, int jobs,
             Backend& backend, gate::Runtime& runtime, Recorder& recorder,
             const RunOptions& options, const std::stop_token& stop) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::unique_ptr<gate::Task>> workers;
  const auto count = std::min(selected.size(), static_cast<std::size_t>(std::max(1, jobs)));
  for (std::size_t i = 0; i < count; ++i) {
    workers.push_back(runtime.Spawn(fmt::format("scenario {}", i), [&] {
      Work(set, selected, next, backend, recorder, options, stop);
    }));
  }
  for (const auto& worker : workers) worker->Join();
}

// Together what can be, and then what must be played alone.
void PlayInOrder(const ScenarioSet& set, const std::vector<std::size_t>& selected, Backend& backend,
                 gate::Runtime& runtime, Recorder& recorder, const RunOptions& options,
                 const std::stop_token& stop) {
  auto together = selected;
  const auto alone =
      std::stable_partition(together.begin(), together.end(),
                            [&](std::size_t index) { return !PlaysAlone(set.scenarios[index]); });
  const std::vector<std::size_t> one_by_one(alone, together.end());
  together.erase(alone, together.end());
  PlayAll(set, together, options.jobs, backend, runtime, recorder, options, stop);
  PlayAll(set, one_by_one, /*jobs=*/1, backend, runtime, recorder, options, stop);
}

Result<void> StartBackend(Backend& backend, gate::Runtime& runtime, Recorder& recorder,
                          const RunOptions& options, const std::stop_token& stop) {
  const std::string name(backend.name());
  const Progress progress = [&](std::string_view phase) {
    recorder.RunPhase(name + ": " + std::string(phase));
  };
  const auto facts = backend.Start(progress, {runtime.Now() + options.start_backend, stop});
  if (facts) {
    recorder.BackendReady(*facts);
    return {};
  }
  recorder.RunTrouble("starting " + name + ": " + facts.error().message);
  return facts.error();
}

void StopBackend(Backend& backend, gate::Runtime& runtime, Recorder& recorder,
                 const RunOptions& options) {
  const std::string name(backend.name());
  recorder.RunPhase(name + ": taking it down");
  // A token of its own: what was brought up is taken down also after a stop.
  const auto stopped = backend.Stop({runtime.Now() + options.stop_backend});
  if (!stopped) recorder.RunTrouble("taking " + name + " down: " + stopped.error().message);
}

}  // namespace

Result<std::vector<std::size_t>> SelectScenarios(const ScenarioSet& set,
                                                 const std::vector<std::string>& only,
                                                 std::string_view backend) {
  if (auto known = CheckIds(set, only); !known) return std::move(known).error();
  std::vector<std::size_t> selected;
  for (std::size_t i = 0; i < set.scenarios.size(); ++i) {
    const Scenario& scenario = set.scenarios[i];
    if (!only.empty() && !Contains(only, scenario.id)) continue;
    if (Contains(scenario.backends, backend)) selected.push_back(i);
  }
  if (selected.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("no scenario to play on backend {}", backend)};
  }
  return selected;
}

void DescribeScenarios(const ScenarioSet& set, const std::vector<std::size_t>& selected,
                       const std::vector<std::string>& only, reports::RunResult& head) {
  head.checklist = set.checklist;
  for (std::size_t i = 0; i < set.scenarios.size(); ++i) {
    reports::ScenarioResult result = ResultHead(set.scenarios[i]);
    if (std::find(selected.begin(), selected.end(), i) == selected.end()) {
      result.selected = false;
      result.applies = Contains(set.scenarios[i].backends, head.backend);
      const bool asked_for = only.empty() || Contains(only, result.id);
      result.reason =
          asked_for || !result.applies ? "not for backend " + head.backend : "not selected";
    }
    head.scenarios.push_back(std::move(result));
  }
}

Result<void> RunScenarios(const ScenarioSet& set, const std::vector<std::size_t>& selected,
                          Backend& backend, gate::Runtime& runtime, Recorder& recorder,
                          const RunOptions& options, const std::stop_token& stop) {
  auto started = StartBackend(backend, runtime, recorder, options, stop);
  if (started) {
    PlayInOrder(set, selected, backend, runtime, recorder, options, stop);
    ScenarioSet again = set;
    for (int number = 2; number <= options.repeat && !stop.stop_requested(); ++number) {
      recorder.RunPhase(fmt::format("time {} of {}", number, options.repeat));
      for (Scenario& scenario : again.scenarios) scenario.repetition = number;
      Recorder repetition = recorder.ForRepetition(number);
      PlayInOrder(again, selected, backend, runtime, repetition, options, stop);
    }
  }
  StopBackend(backend, runtime, recorder, options);
  return started;
}

}  // namespace drill
