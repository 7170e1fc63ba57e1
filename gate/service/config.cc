#include "gate/service/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/yaml/strict_yaml.h"

namespace gate::service {
namespace {

using evaluate::Setting;

// The parts of a text between any of `separators`, without empty ones.
std::vector<std::string> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

Setting StagesSetting(std::vector<std::string>& value) {
  return {
      "watch.stages",
      "weights behind which every analysis step is a gate of that stage, separated by commas; "
      "default: the gates are the analysis steps with an argument \"stage\", or without any such "
      "step those behind 20 and 50",
      [&value](std::string_view text) -> Result<void> {
        const std::vector<std::string> stages = Split(text, ", ");
        const auto is_weight = [](const std::string& stage) {
          return stage.size() <= 3 && stage.find_first_not_of("0123456789") == std::string::npos;
        };
        if (stages.empty() != text.empty() ||
            !std::all_of(stages.begin(), stages.end(), is_weight)) {
          return InvalidArgument(fmt::format("must be weights such as 20,50, not \"{}\"", text));
        }
        value = stages;
        return {};
      },
      [&value] { return Join(value, ","); }};
}

Setting FallbackSetting(watch::FallbackPolicy::Kind& value) {
  using Kind = watch::FallbackPolicy::Kind;
  return {"watch.fallback",
          "what to do about a rollback that is late (after 80 % of its limit): argo (nothing but "
          "tell people), undo or command",
          [&value](std::string_view text) -> Result<void> {
            for (const Kind kind : {Kind::kArgo, Kind::kUndo, Kind::kCommand}) {
              if (text != watch::ToString(kind)) continue;
              value = kind;
              return {};
            }
            return InvalidArgument(fmt::format("must be argo, undo or command, not \"{}\"", text));
          },
          [&value] { return std::string(watch::ToString(value)); }};
}

Setting CommandSetting(std::vector<std::string>& value) {
  return {"watch.fallbackCommand",
          "program and arguments of the fallback `command`, separated by spaces, run without a "
          "shell; {namespace}, {rollout}, {release} and {environment} are replaced",
          [&value](std::string_view text) -> Result<void> {
            value = Split(text, " ");
            return {};
          },
          [&value] { return Join(value, " "); }};
}

std::vector<Setting> ServeSettings(Config::Serve& serve) {
  constexpr std::size_t kMostAtOnce = 10'000;
  constexpr std::size_t kMostFailures = 1'000;
  return {evaluate::TextSetting("serve.listen", "address and port to listen on", serve.listen),
          evaluate::TextSetting("serve.certFile",
                                "certificate chain to serve in TLS with; default: plain HTTP",
                                serve.cert_file),
          evaluate::TextSetting("serve.keyFile", "its private key", serve.key_file),
          evaluate::TextSetting("serve.callerTokenFile",
                                "file with the bearer token that callers must have, read anew for "
                                "every request; default: anybody may ask",
                                serve.caller_token_file),
          evaluate::TextSetting("serve.tokenIssuedFile",
                                "file with the time (RFC 3339) at which the token for MC was "
                                "issued, for the metric; default: it is not told",
                                serve.token_issued_file),
          evaluate::CountSetting("serve.mostAtOnce",
                                 "evaluations at once; more are answered inconclusive (overloaded)",
                                 serve.most_at_once, kMostAtOnce),
          evaluate::CountSetting("serve.breakerFailures",
                                 "failures of MC in a row after which it is left alone",
                                 serve.breaker_failures, kMostFailures),
          evaluate::DurationSetting("serve.breakerOpenFor", "for how long it is left alone",
                                    serve.breaker_open_for)};
}

std::vector<Setting> WatchSettings(Config::Watch& watch) {
  return {
      evaluate::BoolSetting("watch.enabled",
                            "follow rollbacks, find bypasses and tell people of what happens",
                            watch.enabled),
      evaluate::TextSetting("watch.namespace",
                            "whose Rollouts are watched; default: those of all namespaces",
                            watch.ns),
      StagesSetting(watch.stages),
      evaluate::TextSetting("watch.lease",
                            "Lease, in the gate's own namespace, that says which of several "
                            "replicas watches",
                            watch.lease),
      evaluate::DurationSetting("watch.rollbackLimit",
                                "until when the stable version must serve again",
                                watch.rollback.limit),
      evaluate::DurationSetting("watch.reassertAfter",
                                "how long Argo may take to act upon a fail before the watch aborts "
                                "the rollout itself",
                                watch.rollback.reassert_after),
      evaluate::DurationSetting("watch.probe",
                                "how often MC is asked about a release that is paused without a "
                                "verdict, to tell people when it answers again; 0s: never",
                                watch.inquiry.while_paused),
      evaluate::DurationSetting("watch.continuous",
                                "how often MC is asked about a release that has passed a gate and "
                                "is still on its way, to abort it if MC takes its yes back; 0s: "
                                "never",
                                watch.inquiry.while_passed),
      FallbackSetting(watch.fallback.kind),
      CommandSetting(watch.fallback.command)};
}

std::vector<evaluate::Section> Sections(Config& config) {
  return {{"notify", "who is told (docs/notifications.md)",
           [&config](const yaml::Node& node, yaml::Mistakes& mistakes) {
             config.notify = notify::ReadNotifyConfig(node, mistakes);
           },
           [&config] { return DumpJson(ToJson(config.notify)); }}};
}

void CheckServe(const Config::Serve& serve, yaml::Mistakes& mistakes) {
  if (serve.cert_file.empty() != serve.key_file.empty()) {
    mistakes.Add("serve.certFile and serve.keyFile must be set together");
  }
  if (serve.breaker_open_for <= Nanos(0)) {
    mistakes.Add("serve.breakerOpenFor must be longer than 0s");
  }
}

void CheckInterval(const std::string& path, Nanos interval, yaml::Mistakes& mistakes) {
  if (interval != Nanos(0) && interval < std::chrono::seconds(1)) {
    mistakes.Add(path + " must be 0s, or at least 1s");
  }
}

void CheckWatch(const Config::Watch& watch, yaml::Mistakes& mistakes) {
  using Kind = watch::FallbackPolicy::Kind;
  if (watch.rollback.limit < std::chrono::seconds(10)) {
    mistakes.Add("watch.rollbackLimit must be at least 10s");
  }
  CheckInterval("watch.probe", watch.inquiry.while_paused, mistakes);
  CheckInterval("watch.continuous", watch.inquiry.while_passed, mistakes);
  if (watch.lease.empty()) mistakes.Add("watch.lease must not be empty");
  if (watch.fallback.kind == Kind::kCommand && watch.fallback.command.empty()) {
    mistakes.Add("watch.fallback is command: watch.fallbackCommand must be set, too");
  }
  if (watch.fallback.kind != Kind::kCommand && !watch.fallback.command.empty()) {
    mistakes.Add("watch.fallbackCommand means nothing unless watch.fallback is command");
  }
}

}  // namespace

std::vector<Setting> Settings(Config& config) {
  std::vector<Setting> settings = evaluate::Settings(config.gate);
  for (const auto& more : {ServeSettings(config.serve), WatchSettings(config.watch)}) {
    settings.insert(settings.end(), more.begin(), more.end());
  }
  return settings;
}

Result<Config> ResolveConfig(const evaluate::ConfigSources& sources) {
  Config config;
  yaml::Mistakes mistakes;
  auto applied = evaluate::ApplySettings(Settings(config), Sections(config), sources, mistakes);
  if (!applied) return std::move(applied).error();
  if (mistakes.empty()) {
    evaluate::CheckConfig(config.gate, mistakes);
    CheckServe(config.serve, mistakes);
    CheckWatch(config.watch, mistakes);
  }
  if (!mistakes.empty()) return mistakes.ToError();
  return config;
}

std::string PrintConfig(Config config) {
  return evaluate::PrintSettings(Settings(config), Sections(config));
}

}  // namespace gate::service
