#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gate/adapters/tls_options.h"
#include "gate/base/result.h"
#include "gate/base/secret.h"
#include "gate/seams/files.h"

namespace gate {

// How to reach one API server, and as whom.
struct KubeConfig {
  std::string server;  // "https://10.96.0.1:443", without a trailing slash
  TlsOptions tls;
  Secret token;
  std::string token_file;         // read anew for every request; wins over `token`
  std::string default_namespace;  // of the context or the pod; may be empty

  // What Kubernetes gives a pod: the service account's token and CA under
  // /var/run/secrets/kubernetes.io/serviceaccount. `host` and `port` are the values of
  // KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. kInvalidArgument, with what to do, if this
  // is no pod with a service account.
  static Result<KubeConfig> InCluster(Files& files, const std::string& host,
                                      const std::string& port);

  // A kubeconfig's text. `file` is used in messages, and paths in it are relative to its
  // directory. `context` empty means current-context. kInvalidArgument lists every mistake as
  // file:line:column. Keys that are unknown here are ignored, the format is kubectl's; what would
  // silently change who is trusted or who acts is refused: insecure-skip-tls-verify, exec,
  // auth-provider, user name and password, impersonation, proxy-url.
  static Result<KubeConfig> Parse(std::string_view text, const std::string& file,
                                  const std::string& context = "");

  // Reads and parses a file.
  static Result<KubeConfig> Load(Files& files, const std::string& file,
                                 const std::string& context = "");
};

}  // namespace gate
