#include "harness/sim/campaign/shrink.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace drill::sim {
namespace {

using gate::Nanos;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Shrinker {
 public:
  Shrinker(const Case& one, const CaseResult& result, const StageTemplate& stage,
           std::uint64_t most_replays)
      : stage_(stage), most_replays_(most_replays), best_{one, result, 0} {}

  Shrunk Run() {
    bool smaller = true;
    while (smaller && best_.replays < most_replays_) {
      smaller = false;
      for (const auto pass :
           {&Shrinker::DropFaults, &Shrinker::PlainSchedule, &Shrinker::PlainMc,
            &Shrinker::FewerReplicas, &Shrinker::PlainRollout, &Shrinker::ShortenFaults}) {
        smaller = (this->*pass)() || smaller;
      }
    }
    RoundFaults();  // may lengthen them again, and so comes once, at the end
    return best_;
  }

 private:
  // Keeps `candidate` if it fails in the same way.
  bool Try(const Case& candidate) {
    if (best_.replays >= most_replays_) return false;
    ++best_.replays;
    CaseResult result = PlayCase(candidate, stage_, scripts_);
    const bool same = result.violation && best_.result.violation
                          ? result.violation->invariant == best_.result.violation->invariant
                          : !result.violation && !best_.result.violation && !result.trouble.empty();
    if (!same) return false;
    best_.smallest = candidate;
    best_.result = std::move(result);
    return true;
  }

  bool TryWith(const std::function<void(Case&)>& change) {
    Case candidate = best_.smallest;
    change(candidate);
    return Try(candidate);
  }

  bool DropFaults() {
    if (best_.smallest.faults.size() > 1 && TryWith([](Case& one) { one.faults.clear(); })) {
      return true;
    }
    bool dropped = false;
    for (std::size_t i = best_.smallest.faults.size(); i-- > 0;) {
      dropped = TryWith([i](Case& one) {
                  one.faults.erase(one.faults.begin() + static_cast<std::ptrdiff_t>(i));
                }) ||
                dropped;
    }
    return dropped;
  }

  bool PlainSchedule() {
    bool plainer = false;
    if (best_.smallest.ties != World::Options::Ties::kInOrder) {
      plainer = TryWith([](Case& one) { one.ties = World::Options::Ties::kInOrder; });
    }
    if (best_.smallest.argo != ArgoVersion::k1_10) {
      plainer = TryWith([](Case& one) { one.argo = ArgoVersion::k1_10; }) || plainer;
    }
    if (best_.smallest.scenario.gate_mode != GateMode::kJob) {
      plainer = TryWith([](Case& one) { one.scenario.gate_mode = GateMode::kJob; }) || plainer;
    }
    return plainer;
  }

  bool PlainMc() {
    const McTurn good{McAnswer::kGood, 1};
    bool plainer = false;
    for (std::size_t s = 0; s < best_.smallest.mc.size(); ++s) {
      if (best_.smallest.mc[s].turns == std::vector{good}) continue;
      if (TryWith([&](Case& one) { one.mc[s].turns = {good}; })) {
        plainer = true;
        continue;
      }
      for (std::size_t t = best_.smallest.mc[s].turns.size(); t-- > 0;) {
        if (best_.smallest.mc[s].turns.size() == 1) break;
        plainer = TryWith([&](Case& one) {
                    auto& turns = one.mc[s].turns;
                    turns.erase(turns.begin() + static_cast<std::ptrdiff_t>(t));
                  }) ||
                  plainer;
      }
    }
    return plainer;
  }

  bool FewerReplicas() {
    bool fewer = false;
    for (const int replicas : {1, 2, 3, 5, 10}) {
      if (replicas >= best_.smallest.scenario.replicas) break;
      if (TryWith([&](Case& one) { one.scenario.replicas = replicas; })) return true;
    }
    return fewer;
  }

  bool PlainRollout() {
    const Scenario plain = GeneratedWorld();
    const Scenario& now = best_.smallest.scenario;
    bool plainer = false;
    if (now.max_surge != plain.max_surge || now.max_unavailable != plain.max_unavailable) {
      plainer = TryWith([&](Case& one) {
        one.scenario.max_surge = plain.max_surge;
        one.scenario.max_unavailable = plain.max_unavailable;
      });
    }
    if (!now.shape.steps) return plainer;
    for (std::size_t i = now.shape.steps->size(); i-- > 0;) {
      if (best_.smallest.scenario.shape.steps->size() == 1) break;
      plainer = TryWith([&](Case& one) {
                  auto& steps = *one.scenario.shape.steps;
                  steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
                }) ||
                plainer;
    }
    return plainer;
  }

  // Keeps the change of fault `i` if it is one, and the case fails in the same way.
  bool TryFault(std::size_t i, const std::function<void(Fault&)>& change) {
    Case candidate = best_.smallest;
    change(candidate.faults[i]);
    return !(candidate.faults == best_.smallest.faults) && Try(candidate);
  }

  bool ShortenFaults() {
    bool shorter = false;
    for (std::size_t i = 0; i < best_.smallest.faults.size(); ++i) {
      shorter = TryFault(i, [](Fault& fault) { fault.at = Nanos(0); }) || shorter;
      constexpr Nanos kShortest = milliseconds(50);
      if (best_.smallest.faults[i].length < 2 * kShortest) continue;
      shorter = TryFault(i, [](Fault& fault) { fault.length /= 2; }) || shorter;
    }
    return shorter;
  }

  // To the coarsest times that still fail.
  void RoundFaults() {
    for (std::size_t i = 0; i < best_.smallest.faults.size(); ++i) {
      for (const Nanos unit : {Nanos(seconds(10)), Nanos(seconds(1)), Nanos(milliseconds(100))}) {
        const auto round = [unit](Nanos time) { return (time + unit / 2) / unit * unit; };
        const bool done = TryFault(i, [&](Fault& fault) {
          fault.at = round(fault.at);
          if (fault.length > Nanos(0)) fault.length = std::max(unit, round(fault.length));
        });
        if (done) break;
      }
      if (InfoOf(best_.smallest.faults[i].kind).parameter == FaultInfo::Parameter::kShare) {
        TryFault(i, [](Fault& fault) { fault.amount = kWholeShare; });
      }
    }
  }

  const StageTemplate& stage_;
  const std::uint64_t most_replays_;
  ScriptCache scripts_;
  Shrunk best_;
};

}  // namespace

Shrunk Shrink(const Case& one, const CaseResult& result, const StageTemplate& stage,
              std::uint64_t most_replays) {
  return Shrinker(one, result, stage, most_replays).Run();
}

}  // namespace drill::sim
