#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "gate/base/secret.h"
#include "gate/seams/files.h"
#include "gate/seams/http_client.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"

namespace gate {

struct RestKubeApiOptions {
  std::string server;      // KubeConfig::server
  Secret token;            // fixed, or
  std::string token_file;  // read anew for every request: bound tokens rotate; wins over `token`
  std::string field_manager = "rollout-gate";  // of everything but Apply, which names its own
  // Objects per List request. A Rollout is some 10 KiB, as are the records of its gates; parsed,
  // five times that.
  int page_size = 100;
  std::size_t body_limit = std::size_t{32} << 20U;         // of one answer
  std::size_t watch_event_limit = std::size_t{16} << 20U;  // of one event
};

// The Kubernetes API over HTTP. `http` carries the trust and client certificates (KubeConfig::tls);
// everything passed by reference must outlive this.
//
// Errors are classified as KubeApi says; their message starts with what was attempted, such as
// "get rollouts.argoproj.io demo/web", and holds the server's own. A token file that cannot be read
// is never kNotFound, which would read as a missing object, but kUnavailable.
//
// One Watch lasts at most five minutes, and a connection on which the server keeps silent beyond
// that ends with kUnavailable: WatchObjects resumes.
class RestKubeApi : public KubeApi {
 public:
  RestKubeApi(HttpClient& http, Files& files, Runtime& runtime, RestKubeApiOptions options)
      : http_(http), files_(files), runtime_(runtime), options_(std::move(options)) {}

  Result<Json> Get(const KubeRef& ref, const Deadline& deadline) override;
  Result<KubeList> List(const KubeResource& resource, const std::string& ns,
                        const KubeSelector& selector, const Deadline& deadline) override;
  Result<std::string> ListPages(const KubeResource& resource, const std::string& ns,
                                const KubeSelector& selector, const KubePageHandler& on_page,
                                const Deadline& deadline) override;
  Result<void> Watch(const KubeResource& resource, const std::string& ns,
                     const KubeSelector& selector, const std::string& resource_version,
                     const KubeEventHandler& handler, const Deadline& deadline) override;
  Result<Json> Create(const KubeResource& resource, const std::string& ns, const Json& object,
                      const Deadline& deadline) override;
  Result<Json> MergePatch(const KubeRef& ref, const Json& patch, KubeSubresource subresource,
                          const Deadline& deadline) override;
  Result<Json> Apply(const KubeRef& ref, const Json& object, const std::string& field_manager,
                     Force force, KubeSubresource subresource, const Deadline& deadline) override;
  Result<void> Delete(const KubeRef& ref, const Deadline& deadline) override;

  // The body of a GET of anything that is not an object: a pod's log, an answer through the
  // service proxy. `path_and_query` starts with a slash and is already percent-encoded.
  Result<std::string> GetRaw(const std::string& path_and_query, const Deadline& deadline);

  // The same for a request with a JSON text as its body.
  Result<std::string> SendRaw(const std::string& method, const std::string& path,
                              const std::string& body, const Deadline& deadline);

 private:
  struct Call;
  Result<Secret> ReadToken();
  Result<HttpResponse> Send(const Call& call, HttpRequest request, const Deadline& deadline);
  Result<Json> SendForObject(const Call& call, const Deadline& deadline);

  HttpClient& http_;
  Files& files_;
  Runtime& runtime_;
  const RestKubeApiOptions options_;
};

}  // namespace gate
