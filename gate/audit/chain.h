#pragma once

#include <cstdint>
#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"

namespace gate::audit {

// The end of a chain of audit records. Each record holds the hash of the one before it, so a
// record that was changed, dropped or inserted shows.
struct ChainHead {
  std::int64_t seq = 0;                     // of the last record; 0 before the first
  std::string hash = std::string(64, '0');  // lower-case hex SHA-256

  bool operator==(const ChainHead&) const = default;
};

// A record with its place in the chain.
struct SealedRecord {
  Json record;       // as given, plus `seq`, `prev` and `hash`
  std::string line;  // its compact JSON text, one line, no newline
  ChainHead head;    // to go on from
};

// Appends `record` (a JSON object without seq, prev and hash) after `head`. The hash is the SHA-256
// of the compact JSON text, keys sorted, of the record with `seq` and `prev` but without `hash`.
SealedRecord Seal(Json record, const ChainHead& head);

// Checks that `record` directly follows `head`, and returns the head after it. kProtocol with what
// does not fit otherwise.
Result<ChainHead> Follow(const Json& record, const ChainHead& head);

// The head that `record` claims to be, without checking what came before it.
Result<ChainHead> HeadOf(const Json& record);

}  // namespace gate::audit
