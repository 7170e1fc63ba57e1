#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "gate/decide/backoff.h"
#include "gate/decide/verdict.h"
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

// One thing that can be set: in the file under `path` ("timing.hold"), by the environment variable
// EnvironmentName(path) and by the flag FlagName(path); the flag wins over the environment, the
// environment over the file.
struct Setting {
  std::string path;
  std::string help;
  std::function<Result<void>(Config&, std::string_view text)> set;
  std::function<std::string(const Config&)> get;
};

// All settings, in the order in which they are shown. A file may hold these and nothing else.
std::vector<Setting> Settings();

std::string FlagName(std::string_view path);         // "timing.hold" -> "--timing-hold"
std::string EnvironmentName(std::string_view path);  // -> "ROLLOUT_GATE_TIMING_HOLD"

// Values given outside of the file, by setting path.
using Overrides = std::map<std::string, std::string>;

struct ConfigSources {
  std::string file_text;  // YAML; empty if there is no file
  std::string file_name;  // for messages
  Overrides environment;
  Overrides flags;
};

// Resolves and validates. All mistakes are reported at once, each with its place: file:line:column,
// the variable or the flag.
Result<Config> ResolveConfig(const ConfigSources& sources);

// The resolved configuration as a YAML file that resolves to itself. It holds no secrets: they are
// only ever named by file. No final newline.
std::string PrintConfig(const Config& config);

}  // namespace gate::evaluate
