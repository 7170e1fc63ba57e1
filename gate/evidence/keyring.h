#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "gate/evidence/public_key.h"

namespace gate::evidence {

// A key of MC's, and the time during which it counts. Both ends belong to the window.
struct Key {
  std::string id;
  PublicKey public_key;
  std::optional<WallTime> not_before;
  std::optional<WallTime> not_after;

  bool IsValidAt(WallTime time) const {
    return (!not_before || time >= *not_before) && (!not_after || time <= *not_after);
  }
};

// The keys whose word counts: docs/evidence-api.md, section "Keyring". Thread-safe.
class Keyring {
 public:
  // Reads a keyring file; `file` is only used in messages. kInvalidArgument lists all mistakes,
  // one per line, as "file:line:column: what is wrong".
  static Result<Keyring> Parse(std::string_view yaml, std::string_view file);

  // The key with exactly this id, or null. Lives as long as the keyring.
  const Key* Find(std::string_view id) const;

  // In the order of the file; at least one.
  const std::vector<Key>& keys() const { return keys_; }

 private:
  explicit Keyring(std::vector<Key> keys) : keys_(std::move(keys)) {}
  std::vector<Key> keys_;
};

}  // namespace gate::evidence
