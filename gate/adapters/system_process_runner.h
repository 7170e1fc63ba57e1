#pragma once

#include "gate/seams/process_runner.h"
#include "gate/seams/runtime.h"

namespace gate {

class SystemProcessRunner : public ProcessRunner {
 public:
  // The runtime's clock must be the system's monotonic clock.
  explicit SystemProcessRunner(Runtime& runtime) : runtime_(runtime) {}

  Result<ProcessOutput> Run(const ProcessRequest& request, const Deadline& deadline) override;

 private:
  Runtime& runtime_;
};

}  // namespace gate
