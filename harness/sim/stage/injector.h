#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/strict_json.h"
#include "harness/scenario/fault.h"
#include "harness/sim/stage/simulation.h"
#include "harness/trace/trace.h"

namespace drill::sim {

// What the faults of a stage are about.
struct Targets {
  std::string ns;
  std::string canary_release;
};

// Sets the clocks of Argo Rollouts and MC as wrong as they are with these faults.
void SetClocks(const std::vector<Fault>& faults, Simulation::Options& options);

// Lets faults happen in a simulation, and takes them back when their time is over.
class Injector {
 public:
  // All references must outlive it.
  Injector(Simulation& simulation, Targets targets);
  ~Injector();
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;

  // Faults whose extent is the whole run begin now; the others at their times, counted from `zero`.
  // The clocks of Argo Rollouts and MC must have been set before (SetClocks).
  void Schedule(const std::vector<Fault>& faults, gate::Instant zero);
  // One that begins now.
  void Start(const Fault& fault);

  // What has happened so far, in the order of time. A crash at a seam is there when it happens.
  struct Happened {
    gate::Instant at;
    Fault fault;
    enum class What { kBegan, kEnded } what;
  };
  const std::vector<Happened>& history() const { return history_; }

  // How much of the time up to now a rollback was held up by faults.
  gate::Nanos HeldUp() const;
  // Faults that may still hold up a rollback, or did since `since`: "argo.down", ... .
  std::vector<std::string> HoldingUp(gate::Instant since) const;
  // A fault is taking pods, or has, and its aftermath has not passed.
  bool TakesPods() const { return world_.Now() < pods_taken_until_; }

  struct Counters {
    std::vector<std::uint64_t> started;  // by FaultKind
    std::size_t gates_started = 0;
    std::size_t gates_crashed = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Active {
    Fault fault;
    gate::Instant until;
  };
  void End(std::size_t serial);
  void Note(const Fault& fault, Happened::What what) {
    history_.push_back({world_.Now(), fault, what});
  }
  // Brings everything that faults change to what is active now.
  void Apply();
  void Happen(const Fault& fault);
  void OnGateProcess(Process& process);
  // Whether the gate's process of this number is to die at this call.
  bool CrashesAt(std::size_t process, std::string_view call);
  void RotateToken();
  void DeleteToken();
  void RestoreToken();
  void NoteConsequences(const FaultInfo& info, gate::Nanos length);
  void EndHoldUp();
  std::int64_t Largest(FaultKind kind) const;
  std::uint32_t ShareOf(FaultKind kind) const { return static_cast<std::uint32_t>(Largest(kind)); }
  bool IsActive(FaultKind kind) const { return Until(kind) != gate::Instant(); }
  gate::Instant Until(FaultKind kind) const;  // the epoch if it is not active
  gate::Instant DownUntil(FaultKind kind) const;
  void ApplyApi(ApiWeather& weather, FaultKind throttled) const;
  void ApplyWatch(WatchLink& link, FaultKind stalled) const;
  void ApplyNetwork(NetworkWeather& weather) const;
  void ApplyProcesses();
  void ApplyPods();

  Simulation& simulation_;
  World& world_;
  const Targets targets_;
  std::map<std::size_t, Active> active_;  // by serial number
  std::size_t next_serial_ = 0;
  struct Crash {
    Fault fault;
    std::int64_t calls = 0;  // of its process, since it was started
  };
  std::vector<Crash> crashes_;  // of gates
  std::vector<World::Timer> timers_;
  ObjectPtr deleted_token_;
  bool crashing_canary_ = false;
  bool crashing_mc_ = false;
  bool controllers_down_ = false;

  struct HoldUp {
    std::string_view name;
    gate::Instant until;  // with its aftermath
  };
  std::vector<HoldUp> hold_ups_;
  int holding_up_ = 0;
  gate::Instant held_up_since_;
  gate::Nanos held_up_{0};
  gate::Instant pods_taken_until_;
  Counters counters_;
  std::vector<Happened> history_;
};

// What happened, as events `fault`.
Trace FaultTrace(const Injector& injector, const World& world);

}  // namespace drill::sim
