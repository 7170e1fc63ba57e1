#include "gate/machine.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "gate/adapters/beast_http_client.h"
#include "gate/adapters/kube_config.h"
#include "gate/adapters/os_seed.h"
#include "gate/adapters/rest_kube_api.h"
#include "gate/evaluate/job.h"

namespace gate {
namespace {

// The API server and what it takes to talk to it.
class RestConnection : public cli::KubeConnection {
 public:
  RestConnection(KubeConfig config, Files& files, Runtime& runtime)
      : http_({.tls = std::move(config.tls)}),
        api_(http_, files, runtime,
             {.server = std::move(config.server),
              .token = std::move(config.token),
              .token_file = std::move(config.token_file)}),
        default_namespace_(std::move(config.default_namespace)) {}

  KubeApi& api() override { return api_; }
  const std::string& default_namespace() const override { return default_namespace_; }

 private:
  BeastHttpClient http_;
  RestKubeApi api_;
  const std::string default_namespace_;
};

}  // namespace

// A reader that went away must not end the gate before it has recorded its verdict.
Machine::Machine() { std::signal(SIGPIPE, SIG_IGN); }

std::optional<std::string> Machine::GetEnv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

Result<std::unique_ptr<cli::KubeConnection>> Machine::Connect(const std::string& kubeconfig,
                                                              const std::string& context) {
  const auto env = [this](const char* name) { return GetEnv(name).value_or(""); };
  auto config = kubeconfig.empty() ? KubeConfig::InCluster(files_, env("KUBERNETES_SERVICE_HOST"),
                                                           env("KUBERNETES_SERVICE_PORT"))
                                   : KubeConfig::Load(files_, kubeconfig, context);
  if (!config) return std::move(config).error();
  return std::unique_ptr<cli::KubeConnection>(
      std::make_unique<RestConnection>(*std::move(config), files_, runtime_));
}

std::unique_ptr<HttpClient> Machine::NewHttpClient(const cli::TlsFiles& tls, std::size_t at_once) {
  return std::make_unique<BeastHttpClient>(
      HttpClientOptions{.tls = {.ca_file = tls.ca,
                                .client_cert_file = tls.client_cert,
                                .client_key_file = tls.client_key},
                        .most_idle_connections = at_once});
}

evaluate::Entropy Machine::NewEntropy() {
  Rng rng(SeedFromOs());
  std::string nonce_key;
  for (int i = 0; i < 4; ++i) nonce_key += Rng(SeedFromOs()).Bytes(8);
  return {std::move(nonce_key), rng};
}

Result<std::string> Machine::ReadInput(std::size_t limit) {
  return ReadDescriptor(STDIN_FILENO, "standard input", limit);
}

int Machine::Become(const std::string& program, const std::vector<std::string>& arguments) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string path = (self.parent_path() / program).string();
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(path.c_str(), argv.data());
  err_.Write("rollout-gate: cannot run " + path + ": " + std::generic_category().message(errno) +
             "; it belongs beside rollout-gate");
  return static_cast<int>(evaluate::ExitCode::kConfiguration);
}

std::stop_token Machine::StopToken() {
  if (!signals_) signals_.emplace();
  return signals_->token();
}

}  // namespace gate
