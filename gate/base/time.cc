#include "gate/base/time.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace gate {
namespace {

struct Unit {
  std::string_view name;
  Nanos length;
};
// Longest names first, so that "ms" is not read as "m".
constexpr std::array<Unit, 6> kUnits = {{{"ns", Nanos(1)},
                                         {"us", std::chrono::microseconds(1)},
                                         {"ms", std::chrono::milliseconds(1)},
                                         {"s", std::chrono::seconds(1)},
                                         {"m", std::chrono::minutes(1)},
                                         {"h", std::chrono::hours(1)}}};

// Reads digits off the front of `text`; nothing if there are none or too many for 18 digits.
std::optional<std::int64_t> TakeNumber(std::string_view& text, int* digits = nullptr) {
  std::int64_t value = 0;
  int count = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (++count > 18) return std::nullopt;
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (count == 0) return std::nullopt;
  if (digits != nullptr) *digits = count;
  return value;
}

// Exactly `width` digits.
std::optional<int> TakeFixed(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  std::string_view field = text.substr(0, width);
  text.remove_prefix(width);
  const auto value = TakeNumber(field);
  if (!value || !field.empty()) return std::nullopt;
  return static_cast<int>(*value);
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Nanos> TakeFraction(std::string_view& text) {
  int digits = 0;
  auto fraction = TakeNumber(text, &digits);
  if (!fraction) return std::nullopt;
  for (; digits < 9; ++digits) *fraction *= 10;
  for (; digits > 9; --digits) *fraction /= 10;
  return Nanos(*fraction);
}

// Zero for Z; nothing if malformed.
std::optional<std::chrono::minutes> TakeOffset(std::string_view& text) {
  if (TakeChar(text, "Zz")) return std::chrono::minutes(0);
  const bool negative = !text.empty() && text.front() == '-';
  if (!TakeChar(text, "+-")) return std::nullopt;
  const auto hours = TakeFixed(text, 2);
  if (!hours || !TakeChar(text, ":")) return std::nullopt;
  const auto minutes = TakeFixed(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return negative ? -offset : offset;
}

std::optional<WallTime> TakeTimestamp(std::string_view& text) {
  const auto year = TakeFixed(text, 4);
  if (!year || !TakeChar(text, "-")) return std::nullopt;
  const auto month = TakeFixed(text, 2);
  if (!month || !TakeChar(text, "-")) return std::nullopt;
  const auto day = TakeFixed(text, 2);
  if (!day || !TakeChar(text, "Tt ")) return std::nullopt;
  const auto hour = TakeFixed(text, 2);
  if (!hour || !TakeChar(text, ":")) return std::nullopt;
  const auto minute = TakeFixed(text, 2);
  if (!minute || !TakeChar(text, ":")) return std::nullopt;
  const auto second = TakeFixed(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  // Nanoseconds since 1970 in 64 bits reach from 1678 to 2261.
  if (!date.ok() || *year < 1678 || *year > 2261) return std::nullopt;
  Nanos fraction(0);
  if (TakeChar(text, ".")) {
    const auto parsed = TakeFraction(text);
    if (!parsed) return std::nullopt;
    fraction = *parsed;
  }
  const auto offset = TakeOffset(text);
  if (!offset) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(std::min(*second, 59)) + fraction -
         *offset;
}

Error BadDuration(std::string_view text) {
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("\"{}\" is not a duration; write a number with a unit (ns, us, ms, s, "
                           "m, h), such as 30s or 1h30m",
                           text)};
}

}  // namespace

std::string FormatRfc3339(WallTime time, int fraction_digits) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss<Nanos> clock(time - days);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (fraction_digits > 0) {
    const std::string digits = fmt::format("{:09}", clock.subseconds().count());
    text += '.';
    text += digits.substr(0, static_cast<std::size_t>(std::min(fraction_digits, 9)));
  }
  return text + 'Z';
}

Result<WallTime> ParseRfc3339(std::string_view text) {
  std::string_view rest = text;
  const auto time = TakeTimestamp(rest);
  if (!time || !rest.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" is not an RFC 3339 time, such as 2026-01-02T03:04:05Z", text)};
  }
  return *time;
}

Result<Nanos> ParseDuration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  if (rest == "0") return Nanos(0);
  if (rest.empty()) return BadDuration(text);
  Nanos total(0);
  while (!rest.empty()) {
    const auto whole = TakeNumber(rest);
    if (!whole) return BadDuration(text);
    Nanos fraction(0);
    if (TakeChar(rest, ".")) {
      const auto parsed = TakeFraction(rest);
      if (!parsed) return BadDuration(text);
      fraction = *parsed;
    }
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (rest.starts_with(candidate.name)) {
        unit = &candidate;
        break;
      }
    }
    // About 292 years fit into 64 bits of nanoseconds; a hundred are plenty.
    constexpr Nanos kLongest = std::chrono::hours(24 * 365 * 100);
    if (unit == nullptr || *whole > kLongest / unit->length) return BadDuration(text);
    rest.remove_prefix(unit->name.size());
    total += *whole * unit->length +
             Nanos(static_cast<std::int64_t>(static_cast<double>(fraction.count()) / 1e9 *
                                             static_cast<double>(unit->length.count())));
    if (total > kLongest) return BadDuration(text);
  }
  return negative ? -total : total;
}

std::string FormatDuration(Nanos duration) {
  if (duration == Nanos(0)) return "0s";
  std::string text = duration < Nanos(0) ? "-" : "";
  Nanos rest = duration < Nanos(0) ? -duration : duration;
  constexpr std::array<Unit, 6> kLargestFirst = {kUnits[5], kUnits[4], kUnits[3],
                                                 kUnits[2], kUnits[1], kUnits[0]};
  for (const Unit& unit : kLargestFirst) {
    const auto count = rest / unit.length;
    if (count == 0) continue;
    text += fmt::format("{}{}", count, unit.name);
    rest -= count * unit.length;
  }
  return text;
}

std::string FormatSeconds(Nanos duration) {
  const auto millis = std::chrono::round<std::chrono::milliseconds>(duration).count();
  return fmt::format("{}{}.{:03}", millis < 0 ? "-" : "", std::abs(millis) / 1000,
                     std::abs(millis) % 1000);
}

}  // namespace gate
