#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/evidence/keyring.h"
#include "gate/evidence/reason.h"

namespace gate::evidence {

// Why an answer does not count.
struct Flaw {
  Reason reason;
  std::string detail;
};

// What a known key signed.
struct Opened {
  std::string payload;              // exactly the signed bytes: use these and no others
  std::vector<const Key*> signers;  // whose signatures verified, in the answer's order; not empty
};

// Both check structure and signatures as docs/evidence-api.md says. Nothing that an answer holds
// chooses a key's algorithm. The windows of the keys are left to the caller.

// An envelope of DSSE v1.0.2. Flaws: kMalformed, kSignatureMissing, kSignatureInvalid,
// kKeyUnknown.
Result<Opened, Flaw> OpenDsse(std::string_view body, const Keyring& keyring);

// A body with a detached JWS (RFC 7515 appendix F, RFC 7797), the value of its header field.
// Flaws: kMalformed, kSignatureMissing, kSignatureInvalid, kKeyUnknown, kAlgorithmMismatch.
Result<Opened, Flaw> OpenJws(std::string_view body, const std::optional<std::string>& signature,
                             const Keyring& keyring);

// DSSE's pre-authentication encoding: what is signed.
std::string PreAuthEncoding(std::string_view payload_type, std::string_view payload);

}  // namespace gate::evidence
