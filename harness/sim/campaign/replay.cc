#include "harness/sim/campaign/replay.h"

#include <utility>

#include "harness/sim/campaign/campaign.h"
#include "harness/sim/campaign/case_file.h"
#include "harness/sim/stage/sim_backend.h"

namespace drill::sim {

gate::Result<ObservedCase> ReplayCase(gate::Files& files, const std::string& manifests,
                                      const Scenario& scenario) {
  auto worlds = CaseWorlds::Make(files, manifests, scenario.replay->campaign_seed, {scenario});
  if (!worlds) return std::move(worlds).error();
  ScriptCache scripts;
  return PlayObserved(CaseOf(scenario), worlds->TemplateFor(0), scripts);
}

gate::Result<Replayed> ReplayScenario(gate::Files& files, const std::string& manifests,
                                      const Scenario& scenario) {
  auto observed = ReplayCase(files, manifests, scenario);
  if (!observed) return std::move(observed).error();
  CaseResult& result = observed->result;
  const Ending::Kind kind =
      result.trouble.empty() ? Ending::Kind::kHorizon : Ending::Kind::kTrouble;
  return Replayed{.trace = std::move(observed->trace),
                  .ending = {kind, std::move(result.trouble), gate::Instant()},
                  .started = SimulatedEpoch(),
                  .duration = result.virtual_time,
                  .trace_hash = TraceText(result.trace)};
}

}  // namespace drill::sim
