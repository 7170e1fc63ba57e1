#include "gate/evaluate/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "gate/base/strict_json.h"
#include "gate/yaml/strict_yaml.h"

namespace gate::evaluate {
namespace {

Error Bad(std::string message) { return Error{ErrorCode::kInvalidArgument, std::move(message)}; }

template <typename Section>
Setting Text(std::string path, std::string help, Section Config::*section,
             std::string Section::*field) {
  return {std::move(path), std::move(help),
          [=](Config& config, std::string_view text) -> Result<void> {
            config.*section.*field = std::string(text);
            return {};
          },
          [=](const Config& config) { return config.*section.*field; }};
}

// `access` maps a Config to a reference to the duration.
template <typename Access>
Setting Duration(std::string path, std::string help, Access access) {
  return {std::move(path), std::move(help),
          [=](Config& config, std::string_view text) -> Result<void> {
            auto value = ParseDuration(text);
            if (!value) return std::move(value).error();
            if (*value < Nanos(0)) return Bad("must not be negative");
            access(config) = *value;
            return {};
          },
          [=](const Config& config) { return FormatDuration(access(config)); }};
}

Setting Environment() {
  return {"environment", "environment that the evidence must be for, such as production",
          [](Config& config, std::string_view text) -> Result<void> {
            config.environment = std::string(text);
            return {};
          },
          [](const Config& config) { return config.environment; }};
}

Setting Scheme() {
  return {"mc.scheme", "how MC signs: dsse or jws",
          [](Config& config, std::string_view text) -> Result<void> {
            const auto scheme = evidence::SchemeFromString(text);
            if (!scheme) return Bad(fmt::format("must be dsse or jws, not \"{}\"", text));
            config.mc.scheme = *scheme;
            return {};
          },
          [](const Config& config) { return std::string(evidence::ToString(config.mc.scheme)); }};
}

Setting Untrusted() {
  return {"policy.untrusted", "verdict for an answer that cannot be trusted: fail or inconclusive",
          [](Config& config, std::string_view text) -> Result<void> {
            if (text != "fail" && text != "inconclusive") {
              return Bad(fmt::format("must be fail or inconclusive, not \"{}\"", text));
            }
            config.policy.untrusted =
                text == "fail" ? decide::Outcome::kFail : decide::Outcome::kInconclusive;
            return {};
          },
          [](const Config& config) -> std::string {
            return config.policy.untrusted == decide::Outcome::kFail ? "fail" : "inconclusive";
          }};
}

struct Source {
  std::string where;  // "gate.yaml:3:10", "--timing-hold", "ROLLOUT_GATE_TIMING_HOLD"
  std::string text;
};

// The values of a file, by setting path.
std::map<std::string, Source> ReadFile(const yaml::Node& root, const std::vector<Setting>& settings,
                                       yaml::Mistakes& mistakes) {
  std::map<std::string, Source> values;
  std::map<std::string, std::vector<std::string>> sections;  // "" holds the top-level settings
  for (const Setting& setting : settings) {
    const std::size_t dot = setting.path.find('.');
    if (dot == std::string::npos) {
      sections[""].push_back(setting.path);
    } else {
      sections[setting.path.substr(0, dot)].push_back(setting.path.substr(dot + 1));
    }
  }
  yaml::MapReader top(root, mistakes);
  const auto read = [&](yaml::MapReader& map, const std::string& prefix, const std::string& key) {
    const auto node = map.Find(key);
    if (!node) return;
    if (auto text = node->String(mistakes)) {
      values[prefix + key] = {node->Where(), *std::move(text)};
    }
  };
  for (const auto& [name, keys] : sections) {
    if (name.empty()) {
      for (const std::string& key : keys) read(top, "", key);
      continue;
    }
    const auto node = top.Find(name);
    if (!node) continue;
    yaml::MapReader section(*node, mistakes);
    for (const std::string& key : keys) read(section, name + ".", key);
    section.Finish();
  }
  top.Finish();
  return values;
}

void Override(std::map<std::string, Source>& values, const Overrides& overrides,
              std::string (*name)(std::string_view)) {
  for (const auto& [path, text] : overrides) values[path] = {name(path), text};
}

// What no single value can be blamed for.
void CheckWhole(const Config& config, yaml::Mistakes& mistakes) {
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

std::string Joined(std::string_view path, char separator, bool upper) {
  std::string name;
  for (const char c : path) {
    if (c == '.') {
      name += separator;
    } else if (c >= 'A' && c <= 'Z') {
      name += separator;
      name += upper ? c : static_cast<char>(c - 'A' + 'a');
    } else {
      name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

}  // namespace

std::vector<Setting> Settings() {
  using Mc = Config::Mc;
  return {
      Environment(),
      Text("mc.url", "base URL of the MC Evidence API", &Config::mc, &Mc::url),
      Text("mc.tokenFile", "file with the bearer token, read anew for every request", &Config::mc,
           &Mc::token_file),
      Scheme(),
      Text("mc.keyringFile", "file with the public keys that MC may sign with", &Config::mc,
           &Mc::keyring_file),
      Text("mc.caFile", "CA certificates for MC; default: the system's", &Config::mc, &Mc::ca_file),
      Text("mc.clientCertFile", "client certificate for MC", &Config::mc, &Mc::client_cert_file),
      Text("mc.clientKeyFile", "its private key", &Config::mc, &Mc::client_key_file),
      Untrusted(),
      Duration(
          "timing.attemptTimeout", "limit of one request to MC",
          [](auto& config) -> auto& { return config.timing.attempt_timeout; }),
      Duration(
          "timing.budget", "limit of one evaluation: all its requests and pauses together",
          [](auto& config) -> auto& { return config.timing.budget; }),
      Duration(
          "timing.hold", "how long a Job keeps evaluating while there is no verdict; 0s: once",
          [](auto& config) -> auto& { return config.timing.hold; }),
      Duration(
          "timing.holdInterval", "pause between evaluations while holding",
          [](auto& config) -> auto& { return config.timing.hold_interval; }),
      Duration(
          "timing.backoffBase", "first pause between requests (full jitter, doubling)",
          [](auto& config) -> auto& { return config.timing.backoff.base; }),
      Duration(
          "timing.backoffCap", "longest pause between requests",
          [](auto& config) -> auto& { return config.timing.backoff.cap; }),
      Duration(
          "timing.maxClockSkew", "how far MC's clock may be off",
          [](auto& config) -> auto& { return config.timing.max_clock_skew; }),
      Duration(
          "timing.maxEvidenceAge", "evidence issued longer ago is stale",
          [](auto& config) -> auto& { return config.timing.max_evidence_age; }),
  };
}

std::string FlagName(std::string_view path) { return "--" + Joined(path, '-', /*upper=*/false); }

std::string EnvironmentName(std::string_view path) {
  return "ROLLOUT_GATE_" + Joined(path, '_', /*upper=*/true);
}

Result<Config> ResolveConfig(const ConfigSources& sources) {
  yaml::Mistakes mistakes;
  const std::vector<Setting> settings = Settings();
  std::map<std::string, Source> values;
  if (!sources.file_text.empty()) {
    auto document = yaml::Document::Parse(sources.file_text, sources.file_name);
    if (!document) return std::move(document).error();
    values = ReadFile(document->root(), settings, mistakes);
  }
  Override(values, sources.environment, &EnvironmentName);
  Override(values, sources.flags, &FlagName);
  Config config;
  for (const Setting& setting : settings) {
    const auto value = values.find(setting.path);
    if (value == values.end()) continue;
    auto set = setting.set(config, value->second.text);
    if (!set) {
      mistakes.Add(
          fmt::format("{}: {}: {}", value->second.where, setting.path, set.error().message));
    }
  }
  if (mistakes.empty()) CheckWhole(config, mistakes);
  if (!mistakes.empty()) return mistakes.ToError();
  return config;
}

std::string PrintConfig(const Config& config) {
  std::string text;
  std::string section;
  for (const Setting& setting : Settings()) {
    const std::size_t dot = setting.path.find('.');
    std::string indent;
    if (dot != std::string::npos) {
      const std::string name = setting.path.substr(0, dot);
      if (name != section) text += name + ":\n";
      section = name;
      indent = "  ";
    }
    // JSON strings are YAML strings; the quotes keep "yes", "1" and ": " what they are.
    text += fmt::format("{}{}: {}  # {}\n", indent,
                        setting.path.substr(dot == std::string::npos ? 0 : dot + 1),
                        Json(setting.get(config)).dump(), setting.help);
  }
  text.pop_back();
  return text;
}

}  // namespace gate::evaluate
