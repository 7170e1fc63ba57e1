#include "harness/sim/argo/metric_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>
#include <utility>

#include "gate/base/encoding.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Json;
using gate::Result;

constexpr std::size_t kMeasurementsKept = 10;  // argo R41

// The value of a tag such as "args.release-id".
Result<std::string> ValueOf(std::string_view tag, const std::vector<Argument>& args) {
  constexpr std::string_view kPrefix = "args.";
  const std::string_view name = gate::Trimmed(tag);
  for (const Argument& arg : args) {
    if (name.substr(0, kPrefix.size()) == kPrefix && name.substr(kPrefix.size()) == arg.name) {
      return *arg.value;
    }
  }
  return gate::InvalidArgument(fmt::format("failed to resolve {{{{{}}}}}", tag));
}

Result<std::string> SubstituteText(const std::string& text, const std::vector<Argument>& args) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t open = text.find("{{"); open != std::string::npos; open = text.find("{{", at)) {
    const std::size_t close = text.find("}}", open + 2);
    if (close == std::string::npos) {
      return gate::InvalidArgument(
          fmt::format("Cannot find end tag=\"}}}}\" in the template=\"{}\" starting "
                      "from \"{}\"",
                      text, text.substr(open + 2)));
    }
    auto value = ValueOf(std::string_view(text).substr(open + 2, close - open - 2), args);
    if (!value) return std::move(value).error();
    out.append(text, at, open - at).append(*value);
    at = close + 2;
  }
  return out.append(text, at);
}

Result<void> SubstituteIn(Json& json, const std::vector<Argument>& args) {
  if (json.is_string()) {
    auto& text = json.get_ref<std::string&>();
    if (text.find("{{") == std::string::npos) return {};
    auto substituted = SubstituteText(text, args);
    if (!substituted) return std::move(substituted).error();
    text = std::move(*substituted);
    return {};
  }
  if (json.is_array()) {
    for (Json& element : json) {
      if (auto done = SubstituteIn(element, args); !done) return done;
    }
  }
  if (!json.is_object()) return {};
  std::vector<std::string> keys;
  for (auto& [key, value] : json.get_ref<Json::object_t&>()) {
    if (auto done = SubstituteIn(value, args); !done) return done;
    if (key.find("{{") != std::string::npos) keys.push_back(key);
  }
  for (const std::string& key : keys) {
    auto substituted = SubstituteText(key, args);
    if (!substituted) return std::move(substituted).error();
    json[*substituted] = std::move(json[key]);
    if (*substituted != key) json.erase(key);
  }
  return {};
}

Result<void> ValidateLimits(const MetricSpec& metric) {
  const std::int64_t count = metric.count.value_or(0);
  const std::int64_t failures = metric.failure_limit.value_or(0);
  const std::int64_t successes = metric.consecutive_success_limit.value_or(0);
  const std::int64_t inconclusive = metric.inconclusive_limit.value_or(0);
  if (successes < 0) return gate::InvalidArgument("consecutiveSuccessLimit must be >= 0");
  if (failures < -1) {
    return gate::InvalidArgument("failureLimit must be >= 0, or -1 to be disabled");
  }
  if (successes == 0 && failures == -1) {
    return gate::InvalidArgument(
        "failureLimit and consecutiveSuccessLimit cannot both be disabled");
  }
  if (inconclusive < 0) return gate::InvalidArgument("inconclusiveLimit must be >= 0");
  if (metric.consecutive_error_limit.value_or(0) < 0) {
    return gate::InvalidArgument("consecutiveErrorLimit must be >= 0");
  }
  if (count <= 0) return {};
  if (failures >= 0 && count < failures + successes) {
    return gate::InvalidArgument(
        fmt::format("count ({}) must be >= failureLimit + consecutiveSuccessLimit ({} + "
                    "{}) if both >= 0",
                    count, failures, successes));
  }
  if (failures < 0 && count < successes) {
    return gate::InvalidArgument("count must be >= consecutiveSuccessLimit");
  }
  if (count < inconclusive) return gate::InvalidArgument("count must be >= inconclusiveLimit");
  if (count > 1 && metric.interval.empty()) {
    return gate::InvalidArgument("interval must be specified when count > 1");
  }
  return {};
}

Result<void> ValidateMetric(const MetricSpec& metric) {
  if (auto limits = ValidateLimits(metric); !limits) return limits;
  if (!metric.interval.empty()) {
    if (auto parsed = gate::ParseDuration(metric.interval); !parsed) {
      return gate::InvalidArgument("invalid interval string: " + parsed.error().message);
    }
  }
  if (!metric.initial_delay.empty()) {
    if (auto parsed = gate::ParseDuration(metric.initial_delay); !parsed) {
      return gate::InvalidArgument("invalid startDelay string: " + parsed.error().message);
    }
  }
  if (metric.providers == 0) return gate::InvalidArgument("no provider specified");
  if (metric.providers > 1) return gate::InvalidArgument("multiple providers specified");
  return {};
}

