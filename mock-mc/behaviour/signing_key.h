#pragma once

#include <string>
#include <string_view>

#include "gate/signing/signing_key.h"

// What mock-mc signs evidence with.
namespace mock_mc {

using gate::signing::Algorithm;
using gate::signing::ParseAlgorithm;
using gate::signing::SigningKey;
using gate::signing::ToString;

// No signature at all: HMAC-SHA256 with the PEM text of the public key as its secret. It is what a
// verifier computes, too, that lets the sender choose the algorithm.
gate::Result<std::string> MacWithPublicKey(const SigningKey& key, std::string_view message);

}  // namespace mock_mc
