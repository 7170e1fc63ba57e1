#pragma once

#include <string>
#include <string_view>

#include "gate/base/rng.h"

namespace gate {

// A W3C trace context (https://www.w3.org/TR/trace-context/): one trace id for a whole gate run,
// a new span id for each request.
struct TraceContext {
  std::string trace_id;  // 32 lower-case hex digits, not all zero
  std::string span_id;   // 16 lower-case hex digits, not all zero

  // The value of the `traceparent` header, sampled: "00-<trace_id>-<span_id>-01".
  std::string ToTraceparent() const;
};

TraceContext NewTrace(Rng& rng);

// Same trace, new span.
TraceContext NewSpan(const TraceContext& parent, Rng& rng);

}  // namespace gate
