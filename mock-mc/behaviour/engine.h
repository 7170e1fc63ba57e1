#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mock-mc/behaviour/answer.h"
#include "mock-mc/behaviour/plan.h"
#include "mock-mc/behaviour/request.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// What is answered to bytes that are no request for an Engine: an error, and the connection ends.
Plan RefusalPlan(int status, std::string_view error, const Moment& now);

// Decides what is answered. Deterministic: the same script, requests and moments give the same
// plans, byte for byte (but for ECDSA signatures). Does no I/O besides reading the token file
// through `read_file`. Matching, counting and drawing are one step. Not thread-safe.
class Engine {
 public:
  static constexpr std::size_t kMostStates = 100'000;
  static constexpr std::size_t kMostOverrides = 1'000;

  // `started` is where timelines with `since: start` begin. At most `most_states` states are kept,
  // one for each rule and key; requests that would need more are answered as internal errors.
  Engine(Script script, FileReader read_file, const Moment& started,
         std::size_t most_states = kMostStates);

  // Never fails: what mock-mc itself cannot do becomes a 500 with X-Mock-Mc-Internal-Error.
  Plan Handle(const Request& request, const Moment& now);

  // From now on evidence requests for `release` (and `stage`, if given) are answered with plain
  // evidence saying `ok`, before all rules; without `ok` such an override is removed.
  // kInvalidArgument if the script has no key, kResourceExhausted beyond kMostOverrides,
  // kNotFound if there is nothing to remove.
  gate::Result<void> Override(const std::string& release, const std::optional<std::string>& stage,
                              std::optional<bool> ok);

  const Script& script() const { return script_; }

 private:
  struct State {
    std::uint64_t n = 0;
    gate::Instant first;
    std::string first_nonce;
  };
  struct OverrideEntry {
    std::string release;
    std::optional<std::string> stage;  // absent: all
    Response response;
  };
  struct Facts;  // what the request says

  std::optional<Plan> CheckToken(const Request& request, const Moment& now,
                                 const Decision& decision) const;
  gate::Result<bool> IsTokenGood(const Request& request) const;
  const OverrideEntry* FindOverride(const Facts& facts) const;
  const Rule* FindRule(const Request& request, Facts& facts) const;
  const State* Touch(const Decision& decision, const Moment& now);
  const Response& Choose(const Rule& rule, const State& state, const Moment& now) const;
  template <typename Chooser>
  Plan Answer(const Chooser& choose, const Request& request, const Facts& facts, const Moment& now,
              Decision decision);
  gate::Result<HttpAnswer> MakeAnswer(const Response& response, const Request& request,
                                      const Facts& facts, const State& state,
                                      const Moment& now) const;

  Script script_;
  FileReader read_file_;
  Moment started_;
  std::size_t most_states_;
  std::vector<OverrideEntry> overrides_;
  std::unordered_map<std::string, State> states_;  // by rule and key
};

}  // namespace mock_mc
