#include "gate/evidence/keyring_cache.h"

#include <utility>

namespace gate::evidence {

Result<std::shared_ptr<const Keyring>> KeyringCache::Parse(const std::string& yaml,
                                                           std::string_view file) {
  const std::lock_guard lock(mutex_);
  if (const auto found = parsed_.find(yaml); found != parsed_.end()) return found->second;
  auto parsed = Keyring::Parse(yaml, file);
  if (!parsed) return std::move(parsed).error();
  if (parsed_.size() >= kMost) parsed_.clear();
  return parsed_[yaml] = std::make_shared<const Keyring>(*std::move(parsed));
}

}  // namespace gate::evidence
