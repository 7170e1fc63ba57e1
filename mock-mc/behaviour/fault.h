#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gate/base/time.h"
#include "mock-mc/behaviour/plan.h"

// What goes wrong on the wire, and where in the answer or the connection. docs/mock-mc.md says what
// a client sees of each.
namespace mock_mc {

struct Fault {
  enum class Kind {
    kNone,
    kHang,           // no byte until the client goes
    kDelay,          // goes on after `length`
    kStall,          // no further byte until the client goes
    kDrip,           // the rest of the answer, `bytes` every `every`
    kPartialHeader,  // a header that never ends, one byte every `every`
    kReset,          // RST, once the client's kernel has what precedes it
    kClose,          // FIN; over TLS without close_notify
    kHalfClose,      // FIN, but what the client sends is still read, until it closes
    kGarbage,        // `bytes` bytes that are no HTTP instead of the rest, then FIN
    kWrongLength,    // Content-Length is `by` more than what is sent
    kBrokenChunks,   // chunked, and broken as `chunks` says, then FIN
    // Of listeners only:
    kRefuse,   // bound, not listening: connecting is refused
    kTimeout,  // the backlog is full and nobody accepts: connecting gets no answer
    kAbort,    // in the TLS handshake: a fatal alert, then FIN
  };
  // Where in the answer. kAfterBytes: after `after_bytes` of it, header included; kBeforeClose:
  // after all of it.
  enum class Point { kBeforeStatus, kMidHeader, kBeforeBody, kAfterBytes, kBeforeClose };
  enum class Chunks {
    kBadSize,    // a chunk's size is no number
    kOverlong,   // a chunk goes on where its end should be
    kTruncated,  // the connection ends within a chunk
    kNoEnd,      // the connection ends without the last, empty chunk
  };
  enum class Then { kClose, kStall };  // after kWrongLength

  Kind kind = Kind::kNone;
  Point at = Point::kBeforeStatus;
  std::size_t after_bytes = 0;
  std::size_t bytes = 1;
  gate::Nanos every{0};
  gate::Nanos length{0};
  std::ptrdiff_t by = 0;
  Then then = Then::kClose;
  Chunks chunks = Chunks::kBadSize;
};
std::string_view ToString(Fault::Kind kind);
std::string_view ToString(Fault::Point point);
std::string_view ToString(Fault::Chunks chunks);
std::string_view ToString(Fault::Then then);

// Does the connection have to end after the answer, so that there is an end to which something can
// happen? Then the answer must say "Connection: close".
bool NeedsClose(const Fault& fault);

// True if no byte of an answer is ever seen.
bool ShowsNothing(const Fault& fault);

// Appends to `plan` what puts `answer`, a whole HTTP answer, on the wire with this fault. Delays
// count from `begin` after the request's arrival. Garbage follows from `seed`.
void AddSteps(const Fault& fault, std::string answer, gate::Nanos begin, std::string_view seed,
              Plan& plan);

// What a listener does to a connection before there is any request. With kDelay it goes on.
Plan ConnectionPlan(const Fault& fault, std::string_view seed);

}  // namespace mock_mc
