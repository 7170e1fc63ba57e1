#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/time.h"
#include "harness/scenario/replay.h"

namespace drill::sim {

// What must hold in every run, whatever goes wrong. docs/campaign.md says it in full.
enum class Invariant : std::uint8_t {
  kGateHolds,         // no step past a gate without our recorded pass for it
  kPassIsProven,      // a recorded pass follows a true, good answer of MC to exactly that question
  kFailIsProven,      // so does a recorded fail because of evidence-false
  kRefusalRollsBack,  // a recorded fail is followed by `restored` in time
  kAbortStays,        // what was aborted is not taken up again by itself
  kAvailability,      // never fewer ready pods than replicas - maxUnavailable
  kAuditLine,         // every record has its line in a log
  kPassIsRecorded,    // and every line that says pass is a record
  kOneChain,          // the records are one unbroken hash chain
  kSecretsStaySecret,
  kSettles,        // without faults, a rollout comes to an end
  kPeopleAreTold,  // of every record, if there is a service, which tells
};
inline constexpr std::size_t kInvariants = kInvariantNames.size();
std::string_view NameOf(Invariant invariant);

// What a campaign should have seen at least once: one that did not has proven little.
enum class Mark : std::uint8_t {
  kPromoted,
  kAborted,
  kRestored,
  kPass,
  kRefused,       // fail, evidence-false
  kUntrusted,     // fail with a security alert
  kInconclusive,  // no verdict
  kAskedAgain,    // a verdict after more than one request
  kSeveralRecords,
  kRecordFailed,      // a line says record-failed
  kGateCrashed,       // at a seam
  kGateKilled,        // in any way
  kRollbackHeldUp,    // later than 300 s, for a listed cause
  kRefusalOvertaken,  // the question was asked again because of a fault, and passed
  kWithoutFaults,
};
inline constexpr std::size_t kMarks = 15;
std::string_view NameOf(Mark mark);
// Seen once in thousands of runs: a campaign need not reach it.
bool IsRare(Mark mark);

struct Violation {
  Invariant invariant;
  gate::Nanos at;  // since the deployment of the canary
  std::string detail;
};

// Counts what was looked at, and keeps the first thing that was wrong: what comes after it may be
// its consequence.
class Judge {
 public:
  // `detail` is called only if it does not hold.
  template <typename Detail>
  void Check(Invariant invariant, bool holds, gate::Nanos at, Detail&& detail) {
    ++evaluated_.at(static_cast<std::size_t>(invariant));
    if (holds || violation_) return;
    violation_ = Violation{invariant, at, std::forward<Detail>(detail)()};
  }
  void Reach(Mark mark) { marks_.at(static_cast<std::size_t>(mark)) = true; }

  const std::optional<Violation>& violation() const { return violation_; }
  const std::array<std::uint64_t, kInvariants>& evaluated() const { return evaluated_; }
  const std::array<bool, kMarks>& marks() const { return marks_; }

 private:
  std::optional<Violation> violation_;
  std::array<std::uint64_t, kInvariants> evaluated_{};
  std::array<bool, kMarks> marks_{};
};

}  // namespace drill::sim
