#pragma once

#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/signing/signing_key.h"

namespace gate::signing {

// Writes `key` to `key_path`, readable by its owner only (mode 0600), and `public_text`, which
// tells others of its public half, to `public_path`. Never overwrites: kAlreadyExists. Other
// trouble is kInvalidArgument. What was written is removed again if the rest fails.
Result<void> WriteKeyPair(const SigningKey& key, const std::string& key_path,
                          std::string_view public_text, const std::string& public_path);

// The same for any text that is private to its owner.
Result<void> WritePrivateAndPublic(std::string_view private_text, const std::string& private_path,
                                   std::string_view public_text, const std::string& public_path);

}  // namespace gate::signing
