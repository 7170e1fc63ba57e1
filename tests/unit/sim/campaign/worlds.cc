#include "tests/unit/sim/campaign/worlds.h"

#include "gate/adapters/system_files.h"
#include "gate/base/check.h"

namespace drill::sim {

const CaseWorlds& GeneratedWorlds() {
  static const CaseWorlds worlds = [] {
    gate::SystemFiles files;
    auto made = CaseWorlds::Make(files, MANIFESTS, /*seed=*/1, {});
    GATE_CHECK(made.has_value());
    return *std::move(made);
  }();
  return worlds;
}

Case PlainCase(McAnswer at_20, McAnswer at_50) {
  Case one;
  one.seed = 7;
  one.scenario = GeneratedWorld();
  one.scenario.replicas = 10;
  one.mc = {{"20", {{at_20, 1}}}, {"50", {{at_50, 1}}}};
  return one;
}

CaseResult Play(const Case& one) {
  ScriptCache scripts;
  return PlayCase(one, GeneratedWorlds().TemplateFor(0), scripts);
}

}  // namespace drill::sim
