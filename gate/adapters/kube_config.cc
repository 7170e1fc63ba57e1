#include "gate/adapters/kube_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "gate/base/encoding.h"
#include "gate/yaml/strict_yaml.h"

namespace gate {
namespace {

using yaml::Mistakes;
using yaml::Node;

constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

// The value of a key that is there and not null. Says nothing about duplicate keys: Check does.
std::optional<Node> Find(const Node& map, std::string_view key) {
  if (!map.IsMap()) return std::nullopt;
  Mistakes ignored;
  for (const auto& [name, value] : map.Entries(ignored)) {
    if (name.Text() == key && !value.IsNull()) return value;
  }
  return std::nullopt;
}

std::string ReadString(const Node& map, std::string_view key, Mistakes& mistakes) {
  const auto value = Find(map, key);
  return value ? value->String(mistakes).value_or("") : "";
}

// Reads one kubeconfig.
class Reader {
 public:
  Reader(const Node& root, std::string directory) : root_(root), directory_(std::move(directory)) {}

  Result<KubeConfig> Read(const std::string& wanted_context) {
    if (!root_.IsMap()) {
      root_.Complain(mistakes_, "expected a kubeconfig: a map with clusters, users and contexts");
      return mistakes_.ToError();
    }
    Check(root_);
    const std::string name =
        wanted_context.empty() ? ReadString(root_, "current-context", mistakes_) : wanted_context;
    if (name.empty()) {
      root_.Complain(mistakes_, "no current-context is set; name the context to use");
      return mistakes_.ToError();
    }
    const auto context = Named("contexts", "context", name);
    if (context) {
      Check(*context);
      config_.default_namespace = ReadString(*context, "namespace", mistakes_);
      const auto cluster = Referenced(*context, "clusters", "cluster");
      if (cluster) ReadCluster(*cluster);
      const auto user = Referenced(*context, "users", "user");
      if (user) ReadUser(*user);
    }
    if (!mistakes_.empty()) return mistakes_.ToError();
    return std::move(config_);
  }

 private:
  // The part called `part` of the entry called `name` in the list `list`.
  std::optional<Node> Named(std::string_view list, std::string_view part, const std::string& name) {
    const auto entries = Find(root_, list);
    if (!entries) {
      root_.Complain(mistakes_, fmt::format("has no {}", list));
      return std::nullopt;
    }
    for (const Node& entry : entries->Items(mistakes_)) {
      if (ReadString(entry, "name", mistakes_) != name) continue;
      auto found = Find(entry, part);
      if (!found) entry.Complain(mistakes_, fmt::format("\"{}\" has no {}", name, part));
      return found;
    }
    entries->Complain(mistakes_, fmt::format("none of the {} is called \"{}\"", list, name));
    return std::nullopt;
  }

  std::optional<Node> Referenced(const Node& context, std::string_view list,
                                 std::string_view part) {
    const std::string name = ReadString(context, part, mistakes_);
    if (name.empty()) {
      context.Complain(mistakes_, fmt::format("the context names no {}", part));
      return std::nullopt;
    }
    return Named(list, part, name);
  }

  // Complains about what is no map, and about duplicate keys.
  void Check(const Node& map) { static_cast<void>(map.Entries(mistakes_)); }

  void ReadCluster(const Node& cluster) {
    Check(cluster);
    config_.server = ReadString(cluster, "server", mistakes_);
    while (config_.server.ends_with('/')) config_.server.pop_back();
    if (config_.server.empty()) {
      cluster.Complain(mistakes_, "the cluster has no server");
    } else if (!config_.server.starts_with("https://") && !config_.server.starts_with("http://")) {
      Find(cluster, "server")
          ->Complain(mistakes_, "expected a URL that starts with https:// or http://");
    }
    if (const auto skip = Find(cluster, "insecure-skip-tls-verify")) {
      if (skip->Bool(mistakes_).value_or(false)) {
        skip->Complain(mistakes_,
                       "insecure-skip-tls-verify is not supported: give the cluster's CA as "
                       "certificate-authority or certificate-authority-data");
      }
    }
    Refuse(cluster, "proxy-url", "proxies are not supported");
    config_.tls.server_name = ReadString(cluster, "tls-server-name", mistakes_);
    config_.tls.ca_pem = ReadData(cluster, "certificate-authority-data");
    // As in kubectl, embedded data wins over a file.
    if (config_.tls.ca_pem.empty()) {
      config_.tls.ca_file = ReadPath(cluster, "certificate-authority");
    }
  }

