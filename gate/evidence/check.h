#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/time.h"
#include "gate/evidence/keyring.h"
#include "gate/evidence/reason.h"
#include "gate/evidence/request.h"
#include "gate/evidence/statement.h"
#include "gate/seams/http_client.h"

namespace gate::evidence {

// What came back from MC, as far as it matters.
struct Answer {
  int status = 0;
  std::string content_type;              // only for messages: the signature is what counts
  std::optional<std::string> signature;  // the first X-Evidence-Signature header
  std::size_t signature_count = 0;       // how many of them there were
  std::string body;
  std::optional<Nanos> retry_after;
};

// `now` is what a date in Retry-After is relative to.
Answer AnswerFrom(HttpResponse response, WallTime now);

// What an answer is held against.
struct Expected {
  Query query;  // as sent
  Scheme scheme = Scheme::kDsse;
  // Images that MC must have vouched for, each "sha256:" and 64 lower-case hex digits.
  std::vector<std::string> required_digests;
  WallTime now;
  // How far MC's clock may be from ours, and how old evidence may be: not negative, at most 100
  // years.
  Nanos max_skew{0};
  Nanos max_age{0};
};

// What one attempt to get evidence showed. It is not a verdict: gate/decide makes those.
struct Observation {
  Reason reason;
  std::string detail;  // a clause for people, one line of at most 500 bytes; may be empty
  // Set for kEvidenceTrue and kEvidenceFalse only: everything about it has been verified.
  std::optional<Evidence> evidence;
  std::optional<Nanos> retry_after;  // when MC wants to be asked again
};

// Checks an answer in the order of docs/evidence-api.md, section "Checks"; the first that fails is
// the reason. Of an answer whose signature does not verify, nothing gets further than a quotation
// in `detail`. Bounds of time belong to what is accepted.
Observation CheckAnswer(const Answer& answer, const Expected& expected, const Keyring& keyring);

// When there is no answer.
Observation FromHttpError(const HttpError& error);

}  // namespace gate::evidence
