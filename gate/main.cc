// rollout-gate on a real machine: the adapters, and everything else in gate/cli.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gate/adapters/beast_http_client.h"
#include "gate/adapters/fd_line_sink.h"
#include "gate/adapters/kube_config.h"
#include "gate/adapters/os_seed.h"
#include "gate/adapters/rest_kube_api.h"
#include "gate/adapters/signal_stop.h"
#include "gate/adapters/system_files.h"
#include "gate/adapters/system_runtime.h"
#include "gate/cli/program.h"

namespace {

// The API server and what it takes to talk to it.
class RestConnection : public gate::cli::KubeConnection {
 public:
  RestConnection(gate::KubeConfig config, gate::Files& files, gate::Runtime& runtime)
      : http_({.tls = std::move(config.tls)}),
        api_(http_, files, runtime,
             {.server = std::move(config.server),
              .token = std::move(config.token),
              .token_file = std::move(config.token_file)}),
        default_namespace_(std::move(config.default_namespace)) {}

  gate::KubeApi& api() override { return api_; }
  const std::string& default_namespace() const override { return default_namespace_; }

 private:
  gate::BeastHttpClient http_;
  gate::RestKubeApi api_;
  const std::string default_namespace_;
};

class Machine : public gate::cli::Platform {
 public:
  std::optional<std::string> GetEnv(const std::string& name) override {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  }
  gate::Runtime& runtime() override { return runtime_; }
  gate::Files& files() override { return files_; }
  gate::evidence::KeyringCache& keyrings() override { return keyrings_; }
  gate::LineSink& out() override { return out_; }
  gate::LineSink& err() override { return err_; }

  gate::Result<std::unique_ptr<gate::cli::KubeConnection>> Connect(
      const std::string& kubeconfig, const std::string& context) override {
    const auto env = [this](const char* name) { return GetEnv(name).value_or(""); };
    auto config = kubeconfig.empty()
                      ? gate::KubeConfig::InCluster(files_, env("KUBERNETES_SERVICE_HOST"),
                                                    env("KUBERNETES_SERVICE_PORT"))
                      : gate::KubeConfig::Load(files_, kubeconfig, context);
    if (!config) return std::move(config).error();
    return std::unique_ptr<gate::cli::KubeConnection>(
        std::make_unique<RestConnection>(*std::move(config), files_, runtime_));
  }

  std::unique_ptr<gate::HttpClient> NewMcClient(const gate::evaluate::Config::Mc& mc) override {
    return std::make_unique<gate::BeastHttpClient>(
        gate::HttpClientOptions{.tls = {.ca_file = mc.ca_file,
                                        .client_cert_file = mc.client_cert_file,
                                        .client_key_file = mc.client_key_file}});
  }

  gate::evaluate::Entropy NewEntropy() override {
    gate::Rng rng(gate::SeedFromOs());
    std::string nonce_key;
    for (int i = 0; i < 4; ++i) nonce_key += gate::Rng(gate::SeedFromOs()).Bytes(8);
    return {std::move(nonce_key), rng};
  }

  gate::Result<std::string> ReadInput(std::size_t limit) override {
    return gate::ReadDescriptor(STDIN_FILENO, "standard input", limit);
  }

  std::stop_token StopToken() override {
    if (!signals_) signals_.emplace();
    return signals_->token();
  }

 private:
  gate::SystemRuntime runtime_;
  gate::SystemFiles files_;
  gate::evidence::KeyringCache keyrings_;
  gate::FdLineSink out_{STDOUT_FILENO};
  gate::FdLineSink err_{STDERR_FILENO};
  std::optional<gate::SignalStop> signals_;
};

}  // namespace

int main(int argc, char** argv) {
  // A reader that went away must not end the gate before it has recorded its verdict.
  std::signal(SIGPIPE, SIG_IGN);
  Machine machine;
  return gate::cli::Run({argv + 1, argv + argc}, GATE_VERSION, machine);
}
