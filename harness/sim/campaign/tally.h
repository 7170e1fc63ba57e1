#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "harness/sim/campaign/play_case.h"

namespace drill::sim {

struct Failure {
  std::uint64_t run = 0;
  std::string invariant;  // "trouble": it could not be played
  std::string detail;
  gate::Nanos at{0};
  std::string file;      // the shrunk case, if it was written
  std::string scenario;  // the text of that file, if it was shrunk
};

// What came of a set of runs. Sets of different runs of one campaign can be merged, in any order.
struct Tally {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::array<std::uint64_t, kInvariants> evaluated{};
  std::array<std::uint64_t, kMarks> marks{};  // runs that reached them
  std::vector<std::uint64_t> faults;          // by FaultKind, how often it began
  std::vector<Failure> failures;              // the first ones, by run; at most kMostFailures
  // Of which run went how: it does not depend on the order in which they were played.
  std::uint64_t trace = 0;
  std::uint64_t events = 0;
  gate::Nanos virtual_time{0};

  static constexpr std::size_t kMostFailures = 100;

  std::uint64_t runs() const { return passed + failed; }
  void Add(std::uint64_t run, const CaseResult& result);
  void Add(Failure failure);
  void Merge(const Tally& other);
  // What no run has reached: marks, and invariants that were never evaluated.
  std::vector<std::string> NeverReached() const;
};

gate::Json ToJson(const Tally& tally);
// kProtocol with what does not fit.
gate::Result<Tally> TallyFromJson(const gate::Json& json);

std::string TraceText(std::uint64_t trace);  // 16 hexadecimal digits

}  // namespace drill::sim
