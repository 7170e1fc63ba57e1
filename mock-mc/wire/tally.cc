#include "mock-mc/wire/tally.h"

#include <algorithm>

namespace mock_mc {

void Tally::CountArrival(const Decision& decision) {
  ++arrived;
  if (!decision.internal_error.empty()) ++internal_errors;
  if (!decision.fault.empty()) ++faults[decision.fault];
}

void Tally::CountEnd(const Completion& completion, const JournalEntry* entry) {
  ++ended.at(static_cast<std::size_t>(completion.ending));
  bytes_read += completion.bytes_read;
  bytes_written += completion.bytes_written;
  if (entry == nullptr || entry->decision.delay == gate::Nanos(0) || !completion.first_byte) return;
  const std::int64_t late =
      (*completion.first_byte - entry->arrived.at - entry->decision.delay).count();
  const auto bucket = std::lower_bound(kLateness.begin(), kLateness.end(), late);
  ++lateness.at(static_cast<std::size_t>(bucket - kLateness.begin()));
  lateness_sum_ns += std::max<std::int64_t>(0, late);
}

}  // namespace mock_mc
