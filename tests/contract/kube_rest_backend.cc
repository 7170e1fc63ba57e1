// The contract over RestKubeApi and a real API server: the one of the kubeconfig that
// GATE_TEST_KUBECONFIG names. Never the ambient one: this creates and deletes namespaces.

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "gate/adapters/beast_http_client.h"
#include "gate/adapters/kube_config.h"
#include "gate/adapters/os_seed.h"
#include "gate/adapters/rest_kube_api.h"
#include "gate/adapters/system_files.h"
#include "gate/adapters/system_runtime.h"
#include "tests/contract/kube_api_contract.h"

namespace gate {
namespace {

class KubeRestBackend : public KubeApiBackend {
 public:
  explicit KubeRestBackend(const KubeConfig& config)
      : http_({.tls = config.tls}), api_(http_, files_, runtime_, Options(config)) {}

  RestKubeApi& api() override { return api_; }
  Runtime& runtime() override { return runtime_; }
  std::string UniqueName() override { return fmt::format("gate-contract-{:016x}", SeedFromOs()); }

 private:
  static RestKubeApiOptions Options(const KubeConfig& config) {
    RestKubeApiOptions options;
    options.server = config.server;
    options.token = config.token;
    options.token_file = config.token_file;
    options.page_size = kContractPageSize;
    return options;
  }

  SystemRuntime runtime_;
  SystemFiles files_;
  BeastHttpClient http_;
  RestKubeApi api_;
};

Result<std::unique_ptr<KubeApiBackend>> MakeBackend() {
  const char* path = std::getenv("GATE_TEST_KUBECONFIG");
  if (path == nullptr || *path == '\0') {
    return Error{ErrorCode::kUnavailable,
                 "set GATE_TEST_KUBECONFIG to the kubeconfig of a test cluster that has the custom "
                 "resources of Argo Rollouts installed, and no controller running"};
  }
  SystemFiles files;
  auto config = KubeConfig::Load(files, path);
  if (!config) {
    // A wrong path is a mistake, not the absence of a cluster.
    ADD_FAILURE() << config.error().message;
    return std::move(config).error();
  }
  return std::unique_ptr<KubeApiBackend>(std::make_unique<KubeRestBackend>(*config));
}

TEST(RestKubeApiTest, GetRawReadsWhatIsNoObject) {
  auto made = MakeBackend();
  if (!made) GTEST_SKIP() << made.error().message;
  auto& backend = static_cast<KubeRestBackend&>(**made);
  const auto ready =
      backend.api().GetRaw("/readyz?verbose", {backend.runtime().Now() + std::chrono::seconds(20)});
  ASSERT_TRUE(ready) << ready.error().message;
  EXPECT_NE(ready.value().find("[+]etcd ok"), std::string::npos) << ready.value();
}

INSTANTIATE_TEST_SUITE_P(Rest, KubeApiContract,
                         testing::Values(KubeApiBackendFactory{"rest", MakeBackend}));

}  // namespace
}  // namespace gate
