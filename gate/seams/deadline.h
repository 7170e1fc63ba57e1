#pragma once

#include <stop_token>

#include "gate/base/time.h"

namespace gate {

// Until when a call may take, and how to end it sooner. Passed down unchanged: nobody below may
// stretch it.
struct Deadline {
  Instant at;
  std::stop_token stop = {};
};

}  // namespace gate
