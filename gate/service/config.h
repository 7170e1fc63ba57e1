#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/decide/breaker.h"
#include "gate/evaluate/config.h"
#include "gate/notify/config.h"
#include "gate/watch/fallback.h"
#include "gate/watch/inquirer.h"
#include "gate/watch/rollback.h"

namespace gate::service {

// What is configured about the service: all that is about a gate (evaluate::Config), and what only
// the service may have.
struct Config {
  evaluate::Config gate;

  struct Serve {
    std::string listen = "0.0.0.0:8080";
    std::string cert_file;  // empty, like key_file: plain HTTP
    std::string key_file;
    std::string caller_token_file;  // empty: whoever reaches the service may ask
    std::string token_issued_file;  // empty: nobody says how old MC's token is
    std::size_t most_at_once = 256;
    std::size_t breaker_failures = 5;
    Nanos breaker_open_for = std::chrono::seconds(10);
  } serve;

  // The leader's work: rollbacks followed, bypasses found, people told. Not without a cluster.
  struct Watch {
    bool enabled = true;
    std::string ns;                      // whose Rollouts; empty: of all namespaces
    std::vector<std::string> stages;     // empty: gates are found in the Rollout
    std::string lease = "rollout-gate";  // its name, in the gate's own namespace
    watch::RollbackPolicy rollback;
    watch::InquiryPolicy inquiry;
    watch::FallbackPolicy fallback;
  } watch;

  notify::NotifyConfig notify;

  decide::BreakerPolicy breaker() const {
    return {.failures = static_cast<int>(serve.breaker_failures),
            .open_for = serve.breaker_open_for};
  }
};

// As for evaluate::Config; the section `notify` can be said by the file only.
std::vector<evaluate::Setting> Settings(Config& config);
Result<Config> ResolveConfig(const evaluate::ConfigSources& sources);
std::string PrintConfig(Config config);

}  // namespace gate::service
