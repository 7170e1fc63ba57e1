// The contract over the simulator's model of an API server, in virtual time.

#include <fmt/format.h>

#include <memory>

#include "harness/sim/kube/sim_kube.h"
#include "harness/sim/world/fiber.h"
#include "harness/sim/world/sim_runtime.h"
#include "tests/contract/kube_api_contract.h"

namespace gate {
namespace {

class SimKubeBackend : public KubeApiBackend {
 public:
  KubeApi& api() override { return api_; }
  Runtime& runtime() override { return runtime_; }
  std::string UniqueName() override { return fmt::format("contract-{}", ++names_); }

  void Run(const std::function<void()>& body) override {
    const auto fiber = world_.fibers().Start(process_, body);
    const auto until = world_.Now() + std::chrono::hours(1);
    world_.Run(
        until, [&] { return fiber->over; }, 1'000'000);
    EXPECT_TRUE(fiber->over) << "the test's body did not end within an hour";
  }

 private:
  drill::sim::World world_{{.seed = 1}};
  drill::sim::ApiServer server_{world_};
  drill::sim::ApiWeather weather_;
  drill::sim::Process process_{world_, "contract"};
  drill::sim::SimRuntime runtime_{process_};
  drill::sim::SimKube api_{process_, server_, weather_, /*identity=*/{}, "contract"};
  int names_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Sim, KubeApiContract,
                         testing::Values(KubeApiBackendFactory{
                             "sim", [] {
                               return std::unique_ptr<KubeApiBackend>(
                                   std::make_unique<SimKubeBackend>());
                             }}));

}  // namespace
}  // namespace gate
