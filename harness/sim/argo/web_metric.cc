#include "harness/sim/argo/web_metric.h"

#include <fmt/format.h>

#include <utility>

#include "gate/base/encoding.h"
#include "harness/sim/argo/expression.h"
#include "harness/sim/argo/json_path.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Json;
using gate::Result;

Measurement MadeError(std::string message) {
  Measurement measurement;
  measurement.phase = AnalysisPhase::kError;
  measurement.message = std::move(message);
  return measurement;
}

// As Go writes JSON: three characters are escaped for the sake of HTML.
std::string GoJson(const Json& value) {
  std::string escaped;
  for (const char c : value.dump()) {
    if (c == '<' || c == '>' || c == '&') {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// A body that is no JSON ends up in the status, which must be text.
std::string AsText(const std::string& body) {
  if (gate::IsValidUtf8(body)) return body;
  std::string text;
  for (const char c : body) text += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  return text;
}

}  // namespace

Result<WebRequest> BuildWebRequest(const MetricSpec& metric) {
  const Json& config = *metric.provider_config;
  WebRequest request;
  request.method = TextOf(config, "method");
  if (request.method.empty()) request.method = "GET";
  request.url = TextOf(config, "url");
  request.body = TextOf(config, "body");
  request.insecure = FlagOf(config, "insecure");
  const Json& json_body = Member(config, "jsonBody");
  const bool has_json = !json_body.is_null();
  if (!request.body.empty() && has_json) {
    return gate::InvalidArgument(
        "use either Body or JSONBody; both cannot exists for WebMetric payload");
  }
  if ((!request.body.empty() || has_json) && request.method == "GET") {
    return gate::InvalidArgument(
        "Body/JSONBody can only be used with POST or PUT WebMetric Method types");
  }
  if (has_json) request.body = json_body.dump();
  for (const Json& header : Member(config, "headers")) {
    request.headers.emplace_back(TextOf(header, "key"), TextOf(header, "value"));
  }
  if (has_json) request.headers.emplace_back("Content-Type", "application/json");
  return request;
}

gate::Nanos WebTimeout(const MetricSpec& metric) {
  constexpr std::int64_t kDefaultSeconds = 10;
  const std::int64_t seconds = IntOf(*metric.provider_config, "timeoutSeconds");
  return std::chrono::seconds(seconds > 0 ? seconds : kDefaultSeconds);
}

Measurement JudgeWebResponse(const MetricSpec& metric, const Result<WebResponse>& response) {
  if (!response) return MadeError(response.error().message);
  if (response->status < 200 || response->status >= 300) {
    return MadeError(fmt::format("received non 2xx response code: {}", response->status));
  }
  Measurement measurement;
  const Json document = Json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {  // argo R57
    measurement.phase = AnalysisPhase::kSuccessful;
    measurement.value = AsText(response->body);
    return measurement;
  }
  auto found = FindJsonPath(document, TextOf(*metric.provider_config, "jsonPath"));
  if (!found) return MadeError("Could not find JSONPath in body: " + found.error().message);
  if (found->empty()) return MadeError("result of web metric produced no value");
  auto phase = EvaluateResult(found->front(), metric.success_condition, metric.failure_condition);
  if (!phase) return MadeError(phase.error().message);
  measurement.phase = *phase;
  measurement.value = GoJson(found->front());
  return measurement;
}

}  // namespace drill::sim::argo
