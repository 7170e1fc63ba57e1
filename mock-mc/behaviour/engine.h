#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "mock-mc/behaviour/answer.h"
#include "mock-mc/behaviour/matching.h"
#include "mock-mc/behaviour/plan.h"
#include "mock-mc/behaviour/request.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// What is answered to bytes that are no request for an Engine: an error, and the connection ends.
Plan RefusalPlan(int status, std::string_view error, const Moment& now);

// Why a request is answered as it is.
struct Explanation {
  struct RuleFinding {
    std::string rule;
    bool answers = false;
    std::vector<std::string> why_not;  // empty without `answers`: it fits, but another comes first
  };
  std::string space;
  std::string before_rules;        // what answers before any rule is asked; empty: nothing does
  std::vector<RuleFinding> rules;  // all of the script, in order
};

// Plain evidence put in force while the server runs, before all rules.
struct Override {
  std::optional<std::string> space;  // absent: in all
  std::string release;
  std::optional<std::string> stage;  // absent: at all
  std::optional<bool> ok;            // absent: end this override
  std::optional<gate::Nanos> lasts;  // absent: until it is ended
};

// Decides what is answered. Deterministic: the same script, requests and moments give the same
// plans, byte for byte (but for ECDSA signatures), whatever requests of other keys do in between.
// Does no I/O besides reading the token file through `read_file`. Thread-safe: taking a place in
// the sequence, timeline and draws of a key is one step, and nothing else is shared.
class Engine {
 public:
  static constexpr std::size_t kMostStates = 100'000;
  static constexpr std::size_t kMostOverrides = 1'000;

  // `started` is where timelines with `since: start` begin. At most `most_states` states are kept,
  // one for each space, rule and key; requests that would need more are answered as internal
  // errors.
  Engine(Script script, FileReader read_file, const Moment& started,
         std::size_t most_states = kMostStates);

  // Never fails: what mock-mc itself cannot do becomes a 500 with X-Mock-Mc-Internal-Error.
  Plan Handle(const Request& request, const Moment& now);

  // What Handle would answer to `request` now, and why. Counts nothing.
  Explanation Explain(const Request& request, const Moment& now) const;

  // From now on, and for as long as `wanted` lasts, evidence requests for its release (stage,
  // space) are answered with plain evidence. The override that says more exactly whom it is about
  // counts. kInvalidArgument if the script has no key, kResourceExhausted beyond kMostOverrides,
  // kNotFound if there is nothing to end.
  gate::Result<void> SetOverride(const Override& wanted, const Moment& now);

  const Script& script() const { return script_; }

 private:
  struct State {
    std::uint64_t n = 0;
    gate::Instant first;
    std::string first_nonce;
    std::size_t item = 0;         // of the sequence or timeline
    std::uint64_t n_in_item = 0;  // the how-manieth request since that began
  };
  // What one request gets out of the state of its key.
  struct Share {
    std::uint64_t n;
    std::size_t item;
    std::uint64_t n_in_item;
    gate::Nanos elapsed_in_item;
    std::string first_nonce;
  };
  struct OverrideEntry {
    Override about;
    std::optional<gate::Instant> until;
    std::shared_ptr<const Response> response;  // shared with the requests that it answers
  };

  // Who answers a request.
  struct Refusal {
    std::string_view response;  // its name in the journal
    int status;
    std::string error;
  };
  struct InternalFailure {
    std::string error;
  };
  using Route =
      std::variant<Refusal, InternalFailure, std::shared_ptr<const Response>, const Rule*>;

  Route FindRoute(const Request& request, const Moment& now, Facts& facts) const;
  gate::Result<bool> IsTokenGood(const Request& request) const;
  std::shared_ptr<const Response> FindOverride(const Facts& facts, const Moment& now) const;
  std::optional<Share> TakeShare(const Rule* rule, const Decision& decision, const Moment& now);
  void Place(const Rule& rule, const Moment& now, const State& state, Share& share) const;
  Plan AnswerByRule(const Rule& rule, const Request& request, const Facts& facts, const Moment& now,
                    Decision decision);
  Plan Answer(const Response& response, const Share& share, const Request& request,
              const Facts& facts, const Moment& now, Decision decision) const;
  gate::Result<HttpAnswer> MakeAnswer(const Response& response, const Request& request,
                                      const Facts& facts, const std::string& first_nonce,
                                      const Moment& now) const;
  Plan TooManyKeys(const Request& request, const Moment& now, Decision decision) const;

  const Script script_;
  const FileReader read_file_;
  const Moment started_;
  const std::size_t most_states_;
  mutable std::mutex mutex_;  // guards all below
  std::vector<OverrideEntry> overrides_;
  std::unordered_map<std::string, State> states_;  // by space, rule and key
};

}  // namespace mock_mc
