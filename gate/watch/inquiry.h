#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/watch/gate_records.h"
#include "gate/watch/rollout_facts.h"

namespace gate::watch {

// What the leader asks MC of its own accord, while no gate does.
struct Inquiry {
  enum class Why {
    kPaused,  // "paused": the release waits without a verdict. Would MC give one by now?
    kPassed,  // "passed": the release is past its gate. Does MC still say yes?
  } why = Why::kPaused;
  std::string record_id;  // of the verdict that is the cause
  std::string ns;
  std::string rollout;
  std::string release;
  std::string stage;
  std::string pod_hash;
  bool operator==(const Inquiry&) const = default;
};

std::string_view ToString(Inquiry::Why why);

// What MC answers. Whatever is not its verified word is nothing.
enum class McSays { kNothing, kYes, kNo };

std::string_view ToString(McSays says);

// What there is to ask about this Rollout, if there is something:
//   - its last verdict is inconclusive, and that has paused it, unless `told` is the id of that
//     verdict: people have heard already that MC answers again;
//   - or it is on its way, and the last verdict is MC's yes. What people let pass is theirs to take
//     back until the next gate.
// Pure.
std::optional<Inquiry> PlanInquiry(const RolloutFacts& facts,
                                   const std::vector<VerdictFact>& verdicts,
                                   const std::string& told);

}  // namespace gate::watch
