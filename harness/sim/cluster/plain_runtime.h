#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "harness/sim/cluster/container.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// Ordinary workloads: every image is there, a container serves at once, and ends after SIGTERM with
// a code of its own.
class PlainRuntime : public ContainerRuntime {
 public:
  struct Options {
    gate::Nanos stop = std::chrono::milliseconds(5);  // from SIGTERM to the exit
    int exit_code = 0;  // after SIGTERM: 0 if handled, 143 (128 + SIGTERM) if not
  };
  PlainRuntime(World& world, const Options& options) : world_(world), options_(options) {}

  ImageState ImageOf(std::string_view) override { return ImageState::kPresent; }
  std::unique_ptr<Container> Start(const ContainerSpec& spec, ContainerEvents events) override;

 private:
  World& world_;
  const Options options_;
};

}  // namespace drill::sim
