#pragma once

#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/evaluate/question.h"
#include "gate/evaluate/verdict_record.h"

namespace gate::service {

// What POST /v1/verdicts asks.
struct VerdictRequest {
  evaluate::Question question;
  std::string environment;
  evaluate::Mode mode = evaluate::Mode::kEnforce;
};

// Reads the body of a request: a JSON object of texts
//   releaseId, stage, namespace, rollout, podHash, environment   all required
//   digests   array of texts      dryRun   true or false         both optional
// A release id may be empty: that is how an absent label arrives (argo R30), and judged later.
// kInvalidArgument for what only whoever wrote the request can mend: no strict JSON, an unknown or
// missing field, a wrong type, a namespace or rollout that is no name.
Result<VerdictRequest> ParseVerdictRequest(std::string_view body);

}  // namespace gate::service
