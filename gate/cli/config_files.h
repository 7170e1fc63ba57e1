#pragma once

#include <memory>

#include "gate/base/result.h"
#include "gate/cli/gate_options.h"
#include "gate/cli/platform.h"
#include "gate/evaluate/config.h"
#include "gate/evidence/keyring_cache.h"
#include "gate/seams/files.h"

namespace gate::cli {

// What the options say, and the configuration file that they name.
Result<evaluate::ConfigSources> ReadSources(const GateOptions& options, Files& files);

// Whether the files for MC that `config` names are there and good; the error names the setting.
Result<void> CheckMcFiles(const evaluate::Config& config, Files& files,
                          evidence::KeyringCache& keyrings);

// The cluster to record in; null if the options want none.
Result<std::unique_ptr<KubeConnection>> Connect(const GateOptions& options, Platform& platform);

}  // namespace gate::cli
