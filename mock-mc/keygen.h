#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "mock-mc/behaviour/signing_key.h"

namespace mock_mc {

// When a key counts, as keyrings have it.
struct KeyWindow {
  std::optional<gate::WallTime> not_before;
  std::optional<gate::WallTime> not_after;
};

// Makes a key pair and writes `<id>.pem` (the private key, mode 0600) and `keyring.yaml` (the
// public key, docs/evidence-api.md) into `directory`, which is created if need be. Never
// overwrites: kAlreadyExists. What was written is removed again if the rest fails.
gate::Result<void> GenerateKey(Algorithm algorithm, const std::string& id,
                               const std::string& directory, const KeyWindow& window);

// Writes into `directory` what a script names as its `authority`, and what clients need to be known
// by it: ca.pem, ca-key.pem, server.pem, server-key.pem (for `names`), client.pem, client-key.pem.
// Never overwrites: kAlreadyExists.
gate::Result<void> GenerateCertificates(const std::vector<std::string>& names,
                                        const std::string& directory);

}  // namespace mock_mc
