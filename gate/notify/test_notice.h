#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/notify/sink.h"

namespace gate::notify {

// A message that says that it is a test. `unique` tells one test from another.
Notice TestNotice(std::string environment, std::string actor, std::string unique, WallTime now);

struct TestResult {
  std::string sink;
  Result<void, DeliveryError> delivered;
};

// `rollout-gate notify test`: tells every sink, once, past the outbox, and says what came of it.
std::vector<TestResult> SendTest(const Courier& courier, const NotifyConfig& config,
                                 const Notice& test, const Deadline& deadline);

}  // namespace gate::notify
