#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/sim/cluster/node.h"
#include "harness/sim/cluster/volumes.h"

namespace drill::sim {

inline constexpr std::string_view kKubelet = "kubelet";

// One pod on the node, from the kubelet's first sight of it until its object is gone. Destruction
// kills its containers.
class PodWorker {
 public:
  PodWorker(Node& node, ObjectPtr pod);
  ~PodWorker();
  PodWorker(const PodWorker&) = delete;
  PodWorker& operator=(const PodWorker&) = delete;

  const ObjectPtr& pod() const { return pod_; }

  // A new state of the object has arrived.
  void Saw(ObjectPtr pod);
  // A ConfigMap or Secret changed: the files follow after a while.
  void SawSource(const Object& source);
  // All containers end at once with this code.
  void Crash(int exit_code);
  // The machine goes off, and comes back.
  void PowerOff();
  void PowerOn();

 private:
  struct Token {};
  struct Running {
    std::unique_ptr<Container> process;  // null: not running
    std::shared_ptr<Token> token;        // what arrives for an earlier run does nothing
    World::Timer next;                   // the next attempt to start it, or its crash
    World::Timer probe;
    gate::Instant first_probe;
    int probes = 0;  // in a row that found it otherwise than its status says
    // Of image pulls and of restarts; 0: nothing has gone wrong yet.
    gate::Nanos pull_backoff{0};
    gate::Nanos crash_backoff{0};
    gate::Instant crash_backoff_since;
  };

  // Starting. Each gets on with it as far as it goes now.
  void MountVolumes();
  void StartContainer(std::size_t index);
  void PullFailed(std::size_t index);
  void Wait(std::size_t index, std::string reason, std::string message);
  void Run(std::size_t index, std::map<std::string, std::string> env);
  bool crashing() const;

  // Readiness.
  void ExpectProbe(std::size_t index);
  void Probe(std::size_t index);
  void SetReady(std::size_t index, bool ready);

  // Ending.
  void End(std::size_t index, int exit_code);     // and what follows from it
  void Exited(std::size_t index, int exit_code);  // only the facts
  bool WillRestart(int exit_code) const;
  void PlanRestart(std::size_t index);
  void Restart(std::size_t index);
  void BeginDeletion();
  void KillAfter(std::int64_t grace_seconds);
  void MaybeRemove();
  bool AnyRunning() const;

  // The status.
  void Publish(gate::Nanos delay);
  void PublishNow();
  void UpdatePhase();

  void CancelAll();
  ContainerEvents EventsFor(std::size_t index);
  const PodPlan::Container& PlanOf(std::size_t index) const { return plan_->containers[index]; }
  gate::Nanos SlowedStart();

  Node& node_;
  ObjectPtr pod_;
  const std::shared_ptr<const PodPlan> plan_;
  std::shared_ptr<PodVolumes> volumes_;  // shared with the containers' files, which may outlive us
  PodFacts facts_;
  std::vector<Running> containers_;
  gate::Nanos mount_backoff_{0};
  bool mounted_ = false;
  bool deleting_ = false;
  bool removing_ = false;
  bool publishing_ = false;
  gate::Instant publish_at_;
  gate::Instant kill_at_;
  std::shared_ptr<const gate::Json> published_;
  World::Timer mount_;
  World::Timer publish_;
  World::Timer kill_;
  World::Timer removal_;
  World::Timer refresh_;
  bool refreshing_ = false;
};

// The environment of a container, resolved. An error is what the kubelet says when something that
// it is made from is missing (kNotFound).
gate::Result<std::map<std::string, std::string>> ResolveEnv(const ApiServer& server,
                                                            const Object& pod,
                                                            const PodPlan::Container& container);

// Replaces $(NAME) with the variable's value, $$ with $; what is not known stays.
std::string ExpandVariables(std::string_view text, const std::map<std::string, std::string>& env);

}  // namespace drill::sim
