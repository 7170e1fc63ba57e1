#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "gate/decide/backoff.h"
#include "gate/decide/verdict.h"
#include "gate/evaluate/settings.h"
#include "gate/evidence/request.h"

namespace gate::evaluate {

// Everything that is configured about a gate; what is asked is a Question (question.h).
struct Config {
  struct Mc {
    std::string url;
    std::string token_file;
    evidence::Scheme scheme = evidence::Scheme::kDsse;
    std::string keyring_file;
    std::string ca_file;  // empty: the system's certificates
    std::string client_cert_file;
    std::string client_key_file;
  } mc;

  std::string environment;
  decide::Policy policy;

  // Whether people may decide in MC's place (docs/override.md). Takes a cluster, and a Role that
  // lets the gate read GateOverrides.
  struct Override {
    bool enabled = false;
    std::size_t approvers = 1;
  } overrides;

  struct Timing {
    Nanos attempt_timeout = std::chrono::seconds(5);
    Nanos budget = std::chrono::seconds(30);
    Nanos hold = std::chrono::minutes(5);
    Nanos hold_interval = std::chrono::seconds(10);
    decide::BackoffPolicy backoff{.base = std::chrono::milliseconds(200),
                                  .cap = std::chrono::seconds(5)};
    Nanos max_clock_skew = std::chrono::seconds(30);
    Nanos max_evidence_age = std::chrono::minutes(10);
  } timing;
};

// All settings of `config`, in the order in which they are shown.
std::vector<Setting> Settings(Config& config);

// Adds what no single value can be blamed for.
void CheckConfig(const Config& config, yaml::Mistakes& mistakes);

// Resolves and validates. All mistakes are reported at once, each with its place: file:line:column,
// the variable or the flag.
Result<Config> ResolveConfig(const ConfigSources& sources);

// The resolved configuration as a YAML file that resolves to itself. It holds no secrets: they are
// only ever named by file. No final newline.
std::string PrintConfig(Config config);

}  // namespace gate::evaluate
