#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "mock-mc/behaviour/engine.h"

namespace mock_mc {

// What `mock-mc explain` is asked.
struct ExplainOptions {
  std::string request;               // "GET /v1/evidence/shop-1.5.0?stage=20"; GET may be left out
  std::vector<std::string> headers;  // "Name: value" each
  std::vector<gate::Nanos> at;       // since the start of the server; empty: at once
  gate::Nanos every{0};              // from one repetition to the next
  int repeat = 1;                    // how often it is asked at each of these times
};

// Which rule answers the request, why the others do not, and what the answers are, as text for
// people. The engine itself is asked, with a clock that says what `options` say. kInvalidArgument
// if they make no sense.
gate::Result<std::string> ExplainRequest(Script script, FileReader read_file,
                                         const ExplainOptions& options);

}  // namespace mock_mc
