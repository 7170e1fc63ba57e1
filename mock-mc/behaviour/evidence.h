#pragma once

#include <string>

#include "gate/base/result.h"
#include "mock-mc/behaviour/answer.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// What a truthful answer is about, taken from the request.
struct EvidenceSubject {
  std::string release;
  std::string environment;
  std::string stage;
  std::string nonce;
  std::string first_nonce;  // seen in this state; what a replay echoes
  Scheme scheme;            // that the request asks for
  gate::WallTime now;
};

// Builds and signs the answer (docs/evidence-api.md, written independently of the gate's reader).
// A breakage of the payload breaks what is signed. Fails only if signing does.
gate::Result<HttpAnswer> BuildEvidence(const Evidence& evidence, const EvidenceSubject& subject,
                                       const Breakage& malformed);

}  // namespace mock_mc
