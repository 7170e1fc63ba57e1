#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

// What the gate says. Only Decide makes a pass or a fail; anybody may say that nobody can say.
class Verdict {
 public:
  // `message` is a sentence for people.
  static Verdict Inconclusive(evidence::Reason reason, std::string message) {
    return Verdict(Outcome::kInconclusive, reason, std::move(message), std::nullopt);
  }

  Outcome outcome() const { return outcome_; }
  evidence::Reason reason() const { return reason_; }
  const std::string& message() const { return message_; }

  // True if somebody may be forging promotions; whatever the policy, people must hear of it.
  bool security_alert() const;

  // What MC signed; there for every pass, and for a fail if MC said so.
  const std::optional<evidence::Evidence>& evidence() const { return evidence_; }

 private:
  friend Verdict Decide(const evidence::Observation& observation, const Policy& policy);

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
};

// The decision table. Its message is one line of at most 1000 bytes.
Verdict Decide(const evidence::Observation& observation, const Policy& policy);

// What to do after a verdict.
enum class Next {
  kDone,    // pass and fail are final
  kRetry,   // inconclusive, but asking again may help: while the budget lasts
  kGiveUp,  // inconclusive, and asking again cannot help
};
Next NextStep(const Verdict& verdict);

}  // namespace gate::decide
