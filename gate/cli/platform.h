#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evaluate/job.h"
#include "gate/evidence/keyring_cache.h"
#include "gate/seams/files.h"
#include "gate/seams/http_client.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/line_sink.h"
#include "gate/seams/process_runner.h"
#include "gate/seams/runtime.h"

namespace gate::cli {

// Whom an HTTP client trusts, and who it is. Empty: the system's certificates; nobody in
// particular.
struct TlsFiles {
  std::string ca;
  std::string client_cert;
  std::string client_key;
};

inline TlsFiles TlsFilesOf(const evaluate::Config::Mc& mc) {
  return {mc.ca_file, mc.client_cert_file, mc.client_key_file};
}

// The API server, and what belongs to the connection.
class KubeConnection {
 public:
  virtual ~KubeConnection() = default;
  virtual KubeApi& api() = 0;
  virtual const std::string& default_namespace() const = 0;
};

// What `rollout-gate` is given by the place where it runs: a machine, or a simulated pod.
// Everything that it hands out must live until Run has returned.
class Platform {
 public:
  virtual ~Platform() = default;
  virtual std::optional<std::string> GetEnv(const std::string& name) = 0;
  virtual Runtime& runtime() = 0;
  virtual Files& files() = 0;
  // What was parsed before: by this process, or by others that it trusts.
  virtual evidence::KeyringCache& keyrings() = 0;
  virtual LineSink& out() = 0;
  virtual LineSink& err() = 0;
  // By kubeconfig, or, if `kubeconfig` is empty, as the Pod's service account.
  virtual Result<std::unique_ptr<KubeConnection>> Connect(const std::string& kubeconfig,
                                                          const std::string& context) = 0;
  // For this many requests at once.
  virtual std::unique_ptr<HttpClient> NewHttpClient(const TlsFiles& tls, std::size_t at_once) = 0;
  // Null where no programs can be run.
  virtual ProcessRunner* commands() { return nullptr; }
  virtual evaluate::Entropy NewEntropy() = 0;
  // Everything that is to be read from standard input, at most `limit` bytes. kInvalidArgument if
  // it is more, or if there is no standard input here; kUnavailable.
  virtual Result<std::string> ReadInput(std::size_t limit);
  // Goes on as another of our programs, and returns its exit code. On a machine that program takes
  // this process's place, so that Become returns only if it cannot, having written to err() why.
  virtual int Become(const std::string& program, const std::vector<std::string>& arguments);
  // Of a request to terminate. From the first call on such a request no longer ends the process.
  virtual std::stop_token StopToken() = 0;
};

}  // namespace gate::cli
