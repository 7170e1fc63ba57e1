#include "harness/kind/cluster_api.h"

#include <utility>

#include "gate/adapters/beast_http_client.h"
#include "gate/adapters/kube_config.h"
#include "gate/adapters/rest_kube_api.h"
#include "gate/base/strict_json.h"

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

struct Client {
  Client(gate::Files& files, gate::Runtime& runtime, const gate::KubeConfig& config)
      : http(HttpOptions(config)), kube(http, files, runtime, KubeOptions(config)) {}

  gate::BeastHttpClient http;
  gate::RestKubeApi kube;
};

// As nobody yet.
gate::KubeConfig ServerOf(const gate::KubeConfig& config) {
  gate::KubeConfig server;
  server.server = config.server;
  server.tls.ca_file = config.tls.ca_file;
  server.tls.ca_pem = config.tls.ca_pem;
  server.tls.server_name = config.tls.server_name;
  return server;
}

class RestClusterApi : public ClusterApi {
 public:
  RestClusterApi(gate::Files& files, gate::Runtime& runtime, const gate::KubeConfig& config)
      : files_(files), runtime_(runtime), server_(ServerOf(config)), us_(files, runtime, config) {}

  gate::KubeApi& kube() override { return us_.kube; }

  gate::Result<std::shared_ptr<gate::KubeApi>> KubeOf(const std::string& ns,
                                                      const std::string& account,
                                                      const gate::Deadline& deadline) override {
    const std::string path = "/api/v1/namespaces/" + gate::PercentEncode(ns) + "/serviceaccounts/" +
                             gate::PercentEncode(account) + "/token";
    const gate::Json request = {{"apiVersion", "authentication.k8s.io/v1"},
                                {"kind", "TokenRequest"},
                                {"spec", {{"expirationSeconds", 3600}}}};
    auto answer = us_.kube.SendRaw("POST", path, request.dump(), deadline);
    if (!answer) return std::move(answer).error().Wrap("getting a token of " + account);
    const auto granted = gate::ParseStrictJson(*answer);
    const std::string token = granted ? gate::JsonString(*granted, "/status/token") : "";
    if (token.empty()) {
      return gate::Error{gate::ErrorCode::kProtocol, "the API server gave no token of " + account};
    }
    gate::KubeConfig config = server_;
    config.token = gate::Secret(token);
    const auto client = std::make_shared<Client>(files_, runtime_, config);
    return std::shared_ptr<gate::KubeApi>(client, &client->kube);
  }

  gate::Result<std::string> GetText(const std::string& path,
                                    const gate::Deadline& deadline) override {
    return us_.kube.GetRaw(path, deadline);
  }

  gate::Result<std::string> SendText(const std::string& method, const std::string& path,
                                     const std::string& body,
                                     const gate::Deadline& deadline) override {
    return us_.kube.SendRaw(method, path, body, deadline);
  }

 private:
  gate::Files& files_;
  gate::Runtime& runtime_;
  const gate::KubeConfig server_;
  Client us_;
};

}  // namespace

gate::Result<std::unique_ptr<ClusterApi>> ConnectCluster(gate::Files& files, gate::Runtime& runtime,
                                                         const std::string& kubeconfig) {
  auto config = gate::KubeConfig::Load(files, kubeconfig);
  if (!config) return std::move(config).error();
  return std::unique_ptr<ClusterApi>(std::make_unique<RestClusterApi>(files, runtime, *config));
}

}  // namespace drill
