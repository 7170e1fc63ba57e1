#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/evaluate/config.h"
#include "gate/evidence/keyring_cache.h"
#include "gate/seams/files.h"

namespace gate::cli {

// Reads the configuration file, unless its name is empty.
Result<evaluate::ConfigSources> ReadSources(const std::string& config_file,
                                            evaluate::Overrides environment,
                                            evaluate::Overrides flags, Files& files);

// Whether the files for MC that `config` names are there and good; the error names the setting.
Result<void> CheckMcFiles(const evaluate::Config& config, Files& files,
                          evidence::KeyringCache& keyrings);

}  // namespace gate::cli
