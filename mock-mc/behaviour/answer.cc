#include "mock-mc/behaviour/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "gate/base/strict_json.h"

namespace mock_mc {
namespace {

std::string_view ReasonPhrase(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 24> kPhrases = {
      {{200, "OK"},
       {201, "Created"},
       {202, "Accepted"},
       {204, "No Content"},
       {301, "Moved Permanently"},
       {302, "Found"},
       {303, "See Other"},
       {304, "Not Modified"},
       {307, "Temporary Redirect"},
       {308, "Permanent Redirect"},
       {400, "Bad Request"},
       {401, "Unauthorized"},
       {403, "Forbidden"},
       {404, "Not Found"},
       {405, "Method Not Allowed"},
       {409, "Conflict"},
       {410, "Gone"},
       {413, "Content Too Large"},
       {429, "Too Many Requests"},
       {431, "Request Header Fields Too Large"},
       {500, "Internal Server Error"},
       {502, "Bad Gateway"},
       {503, "Service Unavailable"},
       {504, "Gateway Timeout"}}};
  for (const auto& [known, phrase] : kPhrases) {
    if (known == status) return phrase;
  }
  return "Scripted";
}

// IMF-fixdate (RFC 9110 section 5.6.7).
std::string FormatHttpDate(std::chrono::sys_seconds time) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(std::chrono::weekday(day).c_encoding()),
      static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

// The text changes once a second, and formatting it costs as much as many an answer.
const std::string& HttpDate(gate::WallTime time) {
  thread_local std::optional<std::chrono::sys_seconds> formatted;
  thread_local std::string text;
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second != formatted) {
    text = FormatHttpDate(second);
    formatted = second;
  }
  return text;
}

void AddContentType(HttpAnswer& answer, std::string_view type) {
  if (FindHeader(answer.headers, "Content-Type") == nullptr) {
    answer.headers.emplace_back("Content-Type", type);
  }
}

constexpr std::size_t kUsualHead = 192;  // what status line and headers take

constexpr std::string_view kHtmlPage =
    "<!DOCTYPE html>\n<html><head><title>Please log in</title></head>\n"
    "<body><h1>Please log in</h1><p>Your session has expired.</p></body></html>\n";

constexpr std::string_view kEvidenceOk = "\"evidenceOk\":";

// Before evidenceOk, wherever in the object that is; else the beginning. Its quotes would be
// escaped if it stood inside a string.
std::size_t PlaceForMember(const std::string& json) {
  const std::size_t place = json.find(kEvidenceOk);
  return place == std::string::npos ? json.find('{') + 1 : place;
}

// A member that makes a JSON object malformed, "" for breakages of another kind.
std::string ExtraMember(Malformed how, const std::string& json) {
  switch (how) {
    case Malformed::kDuplicateKeys: {
      const std::size_t place = PlaceForMember(json);
      const std::string name = json.substr(place, json.find(':', place) + 1 - place);
      if (name != kEvidenceOk) return name + "null";
      const bool ok = json.compare(place + name.size(), 4, "true") == 0;
      return name + (ok ? "false" : "true");
    }
    case Malformed::kNotUtf8:
      return "\"note\":\"\xff\xfe\"";
    case Malformed::kNan:
      return "\"note\":NaN";
    case Malformed::kDeepNesting:
      return "\"note\":" + std::string(kNestingLevels, '[') + std::string(kNestingLevels, ']');
    default:
      return "";
  }
}

bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

HttpAnswer ErrorAnswer(int status, std::string_view error) {
  const gate::Json body = {{"error", error}};
  return {status, {{"Content-Type", "application/json"}}, gate::DumpJson(body)};
}

std::string BreakJson(Malformed how, std::string text) {
  if (how == Malformed::kTrailingBytes) return text + "{}";
  if (how == Malformed::kByteOrderMark) return "\xef\xbb\xbf" + text;
  const std::string member = ExtraMember(how, text);
  if (!member.empty()) text.insert(PlaceForMember(text), member + ",");
  return text;
}

void BreakBody(const Breakage& breakage, bool is_evidence, HttpAnswer& answer) {
  switch (breakage.how) {
    case Malformed::kNone:
      break;
    case Malformed::kJsonTruncated:
      answer.body.resize(answer.body.size() / 2);
      break;
    case Malformed::kJsonGarbage:
      answer.body = R"({"payload": <<not json>>, "evidenceOk": maybe)";
      AddContentType(answer, "application/json");
      break;
    case Malformed::kHtml:
      answer.body = kHtmlPage;
      SetHeader(answer.headers, "Content-Type", "text/html; charset=utf-8");
      break;
    case Malformed::kTooLarge:
      answer.body.resize(std::max(breakage.bytes, answer.body.size()), ' ');
      break;
    case Malformed::kDuplicateKeys:
    case Malformed::kNotUtf8:
    case Malformed::kTrailingBytes:
    case Malformed::kNan:
    case Malformed::kDeepNesting:
    case Malformed::kByteOrderMark:
      if (is_evidence && breakage.layer == Breakage::Layer::kPayload) break;
      if (!answer.body.starts_with("{\"")) answer.body = R"({"evidenceOk":true})";
      answer.body = BreakJson(breakage.how, std::move(answer.body));
      AddContentType(answer, "application/json");
      break;
  }
}

std::string Serialise(const HttpAnswer& answer, std::string_view method, bool keep_alive,
                      gate::WallTime now) {
  std::string bytes;
  bytes.reserve(kUsualHead + answer.body.size());
  const auto line = [&bytes](std::string_view name, std::string_view value) {
    bytes.append(name).append(": ").append(value).append("\r\n");
  };
  bytes.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  bytes.append(ReasonPhrase(answer.status)).append("\r\n");
  if (FindHeader(answer.headers, "Date") == nullptr) line("Date", HttpDate(now));
  for (const auto& [name, value] : answer.headers) line(name, value);
  const bool has_body = MayHaveBody(answer.status);
  if (has_body && FindHeader(answer.headers, "Content-Length") == nullptr) {
    line("Content-Length", std::to_string(answer.body.size()));
  }
  if (!keep_alive) bytes += "Connection: close\r\n";
  bytes += "\r\n";
  if (has_body && method != "HEAD") bytes += answer.body;
  return bytes;
}

}  // namespace mock_mc
