#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"

namespace gate::evidence {

// What MC says about one release at one stage, once everything about it has been verified.
struct Evidence {
  bool evidence_ok = false;
  std::vector<std::string> reasons;  // at most 20 of at most 500 bytes, each one line
  std::string environment;
  std::string stage;
  std::string nonce;
  WallTime issued_at;
  WallTime expires_at;  // after issued_at
  std::string release_id;
  std::vector<std::string> digests;  // of images, "sha256:" and 64 lower-case hex digits
  std::string key_id;                // of the key that signed
  std::string digest;                // SHA-256 of the signed bytes, in hex
};

// A signed payload, decoded, with the release it was asked about.
struct Statement {
  Evidence evidence;  // but for key_id, which the payload does not know
  // Why the payload is not about the release asked for; empty if it is. Then
  // evidence.release_id is that release, else it is empty.
  std::string release_mismatch;
};

// Decode the signed bytes as docs/evidence-api.md says. Fields that it does not name are ignored.
// The only error is kProtocol, for what the text does not allow: not strict JSON, a field missing
// or of the wrong type, expiresAt not after issuedAt.

// An in-toto Statement, as in scheme dsse.
Result<Statement> DecodeInToto(std::string_view payload, std::string_view release_id);

// Plain JSON, as in scheme jws.
Result<Statement> DecodePlain(std::string_view payload, std::string_view release_id);

}  // namespace gate::evidence
