#include "harness/sim/campaign/case_observer.h"

#include <chrono>
#include <utility>

#include "gate/base/check.h"
#include "harness/kind/collect.h"
#include "harness/kind/stage_objects.h"
#include "harness/sim/world/fiber.h"
#include "reports/model.h"

namespace drill::sim {
namespace {

constexpr gate::Nanos kCollectTime = std::chrono::seconds(30);
constexpr std::uint64_t kMostCollectEvents = 1'000'000;

}  // namespace

CaseObserver::CaseObserver(Simulation& simulation, const std::string& ns)
    : simulation_(simulation),
      ns_(ns),
      observer_({.rollout = kRolloutName,
                 .clock_skew = gate::Nanos(0),
                 .start = simulation.world().Now(),
                 .most_events = reports::kMostEvents}) {
  for (const gate::KubeResource& resource : Observer::Resources()) {
    const TypeInfo* type = FindType(resource);
    GATE_CHECK(type != nullptr);
    observer_.OnSnapshot(resource, {}, Now());
    listeners_.push_back(
        simulation_.server().Listen(type->type, [this, resource](const Change& change) {
          if (change.after->meta.ns != ns_) return;
          observer_.OnEvent(resource, {change.type, ToJson(*change.after)}, Now());
        }));
  }
}

CaseObserver::~CaseObserver() { Forget(); }

void CaseObserver::Forget() {
  for (const auto& listener : listeners_) simulation_.server().Unlisten(listener);
  listeners_.clear();
}

void CaseObserver::OnDeployed(const std::string& release) { observer_.OnDeployed(release, Now()); }

CaseObserver::Seen CaseObserver::Finish(const Trace& more) {
  const Sighting end = Now();
  Forget();
  Seen seen;
  World& world = simulation_.world();
  const auto collect = world.fibers().Start(simulation_.harness(), [&] {
    const gate::Deadline deadline{world.Now() + kCollectTime};
    const auto learn = [&](gate::Result<Trace> learnt) {
      if (learnt) {
        observer_.OnCollected(*learnt);
      } else if (seen.trouble.empty()) {
        seen.trouble = "collecting: " + learnt.error().message;
      }
    };
    learn(CollectMcRequests(simulation_.api(), simulation_.runtime(), ns_, deadline));
    learn(CollectAudits(simulation_.api(), simulation_.runtime(), ns_, deadline));
  });
  world.Run(
      world.Now() + 2 * kCollectTime, [&] { return collect->over; }, kMostCollectEvents);
  if (!collect->over) {
    simulation_.harness().Kill();
    seen.trouble = "collecting: it came to no end";
  }
  observer_.Finish(end);
  seen.trace = observer_.TakeNew();
  if (observer_.dropped() > 0 && seen.trouble.empty()) {
    seen.trouble = "more events were seen than are kept";
  }
  // Not through the observer, which may be full.
  seen.trace = Merge(std::move(seen.trace), more);
  return seen;
}

}  // namespace drill::sim
