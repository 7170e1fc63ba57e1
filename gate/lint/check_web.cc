#include <fmt/format.h>

#include <algorithm>

#include "gate/base/encoding.h"
#include "gate/lint/checks.h"
#include "gate/lint/gate_use.h"

namespace gate::lint {
namespace {

// What a condition compares with the outcome it is for.
enum class Looks { kAtResult, kAtField, kElsewhere };

Looks LooksAt(const std::optional<Text>& condition, std::string_view outcome) {
  if (!condition) return Looks::kElsewhere;
  std::string text;
  for (const char c : condition->value) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') text += c == '"' ? '\'' : c;
  }
  const std::string expected = fmt::format("'{}'", outcome);
  const auto compares = [&](std::string_view what) {
    return text == fmt::format("{}=={}", what, expected) ||
           text == fmt::format("{}=={}", expected, what);
  };
  if (compares("result")) return Looks::kAtResult;
  if (compares("result.verdict") || compares("result['verdict']")) return Looks::kAtField;
  return Looks::kElsewhere;
}

// argo R58: only with both conditions, and both false, is a verdict inconclusive.
void CheckConditions(const Metric& metric, Reporter& report) {
  const WebProvider& web = *metric.web;
  const Looks success = LooksAt(metric.success_condition, "pass");
  const Looks failure = LooksAt(metric.failure_condition, "fail");
  constexpr const char* kFix =
      "set jsonPath: \"{$.verdict}\", successCondition: result == \"pass\" and failureCondition: "
      "result == \"fail\"";
  if (success == Looks::kElsewhere || failure == Looks::kElsewhere) {
    const auto& wrong =
        success == Looks::kElsewhere ? metric.success_condition : metric.failure_condition;
    const char* name = success == Looks::kElsewhere ? "successCondition" : "failureCondition";
    report.Add(Rule::kGateConditions, wrong ? wrong->place : metric.name.place,
               wrong ? fmt::format("{} does not compare the verdict with exactly one outcome", name)
                     : fmt::format("{} is missing, so that no verdict is inconclusive", name),
               kFix);
    return;
  }
  const std::string path = web.json_path ? web.json_path->value : "{$}";
  const bool is_field = path == "{$.verdict}" || path == "{.verdict}" || path == "{$['verdict']}" ||
                        path == "{['verdict']}";
  const bool is_root = path == "{$}" || path == "{}" || path == "{@}";
  const bool fits = success == failure && (success == Looks::kAtResult ? is_field : is_root);
  if (fits) return;
  report.Add(Rule::kGateJsonPath, web.json_path ? web.json_path->place : web.place,
             fmt::format("jsonPath {} does not select what the conditions compare", path), kFix);
}

void CheckTransport(const WebProvider& web, Reporter& report) {
  const UrlParts url = SplitUrl(web.url.value);
  if (url.scheme != "https" && !(url.scheme == "http" && IsInCluster(url.host))) {
    report.Add(
        Rule::kGateTransport, web.url.place,
        fmt::format("the gate at \"{}\" is asked without TLS outside of the cluster", url.host),
        "use https://, or the Service's name (NAME.NAMESPACE.svc)");
  }
  if (web.insecure && web.insecure->value) {
    report.Add(Rule::kGateTransport, web.insecure->place,
               "insecure: true takes a verdict from whoever answers",
               "remove it and let the controller trust the gate's CA");
  }
}

// argo R54
void CheckRequest(const WebProvider& web, const Options& options, Reporter& report) {
  const bool is_post = web.method && web.method->value == "POST";
  if (!is_post || !web.has_json_body) {
    report.Add(Rule::kGateMethod, web.method && !is_post ? web.method->place : web.place,
               "the gate takes its question as the JSON body of a POST",
               "set method: POST and jsonBody");
  }
  constexpr std::int64_t kDefaultTimeout = 10;
  const std::int64_t timeout = web.timeout_seconds ? web.timeout_seconds->value : kDefaultTimeout;
  // Longer than this it is longer than any budget.
  constexpr std::int64_t kDay = 86'400;
  if (std::chrono::seconds(std::clamp<std::int64_t>(timeout, 0, kDay)) > options.gate_budget) {
    return;
  }
  const std::int64_t enough =
      std::chrono::floor<std::chrono::seconds>(options.gate_budget).count() + 5;
  report.Add(
      Rule::kGateTimeout, web.timeout_seconds ? web.timeout_seconds->place : web.place,
      fmt::format("Argo waits {} s{}, the gate takes up to {} (timing.budget): five timeouts "
                  "abort a good release",
                  timeout, web.timeout_seconds ? "" : " (the default)",
                  FormatDuration(options.gate_budget)),
      fmt::format("set timeoutSeconds: {}", enough));
}

bool IsSecretHeader(std::string_view header) {
  const std::string name = LowerCase(header);
  return name == "authorization" || name == "x-api-key" || name.find("token") != std::string::npos;
}

// argo R55: headers are where a secret argument belongs.
void CheckHeaders(const WebProvider& web, const AnalysisTemplate& analysis_template,
                  Reporter& report) {
  for (const Header& header : web.headers) {
    if (!IsSecretHeader(header.name)) continue;
    const auto names = ArgumentsIn(header.value.value);
    const bool from_secret = std::any_of(
        analysis_template.args.begin(), analysis_template.args.end(), [&](const Argument& each) {
          return each.is_secret && std::count(names.begin(), names.end(), each.name) > 0;
        });
    if (from_secret) continue;
    report.Add(Rule::kSecretInArguments, header.value.place,
               fmt::format("header {} is written out in the template", header.name),
               "take it from an argument with valueFrom.secretKeyRef");
  }
}

}  // namespace

void CheckWeb(const AnalysisTemplate& analysis_template, const Metric& metric,
              const Context& context) {
  const WebProvider& web = *metric.web;
  Reporter report(analysis_template.identity, context.findings);
  CheckHeaders(web, analysis_template, report);
  if (GateKindOf(metric) == GateKind::kWeb) {
    CheckConditions(metric, report);
    CheckTransport(web, report);
    CheckRequest(web, context.options, report);
    return;
  }
  const UrlParts url = SplitUrl(web.url.value);
  const bool is_evidence = (url.path + "/").find("/v1/evidence/") != std::string::npos;
  if (IsInCluster(url.host) && !is_evidence) return;
  report.Add(Rule::kForeignMetric, web.url.place,
             fmt::format("metric \"{}\" asks {} itself: an answer that is not JSON is scored "
                         "Successful, and an outage aborts",
                         metric.name.value, is_evidence ? "MC" : "\"" + url.host + "\""),
             "ask the gate's service (path /v1/verdicts), or use a provider other than web");
}

}  // namespace gate::lint
