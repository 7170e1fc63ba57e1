#include "harness/sim/cluster/plain_runtime.h"

#include <utility>

namespace drill::sim {
namespace {

class PlainContainer : public Container {
 public:
  PlainContainer(World& world, const PlainRuntime::Options& options, ContainerEvents events)
      : world_(world), options_(options), events_(std::move(events)) {}
  ~PlainContainer() override { world_.Cancel(stop_); }

  bool ready() const override { return true; }
  void Terminate() override {
    if (stop_.generation != 0) return;
    stop_ =
        world_.After(options_.stop, Rank::kProcess, [this] { events_.exited(options_.exit_code); });
  }

 private:
  World& world_;
  const PlainRuntime::Options& options_;
  const ContainerEvents events_;
  World::Timer stop_;
};

}  // namespace

std::unique_ptr<Container> PlainRuntime::Start(const ContainerSpec&, ContainerEvents events) {
  return std::make_unique<PlainContainer>(world_, options_, std::move(events));
}

}  // namespace drill::sim
