#pragma once

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/adapters/fd_line_sink.h"
#include "gate/adapters/signal_stop.h"
#include "gate/adapters/system_files.h"
#include "gate/adapters/system_runtime.h"
#include "gate/cli/platform.h"

namespace gate {

// A real machine, or container, as the place where the gate's programs run: the adapters. One per
// process.
class Machine : public cli::Platform {
 public:
  // Lets writes to what nobody reads fail, instead of ending the process.
  Machine();

  std::optional<std::string> GetEnv(const std::string& name) override;
  Runtime& runtime() override { return runtime_; }
  Files& files() override { return files_; }
  evidence::KeyringCache& keyrings() override { return keyrings_; }
  LineSink& out() override { return out_; }
  LineSink& err() override { return err_; }
  Result<std::unique_ptr<cli::KubeConnection>> Connect(const std::string& kubeconfig,
                                                       const std::string& context) override;
  std::unique_ptr<HttpClient> NewHttpClient(const cli::TlsFiles& tls, std::size_t at_once) override;
  evaluate::Entropy NewEntropy() override;
  Result<std::string> ReadInput(std::size_t limit) override;
  // The program is looked for beside our own.
  int Become(const std::string& program, const std::vector<std::string>& arguments) override;
  std::stop_token StopToken() override;

 private:
  SystemRuntime runtime_;
  SystemFiles files_;
  evidence::KeyringCache keyrings_;
  FdLineSink out_{STDOUT_FILENO};
  FdLineSink err_{STDERR_FILENO};
  std::optional<SignalStop> signals_;
};

}  // namespace gate
