#include "mock-mc/behaviour/response_reader.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "mock-mc/behaviour/evidence_reader.h"
#include "mock-mc/behaviour/fault_reader.h"
#include "mock-mc/behaviour/read_values.h"

namespace mock_mc {
namespace {

using gate::Nanos;
using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

constexpr std::string_view kTokenCharacters =
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// ---- delay

Delay ReadUniform(const Node& node, Mistakes& mistakes) {
  const std::vector<Node> ends = node.Items(mistakes);
  if (ends.size() != 2) {
    node.Complain(mistakes, "uniform takes two durations: [10ms, 50ms]");
    return {};
  }
  const auto low = ReadSpan(ends[0], mistakes);
  const auto high = ReadSpan(ends[1], mistakes);
  if (!low || !high) return {};
  if (*low > *high) ends[1].Complain(mistakes, "must not be less than the first duration");
  return UniformDelay{*low, *high};
}

Delay ReadLognormal(const Node& node, Mistakes& mistakes) {
  LognormalDelay delay{Nanos(0), 0, std::chrono::seconds(30)};
  MapReader map(node, mistakes);
  if (const auto median = map.Require("median")) {
    delay.median = ReadSpan(*median, mistakes).value_or(Nanos(0));
  }
  if (const auto sigma = map.Require("sigma")) {
    delay.sigma = sigma->Double(mistakes).value_or(0);
    if (delay.sigma < 0 || delay.sigma > 10) sigma->Complain(mistakes, "must be between 0 and 10");
  }
  if (const auto max = map.Find("max")) delay.max = ReadSpan(*max, mistakes).value_or(Nanos(0));
  map.Finish();
  return delay;
}

Delay ReadDelay(const Node& node, Mistakes& mistakes) {
  if (!node.IsMap()) return FixedDelay{ReadSpan(node, mistakes).value_or(Nanos(0))};
  MapReader map(node, mistakes);
  const auto uniform = map.Find("uniform");
  const auto lognormal = map.Find("lognormal");
  map.Finish();
  if (uniform.has_value() == lognormal.has_value()) {
    node.Complain(mistakes, "a delay is a duration, {uniform: [a, b]} or {lognormal: {...}}");
    return {};
  }
  return uniform ? ReadUniform(*uniform, mistakes) : ReadLognormal(*lognormal, mistakes);
}

// ---- response

void ReadHeaders(const Node& node, Response& response, Mistakes& mistakes) {
  for (const auto& [name, value] : node.Entries(mistakes)) {
    const std::string key = name.Text();
    const std::string text = value.String(mistakes).value_or("");
    if (key.empty() || key.find_first_not_of(kTokenCharacters) != std::string::npos) {
      name.Complain(mistakes, fmt::format("\"{}\" is not a header name", key));
    }
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      value.Complain(mistakes, "a header value must not hold line breaks");
    }
    response.headers.emplace_back(key, text);
  }
}

// A plain response after a mistake.
Response FindResponse(const Node& name, const ReadContext& context) {
  const auto text = name.String(context.mistakes);
  if (!text) return {};
  const auto found = context.responses.find(*text);
  if (found != context.responses.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [known_name, response] : context.responses) known.push_back(known_name);
  const auto nearest = gate::yaml::NearestWord(*text, known);
  name.Complain(context.mistakes,
                nearest ? fmt::format("no response \"{}\"; did you mean \"{}\"?", *text, *nearest)
                        : fmt::format("no response \"{}\" under responses", *text));
  return {};
}

bool ReadBody(MapReader& map, Response& response, Mistakes& mistakes) {
  const bool text = map.Read("body", response.body);
  const auto json = map.Find("json");
  if (json) response.body = json->ToJsonText(mistakes);
  if (text && json) map.Complain("json", "give body or json, not both");
  if (text || json) response.content_type = json ? "application/json" : "text/plain";
  return text || json;
}

constexpr std::array kWays = {Malformed::kJsonTruncated, Malformed::kJsonGarbage,
                              Malformed::kHtml,          Malformed::kTooLarge,
                              Malformed::kDuplicateKeys, Malformed::kNotUtf8,
                              Malformed::kTrailingBytes, Malformed::kNan,
                              Malformed::kDeepNesting,   Malformed::kByteOrderMark};

bool IsPutIntoJson(Malformed how) { return how >= Malformed::kDuplicateKeys; }

Breakage ReadBreakage(const Node& node, Mistakes& mistakes) {
  Breakage breakage;
  if (!node.IsMap()) {
    breakage.how = ParseWord(node, kWays, mistakes).value_or(Malformed::kNone);
    return breakage;
  }
  MapReader map(node, mistakes);
  if (const auto how = map.Require("how")) {
    breakage.how = ParseWord(*how, kWays, mistakes).value_or(Malformed::kNone);
  }
  if (const auto layer = map.Find("in")) {
    constexpr std::array kLayers = {Breakage::Layer::kPayload, Breakage::Layer::kEnvelope};
    breakage.layer = ParseWord(*layer, kLayers, mistakes).value_or(Breakage::Layer::kPayload);
    if (!IsPutIntoJson(breakage.how)) {
      layer->Complain(mistakes, fmt::format("{} is always of the answer as a whole; remove in",
                                            ToString(breakage.how)));
    }
  }
  if (const auto bytes = map.Find("bytes")) {
    const auto count = bytes->Int(mistakes).value_or(1);
    if (count < 1 || count > static_cast<std::int64_t>(kMostBodyBytes)) {
      bytes->Complain(mistakes, fmt::format("must be between 1 and {}", kMostBodyBytes));
    } else {
      breakage.bytes = static_cast<std::size_t>(count);
    }
    if (breakage.how != Malformed::kTooLarge) {
      bytes->Complain(mistakes, "only too-large has a size");
    }
  }
  map.Finish();
  return breakage;
}

void ReadMalformed(const Node& node, Response& response, Mistakes& mistakes) {
  response.malformed = ReadBreakage(node, mistakes);
  if (response.malformed.how == Malformed::kJsonTruncated && !response.evidence &&
      response.body.empty()) {
    node.Complain(mistakes, "there is nothing to truncate; give evidence, json or body too");
  }
}

}  // namespace

