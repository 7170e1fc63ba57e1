#include "harness/kind/cluster_api.h"

#include <utility>

#include "gate/adapters/beast_http_client.h"
#include "gate/adapters/kube_config.h"
#include "gate/adapters/kube_status.h"
#include "gate/adapters/rest_kube_api.h"

namespace drill {
namespace {

gate::HttpClientOptions HttpOptions(const gate::KubeConfig& config) {
  gate::HttpClientOptions options;
  options.tls = config.tls;
  return options;
}

gate::RestKubeApiOptions KubeOptions(const gate::KubeConfig& config) {
  gate::RestKubeApiOptions options;
  options.server = config.server;
  options.token = config.token;
  options.token_file = config.token_file;
  options.field_manager = "gate-drill";
  return options;
}

class RestClusterApi : public ClusterApi {
 public:
  RestClusterApi(gate::Files& files, gate::Runtime& runtime, gate::KubeConfig config)
      : files_(files),
        runtime_(runtime),
        config_(std::move(config)),
        http_(HttpOptions(config_)),
        kube_(http_, files, runtime, KubeOptions(config_)) {}

  gate::KubeApi& kube() override { return kube_; }

  gate::Result<std::string> GetText(const std::string& path,
                                    const gate::Deadline& deadline) override {
    return kube_.GetRaw(path, deadline);
  }

  gate::Result<std::string> SendText(const std::string& method, const std::string& path,
                                     const std::string& body,
                                     const gate::Deadline& deadline) override {
    const std::string what = method + " " + path;
    auto token = Token();
    if (!token) return std::move(token).error().Wrap(what);
    gate::HttpRequest request;
    request.method = method;
    request.url = config_.server + path;
    request.headers.Add("Content-Type", "application/json");
    request.bearer_token = *std::move(token);
    request.body = body;
    auto response = http_.Send(request, deadline);
    if (!response) return gate::KubeTransportError(response.error()).Wrap(what);
    if (response->status / 100 != 2) {
      return gate::KubeAnswerToError(*response, runtime_.WallNow()).Wrap(what);
    }
    return std::move(response->body);
  }

 private:
  gate::Result<gate::Secret> Token() {
    if (config_.token_file.empty()) return config_.token;
    auto text = files_.Read(config_.token_file);
    if (!text) return std::move(text).error();
    while (text->ends_with('\n')) text->pop_back();
    return gate::Secret(*std::move(text));
  }

  gate::Files& files_;
  gate::Runtime& runtime_;
  const gate::KubeConfig config_;
  gate::BeastHttpClient http_;
  gate::RestKubeApi kube_;
};

}  // namespace

gate::Result<std::unique_ptr<ClusterApi>> ConnectCluster(gate::Files& files, gate::Runtime& runtime,
                                                         const std::string& kubeconfig) {
  auto config = gate::KubeConfig::Load(files, kubeconfig);
  if (!config) return std::move(config).error();
  return std::unique_ptr<ClusterApi>(
      std::make_unique<RestClusterApi>(files, runtime, *std::move(config)));
}

}  // namespace drill
