#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gate/base/time.h"

namespace mock_mc {

// What is to be put on the socket for one request, in this order. Times count from the request's
// arrival.
struct Wait {
  gate::Nanos until;
};
struct Send {
  std::string bytes;
};
struct Drip {  // `size` bytes at once, then again every `every`
  std::string bytes;
  std::size_t size;
  gate::Nanos every;
};
struct DripForever {  // the byte `filler` every `every` until the client goes
  char filler;
  gate::Nanos every;
};
struct Hang {};       // nothing more until the client goes
struct CloseFin {};   // orderly end of the connection
struct CloseRst {};   // RST, once the client's kernel has acknowledged what was sent before
struct HalfClose {};  // FIN, while what the client sends is still read, until it closes too
using Step = std::variant<Wait, Send, Drip, DripForever, Hang, CloseFin, CloseRst, HalfClose>;

// Why the plan is what it is; goes into the journal.
struct Decision {
  std::string space;     // in which the request plays
  std::string rule;      // empty: none matched
  std::string response;  // its name
  std::string key;       // of the state used, "shop-1.5.0|20"
  std::uint64_t n = 0;   // the how-manieth request of this space, rule and key, from 1
  std::string release;
  std::string stage;
  std::string environment;
  std::string nonce;
  std::string trace_id;  // of traceparent, if well-formed
  int status = 0;        // of the scripted answer, also if a fault keeps it from being seen whole
  std::optional<bool> evidence_ok;                         // as sent, if the answer is evidence
  std::vector<std::string> deliberate;                     // lies and breakages in the answer
  std::string fault;                                       // "hang", "reset", ...; empty if none
  gate::Nanos delay{0};                                    // intended, to the first byte
  std::vector<std::pair<std::string, std::string>> draws;  // what was drawn, and the outcome
  std::string internal_error;                              // not scripted: mock-mc itself failed
};

// After the last step the connection is kept for the next request if `keep_alive`, else closed in
// an orderly way; Hang, CloseFin, CloseRst and HalfClose end it themselves.
struct Plan {
  std::vector<Step> steps;
  bool keep_alive = true;
  Decision decision;
};

}  // namespace mock_mc
