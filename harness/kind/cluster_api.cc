#include "harness/kind/cluster_api.h"

#include <utility>

#include "gate/adapters/beast_http_client.h"
#include "gate/adapters/kube_config.h"
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
  RestClusterApi(gate::Files& files, gate::Runtime& runtime, const gate::KubeConfig& config)
      : http_(HttpOptions(config)), kube_(http_, files, runtime, KubeOptions(config)) {}

  gate::KubeApi& kube() override { return kube_; }

  gate::Result<std::string> GetText(const std::string& path,
                                    const gate::Deadline& deadline) override {
    return kube_.GetRaw(path, deadline);
  }

  gate::Result<std::string> SendText(const std::string& method, const std::string& path,
                                     const std::string& body,
                                     const gate::Deadline& deadline) override {
    return kube_.SendRaw(method, path, body, deadline);
  }

 private:
  gate::BeastHttpClient http_;
  gate::RestKubeApi kube_;
};

}  // namespace

gate::Result<std::unique_ptr<ClusterApi>> ConnectCluster(gate::Files& files, gate::Runtime& runtime,
                                                         const std::string& kubeconfig) {
  auto config = gate::KubeConfig::Load(files, kubeconfig);
  if (!config) return std::move(config).error();
  return std::unique_ptr<ClusterApi>(std::make_unique<RestClusterApi>(files, runtime, *config));
}

}  // namespace drill
