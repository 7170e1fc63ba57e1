#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/decide/breaker.h"
#include "gate/evaluate/config.h"

namespace gate::service {

// What is configured about the service: all that is about a gate (evaluate::Config), and `serve`,
// which only the service may have.
struct Config {
  evaluate::Config gate;

  struct Serve {
    std::string listen = "0.0.0.0:8080";
    std::string cert_file;  // empty, like key_file: plain HTTP
    std::string key_file;
    std::string caller_token_file;  // empty: whoever reaches the service may ask
    std::size_t most_at_once = 256;
    std::size_t breaker_failures = 5;
    Nanos breaker_open_for = std::chrono::seconds(10);
  } serve;

  decide::BreakerPolicy breaker() const {
    return {.failures = static_cast<int>(serve.breaker_failures),
            .open_for = serve.breaker_open_for};
  }
};

// As for evaluate::Config.
std::vector<evaluate::Setting> Settings(Config& config);
Result<Config> ResolveConfig(const evaluate::ConfigSources& sources);
std::string PrintConfig(Config config);

}  // namespace gate::service