  void ReadUser(const Node& user) {
    Check(user);
    constexpr std::string_view kInstead = "use a client certificate, token or tokenFile";
    for (const char* key : {"exec", "auth-provider", "username", "password"}) {
      Refuse(user, key, fmt::format("{} is not supported: {}", key, kInstead));
    }
    for (const char* key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
      Refuse(user, key, "impersonation is not supported");
    }
    config_.tls.client_cert_pem = ReadData(user, "client-certificate-data");
    if (config_.tls.client_cert_pem.empty()) {
      config_.tls.client_cert_file = ReadPath(user, "client-certificate");
    }
    config_.tls.client_key_pem = Secret(ReadData(user, "client-key-data"));
    if (config_.tls.client_key_pem.empty()) {
      config_.tls.client_key_file = ReadPath(user, "client-key");
    }
    config_.token = Secret(ReadString(user, "token", mistakes_));
    config_.token_file = ReadPath(user, "tokenFile");
  }

  void Refuse(const Node& map, std::string_view key, std::string_view why) {
    if (const auto value = Find(map, key)) value->Complain(mistakes_, why);
  }

  std::string ReadData(const Node& map, std::string_view key) {
    const auto value = Find(map, key);
    if (!value) return "";
    std::string text = value->String(mistakes_).value_or("");
    std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });  // folded lines
    auto bytes = Base64Decode(text);
    if (!bytes) {
      value->Complain(mistakes_, fmt::format("{} is not valid base64", key));
      return "";
    }
    return *std::move(bytes);
  }

  std::string ReadPath(const Node& map, std::string_view key) {
    const std::string path = ReadString(map, key, mistakes_);
    return path.empty() || path.starts_with('/') ? path : directory_ + path;
  }

  const Node root_;
  const std::string directory_;  // ends with a slash, or is empty
  Mistakes mistakes_;
  KubeConfig config_;
};

}  // namespace

Result<KubeConfig> KubeConfig::InCluster(Files& files, const std::string& host,
                                         const std::string& port) {
  constexpr std::string_view kAdvice = "run in a pod with a service account, or give a kubeconfig";
  if (host.empty() || port.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: {}",
                             kAdvice)};
  }
  KubeConfig config;
  const bool v6 = host.find(':') != std::string::npos;
  config.server = fmt::format("https://{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
  config.tls.ca_file = std::string(kServiceAccount) + "ca.crt";
  config.token_file = std::string(kServiceAccount) + "token";
  for (const std::string& path : {config.tls.ca_file, config.token_file}) {
    if (auto content = files.Read(path); !content) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{}: {}", content.error().message, kAdvice)};
    }
  }
  // Only a default: its absence is no mistake.
  if (auto ns = files.Read(std::string(kServiceAccount) + "namespace")) {
    config.default_namespace = Trimmed(*ns);
  }
  return config;
}

Result<KubeConfig> KubeConfig::Parse(std::string_view text, const std::string& file,
                                     const std::string& context) {
  auto document = yaml::Document::Parse(text, file);
  if (!document) return std::move(document).error();
  const std::size_t slash = file.rfind('/');
  return Reader(document->root(), slash == std::string::npos ? "" : file.substr(0, slash + 1))
      .Read(context);
}

Result<KubeConfig> KubeConfig::Load(Files& files, const std::string& file,
                                    const std::string& context) {
  auto text = files.Read(file);
  if (!text) return std::move(text).error().Wrap("kubeconfig");
  return Parse(*text, file, context);
}

}  // namespace gate
