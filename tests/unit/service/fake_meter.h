#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "gate/service/meter.h"

namespace gate::service {

// Counts in memory.
class FakeMeter : public Meter {
 public:
  void VerdictGiven(std::string_view environment, const decide::Verdict& verdict,
                    Nanos /*took*/) override {
    const std::lock_guard lock(mutex_);
    ++verdicts[std::string(environment) + " " + std::string(decide::ToString(verdict.outcome()))];
  }
  void McAsked(Nanos /*took*/, std::string_view /*result*/) override {}
  void BreakerState(decide::CircuitBreaker::State /*state*/) override {}
  void TokenIssued(WallTime at) override {
    const std::lock_guard lock(mutex_);
    token_issued = at;
  }
  void RequestRefused(std::string_view why) override {
    const std::lock_guard lock(mutex_);
    ++refused[std::string(why)];
  }
  void Inquired(std::string_view why, std::string_view answer) override {
    const std::lock_guard lock(mutex_);
    ++inquired[std::string(why) + " " + std::string(answer)];
  }
  void Overridden(std::string_view decision) override {
    const std::lock_guard lock(mutex_);
    ++overridden[std::string(decision)];
  }
  std::string Expose() override { return "metrics here\n"; }

  std::map<std::string, int> verdicts;
  std::map<std::string, int> refused;
  std::map<std::string, int> inquired;
  std::map<std::string, int> overridden;
  std::optional<WallTime> token_issued;

 private:
  std::mutex mutex_;
};

}  // namespace gate::service
