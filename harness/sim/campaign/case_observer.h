#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/sim/stage/simulation.h"
#include "harness/trace/observer.h"
#include "harness/trace/trace.h"

namespace drill::sim {

// Sees a case as a scenario's watches would, but at once and without being part of its world.
class CaseObserver {
 public:
  // Must be made before the first object is created, and must not outlive the simulation.
  CaseObserver(Simulation& simulation, const std::string& ns);
  ~CaseObserver();
  CaseObserver(const CaseObserver&) = delete;
  CaseObserver& operator=(const CaseObserver&) = delete;

  // The canary is being deployed now.
  void OnDeployed(const std::string& release);

  // It has come to its end. Asks MC and the pods' logs for what only they know, for which the world
  // goes on a little. What could not be learnt is in `trouble`.
  struct Seen {
    Trace trace;  // ordered by `at`
    std::string trouble;
  };
  Seen Finish(const Trace& more);

 private:
  Sighting Now() const { return {simulation_.world().Now(), simulation_.world().WallNow()}; }
  void Forget();

  Simulation& simulation_;
  const std::string ns_;
  Observer observer_;
  std::vector<ApiServer::ListenerId> listeners_;
};

}  // namespace drill::sim