std::string UnknownWord(const std::string& word, const std::vector<std::string>& known) {
  return fmt::format("\"{}\" is not one of {}", word, fmt::join(known, ", "));
}

bool ReadResponseFields(MapReader& map, Response& response, const ReadContext& context) {
  Mistakes& mistakes = context.mistakes;
  bool any = false;
  const auto evidence = map.Find("evidence");
  if (evidence) {
    response.evidence = ReadEvidence(*evidence, context);
    any = true;
  }
  if (map.Find("status")) {
    any = true;
    if (map.Read("status", response.status) && (response.status < 200 || response.status > 599)) {
      map.Complain("status", "must be between 200 and 599");
    }
  }
  if (const auto headers = map.Find("headers")) {
    ReadHeaders(*headers, response, mistakes);
    if (evidence && FindHeader(response.headers, "Content-Type") != nullptr) {
      response.evidence->deliberate.emplace_back("contentType");
    }
    any = true;
  }
  if (ReadBody(map, response, mistakes)) {
    any = true;
    if (evidence) map.Complain("evidence", "evidence makes the body; remove body and json");
  }
  if (const auto retry = map.Find("retryAfter")) {
    response.retry_after = ReadSpan(*retry, mistakes);
    any = true;
  }
  if (const auto malformed = map.Find("malformed")) {
    ReadMalformed(*malformed, response, mistakes);
    any = true;
  }
  if (const auto delay = map.Find("delay")) response.delay = ReadDelay(*delay, mistakes);
  if (const auto fault = map.Find("fault")) response.fault = ReadFault(*fault, mistakes);
  return any;
}

Answer ReadAnswer(MapReader& map, const ReadContext& context) {
  Answer own;
  own.has_content = ReadResponseFields(map, own.response, context);
  const auto respond = map.Find("respond");
  if (!respond) return own;
  if (own.has_content) {
    respond->Complain(context.mistakes,
                      "besides respond only delay and fault may be given; put the rest into the "
                      "response itself");
    return own;
  }
  Answer answer;
  answer.has_content = true;
  if (respond->IsMap()) {
    MapReader inner(*respond, context.mistakes);
    ReadResponseFields(inner, answer.response, context);
    inner.Finish();
  } else {
    answer.response = FindResponse(*respond, context);
  }
  if (own.response.delay) answer.response.delay = own.response.delay;
  if (own.response.fault.kind != Fault::Kind::kNone) answer.response.fault = own.response.fault;
  return answer;
}

Answer ReadListedAnswer(const Node& name, const ReadContext& context) {
  return {FindResponse(name, context), /*has_content=*/true};
}

void RequireContent(const Answer& answer, const Node& node, Mistakes& mistakes) {
  if (answer.has_content) return;
  if (ShowsNothing(answer.response.fault)) return;
  node.Complain(mistakes,
                "says nothing about the answer; give respond: NAME, or evidence, status, body, "
                "json or malformed, or a fault that sends nothing");
}

}  // namespace mock_mc
