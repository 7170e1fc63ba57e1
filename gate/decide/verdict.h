#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/decide/override.h"
#include "gate/evidence/check.h"
#include "gate/evidence/reason.h"

namespace gate::decide {

enum class Outcome {
  kPass,          // promote
  kFail,          // roll back
  kInconclusive,  // nobody can say: hold
};

// "pass", "fail", "inconclusive"
std::string_view ToString(Outcome outcome);

// What is done about an answer that is not trustworthy: kFail or kInconclusive.
struct Policy {
  Outcome untrusted = Outcome::kFail;
};

// That people decided, and instead of what.
struct Overruling {
  OverrideDecision decision;
  std::vector<Override> by;  // one of each person that was needed
  Outcome instead_of;
  evidence::Reason instead_reason;
  std::string instead_message;
};

struct Overruled;

// What the gate says. Only Decide makes a pass or a fail, ApplyOverrides where people decide, and
// Withdrawal a fail of a fail; anybody may say that nobody can say.
class Verdict {
 public:
  // `message` is a sentence for people.
  static Verdict Inconclusive(evidence::Reason reason, std::string message) {
    return Verdict(Outcome::kInconclusive, reason, std::move(message), std::nullopt);
  }

  Outcome outcome() const { return outcome_; }
  evidence::Reason reason() const { return reason_; }
  const std::string& message() const { return message_; }

  // True if somebody may be forging promotions; whatever the policy, and whatever people decided
  // instead, they must hear of it.
  bool security_alert() const;

  // What MC signed; there for every pass that is MC's, and for a fail if MC said so. It stays when
  // people decide otherwise.
  const std::optional<evidence::Evidence>& evidence() const { return evidence_; }

  // There if people decided.
  const std::optional<Overruling>& overruling() const { return overruling_; }

 private:
  friend Verdict Decide(const evidence::Observation& observation, const Policy& policy);
  friend std::optional<Verdict> Withdrawal(const Verdict& verdict);
  friend Overruled ApplyOverrides(Verdict verdict, const FoundOverrides& found,
                                  const OverrideSubject& subject, const OverridePolicy& policy,
                                  WallTime now);

  Verdict(Outcome outcome, evidence::Reason reason, std::string message,
          std::optional<evidence::Evidence> evidence)
      : outcome_(outcome),
        reason_(reason),
        message_(std::move(message)),
        evidence_(std::move(evidence)) {}

  Outcome outcome_;
  evidence::Reason reason_;
  std::string message_;
  std::optional<evidence::Evidence> evidence_;
  std::optional<Overruling> overruling_;
};

// The decision table. Its message is one line of at most 1000 bytes.
Verdict Decide(const evidence::Observation& observation, const Policy& policy);

// The fail (evidence-withdrawn) that follows for a release which is past the gate already, if MC's
// verified answer is no by now. Nothing else that is learnt then takes a pass back: an answer that
// cannot be trusted is a fail at a gate, but not evidence.
std::optional<Verdict> Withdrawal(const Verdict& verdict);

struct Overruled {
  Verdict verdict;
  std::vector<IgnoredOverride> ignored;  // what people should hear of
};

// Lets people decide in MC's place: a reject of one person turns every verdict into a fail,
// approvals of `policy.approvers` different people turn one that is no pass into a pass. A fail
// takes approvals that are made for that (Override::over_refusal). What does not count is ignored,
// and said to be: of approvals only where they would have made a difference. Pure.
Overruled ApplyOverrides(Verdict verdict, const FoundOverrides& found,
                         const OverrideSubject& subject, const OverridePolicy& policy,
                         WallTime now);

// What to do after a verdict.
enum class Next {
  kDone,    // pass and fail are final
  kRetry,   // inconclusive, but asking again may help: while the budget lasts
  kGiveUp,  // inconclusive, and asking again cannot help
};
Next NextStep(const Verdict& verdict);

}  // namespace gate::decide
