#include "gate/service/config.h"

#include <utility>

#include "gate/yaml/strict_yaml.h"

namespace gate::service {

std::vector<evaluate::Setting> Settings(Config& config) {
  constexpr std::size_t kMostAtOnce = 10'000;
  constexpr std::size_t kMostFailures = 1'000;
  std::vector<evaluate::Setting> settings = evaluate::Settings(config.gate);
  Config::Serve& serve = config.serve;
  for (evaluate::Setting& setting : std::vector<evaluate::Setting>{
           evaluate::TextSetting("serve.listen", "address and port to listen on", serve.listen),
           evaluate::TextSetting("serve.certFile",
                                 "certificate chain to serve in TLS with; default: plain HTTP",
                                 serve.cert_file),
           evaluate::TextSetting("serve.keyFile", "its private key", serve.key_file),
           evaluate::TextSetting("serve.callerTokenFile",
                                 "file with the bearer token that callers must have, read anew for "
                                 "every request; default: anybody may ask",
                                 serve.caller_token_file),
           evaluate::CountSetting(
               "serve.mostAtOnce",
               "evaluations at once; more are answered inconclusive (overloaded)",
               serve.most_at_once, kMostAtOnce),
           evaluate::CountSetting("serve.breakerFailures",
                                  "failures of MC in a row after which it is left alone",
                                  serve.breaker_failures, kMostFailures),
           evaluate::DurationSetting("serve.breakerOpenFor", "for how long it is left alone",
                                     serve.breaker_open_for)}) {
    settings.push_back(std::move(setting));
  }
  return settings;
}

Result<Config> ResolveConfig(const evaluate::ConfigSources& sources) {
  Config config;
  yaml::Mistakes mistakes;
  auto applied = evaluate::ApplySettings(Settings(config), sources, mistakes);
  if (!applied) return std::move(applied).error();
  if (mistakes.empty()) {
    evaluate::CheckConfig(config.gate, mistakes);
    const Config::Serve& serve = config.serve;
    if (serve.cert_file.empty() != serve.key_file.empty()) {
      mistakes.Add("serve.certFile and serve.keyFile must be set together");
    }
    if (serve.breaker_open_for <= Nanos(0)) {
      mistakes.Add("serve.breakerOpenFor must be longer than 0s");
    }
  }
  if (!mistakes.empty()) return mistakes.ToError();
  return config;
}

std::string PrintConfig(Config config) { return evaluate::PrintSettings(Settings(config)); }

}  // namespace gate::service
