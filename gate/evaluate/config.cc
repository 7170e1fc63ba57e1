#include "gate/evaluate/config.h"

#include <fmt/format.h>

#include <utility>

#include "gate/yaml/strict_yaml.h"

namespace gate::evaluate {
namespace {

Setting SchemeSetting(evidence::Scheme& value) {
  return {"mc.scheme", "how MC signs: dsse or jws",
          [&value](std::string_view text) -> Result<void> {
            const auto scheme = evidence::SchemeFromString(text);
            if (!scheme) {
              return InvalidArgument(fmt::format("must be dsse or jws, not \"{}\"", text));
            }
            value = *scheme;
            return {};
          },
          [&value] { return std::string(evidence::ToString(value)); }};
}

Setting UntrustedSetting(decide::Outcome& value) {
  return {"policy.untrusted", "verdict for an answer that cannot be trusted: fail or inconclusive",
          [&value](std::string_view text) -> Result<void> {
            if (text != "fail" && text != "inconclusive") {
              return InvalidArgument(fmt::format("must be fail or inconclusive, not \"{}\"", text));
            }
            value = text == "fail" ? decide::Outcome::kFail : decide::Outcome::kInconclusive;
            return {};
          },
          [&value]() -> std::string {
            return value == decide::Outcome::kFail ? "fail" : "inconclusive";
          }};
}

}  // namespace

std::vector<Setting> Settings(Config& config) {
  constexpr std::size_t kMostApprovers = 5;
  Config::Mc& mc = config.mc;
  Config::Timing& timing = config.timing;
  return {
      TextSetting("environment", "environment that the evidence must be for, such as production",
                  config.environment),
      TextSetting("mc.url", "base URL of the MC Evidence API", mc.url),
      TextSetting("mc.tokenFile", "file with the bearer token, read anew for every request",
                  mc.token_file),
      SchemeSetting(mc.scheme),
      TextSetting("mc.keyringFile", "file with the public keys that MC may sign with",
                  mc.keyring_file),
      TextSetting("mc.caFile", "CA certificates for MC; default: the system's", mc.ca_file),
      TextSetting("mc.clientCertFile", "client certificate for MC", mc.client_cert_file),
      TextSetting("mc.clientKeyFile", "its private key", mc.client_key_file),
      UntrustedSetting(config.policy.untrusted),
      BoolSetting("override.enabled", "whether people may decide in MC's place",
                  config.overrides.enabled),
      CountSetting("override.approvers", "how many different people must approve",
                   config.overrides.approvers, kMostApprovers),
      DurationSetting("timing.attemptTimeout", "limit of one request to MC",
                      timing.attempt_timeout),
      DurationSetting("timing.budget",
                      "limit of one evaluation: all its requests and pauses together",
                      timing.budget),
      DurationSetting("timing.hold",
                      "how long a Job keeps evaluating while there is no verdict; 0s: once",
                      timing.hold),
      DurationSetting("timing.holdInterval", "pause between evaluations while holding",
                      timing.hold_interval),
      DurationSetting("timing.backoffBase", "first pause between requests (full jitter, doubling)",
                      timing.backoff.base),
      DurationSetting("timing.backoffCap", "longest pause between requests", timing.backoff.cap),
      DurationSetting("timing.maxClockSkew", "how far MC's clock may be off",
                      timing.max_clock_skew),
      DurationSetting("timing.maxEvidenceAge", "evidence issued longer ago is stale",
                      timing.max_evidence_age),
  };
}

void CheckConfig(const Config& config, yaml::Mistakes& mistakes) {
  const auto require = [&](const std::string& value, std::string_view path) {
    if (value.empty()) {
      mistakes.Add(fmt::format("{} is not set; set it in the configuration file, by {} or by {}",
                               path, FlagName(path), EnvironmentName(path)));
    }
  };
  require(config.mc.url, "mc.url");
  require(config.mc.token_file, "mc.tokenFile");
  require(config.mc.keyring_file, "mc.keyringFile");
  require(config.environment, "environment");
  if (!config.mc.url.empty() && !config.mc.url.starts_with("http://") &&
      !config.mc.url.starts_with("https://")) {
    mistakes.Add(
        fmt::format("mc.url must begin with https:// (or http://), not \"{}\"", config.mc.url));
  }
  if (config.mc.client_cert_file.empty() != config.mc.client_key_file.empty()) {
    mistakes.Add("mc.clientCertFile and mc.clientKeyFile must be set together");
  }
  const auto positive = [&](Nanos value, std::string_view path) {
    if (value <= Nanos(0)) mistakes.Add(fmt::format("{} must be longer than 0s", path));
  };
  positive(config.timing.attempt_timeout, "timing.attemptTimeout");
  positive(config.timing.budget, "timing.budget");
  positive(config.timing.hold_interval, "timing.holdInterval");
  positive(config.timing.backoff.base, "timing.backoffBase");
  if (config.timing.backoff.cap < config.timing.backoff.base) {
    mistakes.Add("timing.backoffCap must not be shorter than timing.backoffBase");
  }
}

Result<Config> ResolveConfig(const ConfigSources& sources) {
  Config config;
  yaml::Mistakes mistakes;
  if (auto applied = ApplySettings(Settings(config), {}, sources, mistakes); !applied) {
    return std::move(applied).error();
  }
  if (mistakes.empty()) CheckConfig(config, mistakes);
  if (!mistakes.empty()) return mistakes.ToError();
  return config;
}

std::string PrintConfig(Config config) { return PrintSettings(Settings(config)); }

}  // namespace gate::evaluate
