#include "gate/cli/config_files.h"

#include <utility>

#include "gate/evaluate/evaluator.h"
#include "gate/seams/secret_file.h"

namespace gate::cli {

Result<evaluate::ConfigSources> ReadSources(const GateOptions& options, Files& files) {
  evaluate::ConfigSources sources{.file_text = {},
                                  .file_name = options.config_file,
                                  .environment = options.environment,
                                  .flags = options.flags};
  if (options.config_file.empty()) return sources;
  auto text = files.Read(options.config_file);
  if (!text) return std::move(text).error();
  sources.file_text = *std::move(text);
  return sources;
}

Result<void> CheckMcFiles(const evaluate::Config& config, Files& files,
                          evidence::KeyringCache& keyrings) {
  auto token = ReadSecret(files, config.mc.token_file);
  if (!token) return std::move(token).error().Wrap("mc.tokenFile");
  auto keyring = evaluate::ReadKeyring(files, keyrings, config.mc.keyring_file);
  if (!keyring) return std::move(keyring).error().Wrap("mc.keyringFile");
  for (const auto& [setting, path] : {std::pair("mc.caFile", config.mc.ca_file),
                                      std::pair("mc.clientCertFile", config.mc.client_cert_file),
                                      std::pair("mc.clientKeyFile", config.mc.client_key_file)}) {
    if (path.empty()) continue;
    auto text = files.Read(path);
    if (!text) return std::move(text).error().Wrap(setting);
  }
  return {};
}

Result<std::unique_ptr<KubeConnection>> Connect(const GateOptions& options, Platform& platform) {
  if (!options.use_kube) return std::unique_ptr<KubeConnection>();
  auto connection = platform.Connect(options.kubeconfig, options.context);
  if (connection) return connection;
  return std::move(connection)
      .error()
      .Wrap("no cluster to record in (give --kubeconfig, or --no-kube to do without)");
}

}  // namespace gate::cli
