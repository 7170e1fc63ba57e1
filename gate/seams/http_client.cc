#include "gate/seams/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gate {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

// IMF-fixdate (RFC 9110 section 5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT", rewritten as RFC 3339.
std::optional<WallTime> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  const auto parsed =
      ParseRfc3339(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - kMonths.begin() + 1,
                               text.substr(5, 2), text.substr(17, 8)));
  if (!parsed) return std::nullopt;
  return *parsed;
}

}  // namespace

std::optional<std::string> HttpHeaders::Get(std::string_view name) const {
  for (const auto& [key, value] : entries_) {
    if (SameName(key, name)) return value;
  }
  return std::nullopt;
}

std::size_t HttpHeaders::Count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [&](const auto& entry) { return SameName(entry.first, name); }));
}

std::string_view ToString(HttpErrorKind kind) {
  switch (kind) {
    case HttpErrorKind::kInvalidRequest:
      return "invalid-request";
    case HttpErrorKind::kResolve:
      return "resolve";
    case HttpErrorKind::kConnect:
      return "connect";
    case HttpErrorKind::kTls:
      return "tls";
    case HttpErrorKind::kTimeout:
      return "timeout";
    case HttpErrorKind::kReset:
      return "reset";
    case HttpErrorKind::kProtocol:
      return "protocol";
    case HttpErrorKind::kBodyTooLarge:
      return "body-too-large";
    case HttpErrorKind::kCircuitOpen:
      return "circuit-open";
    case HttpErrorKind::kCancelled:
      return "cancelled";
  }
  GATE_CHECK(false);
}

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<Nanos> RetryAfter(const HttpHeaders& headers, WallTime now) {
  constexpr Nanos kLongest = std::chrono::hours(24);
  const auto value = headers.Get("Retry-After");
  if (!value || value->empty()) return std::nullopt;
  if (value->find_first_not_of("0123456789") == std::string::npos) {
    std::int64_t seconds = 0;
    const auto [end, error] =
        std::from_chars(value->data(), value->data() + value->size(), seconds);
    if (error != std::errc() || seconds > kLongest / std::chrono::seconds(1)) return kLongest;
    return std::chrono::seconds(seconds);
  }
  const auto date = ParseHttpDate(*value);
  if (!date) return std::nullopt;
  return std::clamp<Nanos>(*date - now, Nanos(0), kLongest);
}

}  // namespace gate
