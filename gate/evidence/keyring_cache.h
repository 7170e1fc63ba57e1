#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/evidence/keyring.h"

namespace gate::evidence {

// Keyrings that were parsed before. The file is read anew for every request, so that rotation needs
// no restart; what it says is parsed anew only if its text is another. Thread-safe.
class KeyringCache {
 public:
  static constexpr std::size_t kMost = 16;

  // As Keyring::Parse. Mistakes are not remembered: they name the file.
  Result<std::shared_ptr<const Keyring>> Parse(const std::string& yaml, std::string_view file);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Keyring>> parsed_;  // by text
};

}  // namespace gate::evidence
