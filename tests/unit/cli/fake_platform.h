#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gate/base/check.h"
#include "gate/cli/platform.h"
#include "tests/support/fake_files.h"

namespace gate::cli {

class Lines : public LineSink {
 public:
  void Write(std::string_view line) override { lines.emplace_back(line); }

  std::vector<std::string> lines;
};

// A place without cluster, network and clock: for what needs none of them.
class FakePlatform : public Platform {
 public:
  std::optional<std::string> GetEnv(const std::string& /*name*/) override { return std::nullopt; }
  Runtime& runtime() override { GATE_CHECK(false); }
  FakeFiles& files() override { return files_; }
  evidence::KeyringCache& keyrings() override { return keyrings_; }
  Lines& out() override { return out_; }
  Lines& err() override { return err_; }
  Result<std::unique_ptr<KubeConnection>> Connect(const std::string& /*kubeconfig*/,
                                                  const std::string& /*context*/) override {
    GATE_CHECK(false);
  }
  std::unique_ptr<HttpClient> NewHttpClient(const cli::TlsFiles& /*tls*/,
                                            std::size_t /*at_once*/) override {
    GATE_CHECK(false);
  }
  evaluate::Entropy NewEntropy() override { GATE_CHECK(false); }
  Result<std::string> ReadInput(std::size_t limit) override {
    return input ? Result<std::string>(*input) : Platform::ReadInput(limit);
  }
  std::stop_token StopToken() override { return {}; }

  std::optional<std::string> input;

 private:
  FakeFiles files_;
  evidence::KeyringCache keyrings_;
  Lines out_;
  Lines err_;
};

}  // namespace gate::cli
