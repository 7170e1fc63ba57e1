#include "harness/sim/campaign/judge.h"

namespace drill::sim {
namespace {

constexpr std::array<std::string_view, kMarks> kMarkNames = {
    "promoted",         "aborted",           "restored",      "pass",
    "refused",          "untrusted",         "inconclusive",  "asked-again",
    "several-records",  "record-failed",     "gate-crashed",  "gate-killed",
    "rollback-held-up", "refusal-overtaken", "without-faults"};

}  // namespace

std::string_view NameOf(Invariant invariant) {
  return kInvariantNames.at(static_cast<std::size_t>(invariant));
}

std::string_view NameOf(Mark mark) { return kMarkNames.at(static_cast<std::size_t>(mark)); }

bool IsRare(Mark mark) { return mark == Mark::kRollbackHeldUp || mark == Mark::kRefusalOvertaken; }

}  // namespace drill::sim
