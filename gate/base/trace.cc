#include "gate/base/trace.h"

#include "gate/base/encoding.h"

namespace gate {
namespace {

std::string NonZeroHex(Rng& rng, std::size_t bytes) {
  std::string text = HexEncode(rng.Bytes(bytes));
  while (text.find_first_not_of('0') == std::string::npos) text = HexEncode(rng.Bytes(bytes));
  return text;
}

}  // namespace

std::string TraceContext::ToTraceparent() const { return "00-" + trace_id + "-" + span_id + "-01"; }

TraceContext NewTrace(Rng& rng) { return {NonZeroHex(rng, 16), NonZeroHex(rng, 8)}; }

TraceContext NewSpan(const TraceContext& parent, Rng& rng) {
  return {parent.trace_id, NonZeroHex(rng, 8)};
}

}  // namespace gate
