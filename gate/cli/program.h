#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/cli/evaluate_options.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evaluate/job.h"
#include "gate/seams/files.h"
#include "gate/seams/http_client.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/line_sink.h"
#include "gate/seams/runtime.h"

namespace gate::cli {

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
  virtual LineSink& out() = 0;
  virtual LineSink& err() = 0;
  // By kubeconfig, or, if `kubeconfig` is empty, as the Pod's service account.
  virtual Result<std::unique_ptr<KubeConnection>> Connect(const std::string& kubeconfig,
                                                          const std::string& context) = 0;
  virtual std::unique_ptr<HttpClient> NewMcClient(const evaluate::Config::Mc& mc) = 0;
  virtual evaluate::Entropy NewEntropy() = 0;
  // Of a request to terminate. From the first call on such a request no longer ends the process.
  virtual std::stop_token StopToken() = 0;
};

// The program: parses the command line (argv without the program's name), does what it says, and
// returns the exit code (docs and --help list them).
int Run(const std::vector<std::string>& arguments, const std::string& version, Platform& platform);

}  // namespace gate::cli
