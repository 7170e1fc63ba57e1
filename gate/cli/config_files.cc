#include "gate/cli/config_files.h"

#include <utility>

#include "gate/evaluate/evaluator.h"

namespace gate::cli {

Result<evaluate::ConfigSources> ReadSources(const std::string& config_file,
                                            evaluate::Overrides environment,
                                            evaluate::Overrides flags, Files& files) {
  evaluate::ConfigSources sources;
  if (!config_file.empty()) {
    auto text = files.Read(config_file);
    if (!text) return std::move(text).error();
    sources.file_text = *std::move(text);
    sources.file_name = config_file;
  }
  sources.environment = std::move(environment);
  sources.flags = std::move(flags);
  return sources;
}

Result<void> CheckMcFiles(const evaluate::Config& config, Files& files,
                          evidence::KeyringCache& keyrings) {
  auto token = evaluate::ReadToken(files, config.mc.token_file);
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

}  // namespace gate::cli