// Go's regexp.MatchString: unanchored; what does not compile matches nothing.
bool Matches(const std::string& pattern, const std::string& name) {
  try {
    return std::regex_search(name, std::regex(pattern, std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    return false;
  }
}

// The metrics that a rule names; at least one (argo R40).
Result<std::vector<std::size_t>> MetricsOf(const Json& rule, const std::vector<MetricSpec>& metrics,
                                           std::string_view what, std::size_t index) {
  const std::string pattern = TextOf(rule, "metricName");
  std::vector<std::size_t> matched;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (Matches(pattern, metrics[i].name)) matched.push_back(i);
  }
  if (matched.empty()) {
    return gate::InvalidArgument(
        fmt::format("{}[{}]: Rule didn't match any metric name(s)", what, index));
  }
  return matched;
}

Result<void> ReadRules(const Json& spec, RunSpec& run) {
  run.dry_run.assign(run.metrics.size(), false);
  run.measurements.assign(run.metrics.size(), kMeasurementsKept);
  std::size_t index = 0;
  for (const Json& rule : Member(spec, "dryRun")) {
    auto matched = MetricsOf(rule, run.metrics, "dryRun", index++);
    if (!matched) return std::move(matched).error();
    for (const std::size_t i : *matched) run.dry_run[i] = true;
  }
  index = 0;
  for (const Json& rule : Member(spec, "measurementRetention")) {
    auto matched = MetricsOf(rule, run.metrics, "measurementRetention", index++);
    if (!matched) return std::move(matched).error();
    const std::int64_t limit = IntOf(rule, "limit");
    for (const std::size_t i : *matched) {
      run.measurements[i] = limit > 0 ? static_cast<std::size_t>(limit) : kMeasurementsKept;
    }
  }
  return {};
}

Result<void> ResolveMetrics(const Json& metrics, RunSpec& run) {
  std::vector<Argument> shown = run.args;
  for (Argument& arg : shown) {
    if (arg.secret) arg.value = "temp-for-secret";
  }
  for (const Json& json : metrics) {
    auto resolved = Substitute(json, shown);
    if (!resolved) {
      return gate::InvalidArgument("Unable to resolve metric arguments: " +
                                   resolved.error().message);
    }
    run.metrics.push_back(ReadMetric(*std::move(resolved)));
    if (run.has_secrets) run.metric_json.push_back(json);
  }
  return {};
}

}  // namespace

std::vector<Argument> ReadArguments(const Json& args) {
  std::vector<Argument> read;
  for (const Json& json : args) {
    Argument arg{TextOf(json, "name"), std::nullopt, std::nullopt};
    const Json& value = Member(json, "value");
    if (value.is_string()) arg.value = value.get<std::string>();
    const Json& secret = Member(Member(json, "valueFrom"), "secretKeyRef");
    if (secret.is_object()) arg.secret = SecretKey{TextOf(secret, "name"), TextOf(secret, "key")};
    read.push_back(std::move(arg));
  }
  return read;
}

Result<Json> Substitute(const Json& json, const std::vector<Argument>& args) {
  for (const Argument& arg : args) {
    if (!arg.value) {
      return gate::InvalidArgument(fmt::format("argument \"{}\" was not supplied", arg.name));
    }
  }
  Json copy = json;
  if (auto done = SubstituteIn(copy, args); !done) return std::move(done).error();
  return copy;
}

std::optional<std::int64_t> MetricSpec::EffectiveCount() const {
  if (count && *count != 0) return count;
  if (interval.empty()) return 1;
  return std::nullopt;
}

MetricSpec ReadMetric(Json json) {
  MetricSpec metric;
  metric.name = TextOf(json, "name");
  metric.interval = TextOf(json, "interval");
  metric.initial_delay = TextOf(json, "initialDelay");
  metric.count = MaybeIntOrText(json, "count");
  metric.failure_limit = MaybeIntOrText(json, "failureLimit");
  metric.inconclusive_limit = MaybeIntOrText(json, "inconclusiveLimit");
  metric.consecutive_error_limit = MaybeIntOrText(json, "consecutiveErrorLimit");
  metric.consecutive_success_limit = MaybeIntOrText(json, "consecutiveSuccessLimit");
  metric.success_condition = TextOf(json, "successCondition");
  metric.failure_condition = TextOf(json, "failureCondition");
  const auto provider = json.find("provider");
  if (provider == json.end() || !provider->is_object()) return metric;
  for (auto& [kind, config] : provider->get_ref<Json::object_t&>()) {
    if (config.is_null()) continue;
    ++metric.providers;
    metric.provider = kind == "job"   ? MetricSpec::Provider::kJob
                      : kind == "web" ? MetricSpec::Provider::kWeb
                                      : MetricSpec::Provider::kOther;
    metric.provider_config = Share(std::move(config));
  }
  return metric;
}

Result<void> ValidateMetrics(const std::vector<MetricSpec>& metrics) {
  if (metrics.empty()) return gate::InvalidArgument("no metrics specified");
  std::set<std::string> names;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (!names.insert(metrics[i].name).second) {
      return gate::InvalidArgument(
          fmt::format("metrics[{}]: duplicate name '{}'", i, metrics[i].name));
    }
    if (auto valid = ValidateMetric(metrics[i]); !valid) {
      return gate::InvalidArgument(fmt::format("metrics[{}]: {}", i, valid.error().message));
    }
  }
  return {};
}

Result<RunSpec> ReadRunSpec(const Json& spec) {
  RunSpec run;
  run.terminate = FlagOf(spec, "terminate");
  run.args = ReadArguments(Member(spec, "args"));
  run.has_secrets = std::any_of(run.args.begin(), run.args.end(),
                                [](const Argument& arg) { return arg.secret.has_value(); });
  if (auto resolved = ResolveMetrics(Member(spec, "metrics"), run); !resolved) {
    return std::move(resolved).error();
  }
  auto valid = ValidateMetrics(run.metrics);
  if (valid) valid = ReadRules(spec, run);
  if (!valid) return gate::InvalidArgument("Analysis spec invalid: " + valid.error().message);
  const Json& ttl = Member(spec, "ttlStrategy");
  run.ttl_after_completion = MaybeInt(ttl, "secondsAfterCompletion");
  run.ttl_after_failure = MaybeInt(ttl, "secondsAfterFailure");
  run.ttl_after_success = MaybeInt(ttl, "secondsAfterSuccess");
  return run;
}

}  // namespace drill::sim::argo
