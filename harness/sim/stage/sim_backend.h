#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gate/seams/files.h"
#include "harness/kind/stage_objects.h"
#include "harness/runner/backend.h"
#include "harness/sim/stage/simulation.h"

namespace drill::sim {

// Plays every scenario in a world of its own, in virtual time. The objects are those of the kind
// backend, applied to a modelled API server; gate and mock-mc are the production code.
class SimBackend : public Backend {
 public:
  struct Options {
    std::uint64_t seed = 0;
    ArgoVersion argo = ArgoVersion::k1_10;
    // Plays scenarios that are runs of campaigns; empty: they cannot be played.
    std::function<gate::Result<Replayed>(const Scenario&)> replay;
  };
  // `directory` is kind/scenario. `files` must outlive it.
  SimBackend(const Options& options, std::string directory, gate::Files& files);

  std::string_view name() const override { return "sim"; }
  gate::Result<gate::Json> Start(const Progress& progress, const gate::Deadline& deadline) override;
  std::unique_ptr<Stage> NewStage(const Scenario& scenario) override;
  gate::Result<Replayed> Replay(const Scenario& scenario) override;
  gate::Result<void> Stop(const gate::Deadline& /*deadline*/) override { return {}; }

 private:
  const Options options_;
  const std::string directory_;
  gate::Files& files_;
  std::optional<StageWorld> world_;  // what all stages share, after Start
};

// The world of the stages: keys and token drawn from the seed, so that the same seed signs the
// same. Errors: those of OpenSSL, kUnavailable.
gate::Result<StageWorld> MakeStageWorld(std::uint64_t seed);

// The civil time at which simulations begin.
gate::WallTime SimulatedEpoch();

}  // namespace drill::sim
