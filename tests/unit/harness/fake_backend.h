#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gate/seams/runtime.h"
#include "harness/runner/backend.h"
#include "harness/runner/progress_view.h"
#include "reports/journal.h"

// A backend in memory for tests of the runner. Everything runs under a BatonRuntime, one thread at
// a time, so nothing here is locked.
namespace drill {

// An API server of one namespace. Patches are remembered and change nothing: what a controller
// would make of them is put in by the test.
class FakeCluster : public gate::KubeApi {
 public:
  explicit FakeCluster(gate::Runtime& runtime) : runtime_(runtime) {}

  // Adds or changes an object; watches hear of it at once.
  void Put(const gate::KubeResource& resource, gate::Json object);

  // From now on lists and watches of this resource fail; watches that are open end.
  void Break(const gate::KubeResource& resource, gate::Error error);

  gate::Result<gate::KubeList> List(const gate::KubeResource& resource, const std::string& ns,
                                    const gate::KubeSelector& selector,
                                    const gate::Deadline& deadline) override;
  gate::Result<void> Watch(const gate::KubeResource& resource, const std::string& ns,
                           const gate::KubeSelector& selector, const std::string& resource_version,
                           const gate::KubeEventHandler& handler,
                           const gate::Deadline& deadline) override;

  gate::Result<gate::Json> Get(const gate::KubeRef& ref, const gate::Deadline& deadline) override;
  gate::Result<gate::Json> MergePatch(const gate::KubeRef& ref, const gate::Json& patch,
                                      gate::KubeSubresource subresource,
                                      const gate::Deadline& deadline) override;
  gate::Result<void> Delete(const gate::KubeRef& ref, const gate::Deadline& deadline) override;

  // Says who asks (SelfSubjectReview: "drill"); all else it answers as if it had stored it.
  gate::Result<gate::Json> Create(const gate::KubeResource& resource, const std::string& ns,
                                  const gate::Json& object, const gate::Deadline&) override;

  // Not used by the runner.
  gate::Result<gate::Json> Apply(const gate::KubeRef&, const gate::Json&, const std::string&, Force,
                                 gate::KubeSubresource, const gate::Deadline&) override;

  // Requests that change something are asked here first; an error is their answer.
  std::function<gate::Result<void>(const std::string& request)> on_change = [](const auto&) {
    return gate::Result<void>();
  };

  int open_watches() const { return static_cast<int>(watchers_.size()); }

 private:
  struct Change {
    std::string plural;
    std::int64_t version;
    gate::Json object;
  };

  void WakeWatches();

  gate::Runtime& runtime_;
  std::vector<Change> changes_;
  std::map<std::string, gate::Error> broken_;  // by plural
  std::vector<gate::Event*> watchers_;
};

// What happens on the stage of one scenario.
struct StageScript {
  std::optional<gate::Error> prepare;
  std::optional<gate::Error> deploy;
  std::optional<gate::Error> action;  // the answer to every request after the deployment
  std::optional<gate::Error> collect;
  std::optional<gate::Error> remove;
  bool has_rollout = true;
  gate::Nanos prepare_takes = std::chrono::seconds(5);
  std::vector<std::pair<gate::Nanos, std::function<void(FakeCluster&)>>> after_deploy;
  Trace collected;
};

// What was done on it.
struct StageLog {
  int prepared = 0;
  int deployed = 0;
  std::vector<std::string>
      requests;  // that changed something, as "patch rollouts/demo/status {...}"
  int collected = 0;
  int removed = 0;
  int watches_at_removal = 0;
  bool removal_was_stopped = false;
};

class FakeBackend : public Backend {
 public:
  explicit FakeBackend(gate::Runtime& runtime) : runtime_(runtime) {}

  std::string_view name() const override { return "kind"; }
  gate::Result<gate::Json> Start(const Progress& progress, const gate::Deadline& deadline) override;
  std::unique_ptr<Stage> NewStage(const Scenario& scenario) override;
  gate::Result<void> Stop(const gate::Deadline& deadline) override;
  gate::Result<Replayed> Replay(const Scenario& scenario) override {
    if (replayed) return *replayed;
    return Backend::Replay(scenario);
  }

  std::optional<Replayed> replayed;            // what comes of replaying any scenario
  std::map<std::string, StageScript> scripts;  // by scenario id
  std::map<std::string, StageLog> logs;
  std::optional<gate::Error> start_error;
  std::optional<gate::Error> stop_error;
  int started = 0;
  int stopped = 0;
  int stages = 0;  // that exist now
  int most_stages = 0;

 private:
  gate::Runtime& runtime_;
};

// Scripts of a canary that is promoted, and of one that is aborted and rolled back. The verdict
// comes 10 s after the deployment, promotion and restoration 20 s after it.
StageScript Promotes();
StageScript RollsBack();

// Keeps records in memory; fails from the given record on, like a full disk.
class MemoryJournal : public reports::Journal {
 public:
  gate::Result<void> AppendAll(std::vector<gate::Json> records) override;

  // With seq added, as a reader finds them.
  reports::JournalContent Content() const;

  std::vector<gate::Json> records;
  std::size_t fails_from = 1'000'000;
};

// Remembers what was shown.
class MemoryView : public ProgressView {
 public:
  void OnRun(std::string_view phase) override { lines.emplace_back(phase); }
  void OnScenario(const std::string& id, std::string_view phase) override {
    lines.push_back(id + ": " + std::string(phase));
  }
  void OnScenarioEnd(const reports::ScenarioResult& result) override {
    lines.push_back(result.id + " " + std::string(reports::ToString(result.outcome)));
  }

  std::vector<std::string> lines;
};

}  // namespace drill
