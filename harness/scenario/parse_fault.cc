#include "harness/scenario/parse_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/scenario/parse_common.h"
#include "harness/scenario/timeline.h"

namespace drill {
namespace {

using gate::Nanos;
using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;
using Extent = FaultInfo::Extent;
using Parameter = FaultInfo::Parameter;

constexpr std::int64_t kPercent = kWholeShare / 100;
constexpr std::size_t kShareDigits = 4;  // behind the point: to the last millionth
constexpr int kUsualTime = 100;          // percent
constexpr int kMostSlowness = 100'000;
constexpr int kMostCalls = 1'000'000;
constexpr int kMostProcesses = 1'000;
constexpr Nanos kLargestSkew = std::chrono::hours(24);

std::vector<std::string_view> KindNames() {
  std::vector<std::string_view> names;
  for (const FaultInfo& info : KnownFaults()) {
    if (!CommandOf(info.kind)) names.push_back(info.name);
  }
  return names;
}

std::optional<std::int64_t> Digits(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

// "12.5%" in ppm.
std::optional<std::int64_t> ParseShare(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t point = text.find('.');
  const auto whole = Digits(text.substr(0, point));
  if (!whole || *whole > kWholeShare) return std::nullopt;
  std::int64_t share = *whole * kPercent;
  if (point != std::string_view::npos) {
    std::string behind(text.substr(point + 1));
    if (behind.empty() || behind.size() > kShareDigits) return std::nullopt;
    behind.append(kShareDigits - behind.size(), '0');
    const auto fraction = Digits(behind);
    if (!fraction) return std::nullopt;
    share += *fraction;
  }
  return share;
}

std::string FormatShare(std::int64_t share) {
  std::string text = std::to_string(share / kPercent);
  if (share % kPercent != 0) {
    text += fmt::format(".{:04}", share % kPercent);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "%";
}

void ReadShare(MapReader& map, Mistakes& mistakes, Fault& fault) {
  const auto node = map.Require("share");
  if (!node) return;
  const auto share = ParseShare(node->Text());
  if (share && *share > 0 && *share <= kWholeShare) {
    fault.amount = *share;
  } else {
    node->Complain(mistakes, "expected a share above 0% and up to 100%, such as 20% or 0.5%");
  }
}

void ReadSkew(MapReader& map, Mistakes& mistakes, Fault& fault) {
  const auto node = map.Require("skew");
  if (!node) return;
  const auto skew = node->Duration(mistakes);
  if (!skew) return;
  if (*skew == Nanos(0) || *skew > kLargestSkew || *skew < -kLargestSkew) {
    node->Complain(mistakes, "must be up to 24h, before or behind, and not 0s");
  }
  fault.amount = skew->count();
}

void ReadSeam(MapReader& map, Mistakes& mistakes, Fault& fault) {
  if (const auto process = map.Require("process")) {
    fault.process =
        static_cast<std::uint32_t>(ReadIntBetween(*process, 0, kMostProcesses, 0, mistakes));
  }
  if (const auto call = map.Require("call")) {
    fault.amount = ReadIntBetween(*call, 0, kMostCalls, 0, mistakes);
  }
  if (!map.Read("of", fault.seam)) return;
  const std::vector<std::string_view> known(kGateSeams.begin(), kGateSeams.end());
  if (std::find(known.begin(), known.end(), fault.seam) != known.end()) return;
  map.Complain("of", fmt::format("unknown call \"{}\"{}", fault.seam, Hint(fault.seam, known)));
}

void ReadParameter(MapReader& map, Parameter parameter, Mistakes& mistakes, Fault& fault) {
  switch (parameter) {
    case Parameter::kNone:
      return;
    case Parameter::kShare:
      return ReadShare(map, mistakes, fault);
    case Parameter::kSkew:
      return ReadSkew(map, mistakes, fault);
    case Parameter::kSlowness:
      if (const auto percent = map.Require("percent")) {
        fault.amount =
            ReadIntBetween(*percent, kUsualTime + 1, kMostSlowness, kUsualTime + 1, mistakes);
      }
      return;
    case Parameter::kSeam:
      return ReadSeam(map, mistakes, fault);
  }
}

std::optional<FaultKind> ReadKind(MapReader& map, Mistakes& mistakes) {
  const auto node = map.Require("kind");
  if (!node) return std::nullopt;
  const auto kind = ParseFaultKind(node->Text());
  if (!kind) {
    node->Complain(mistakes, fmt::format("unknown fault \"{}\"{}", node->Text(),
                                         Hint(node->Text(), KindNames())));
  } else if (const auto command = CommandOf(*kind)) {
    node->Complain(mistakes,
                   fmt::format("{} is an action: write `do: {}`", node->Text(), NameOf(*command)));
  }
  return kind;
}

std::string FormatParameter(const Fault& fault) {
  switch (InfoOf(fault.kind).parameter) {
    case Parameter::kNone:
      return "";
    case Parameter::kShare:
      return fmt::format(", share: {}", FormatShare(fault.amount));
    case Parameter::kSkew:
      return fmt::format(", skew: {}", gate::FormatDuration(Nanos(fault.amount)));
    case Parameter::kSlowness:
      return fmt::format(", percent: {}", fault.amount);
    case Parameter::kSeam:
      return fmt::format(", process: {}, call: {}{}{}", fault.process, fault.amount,
                         fault.seam.empty() ? "" : ", of: ", fault.seam);
  }
  return "";
}

}  // namespace

Fault ParseFault(const Node& node, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  Fault fault;
  if (!node.IsMap() && !node.IsNull()) return fault;
  const auto kind = ReadKind(map, mistakes);
  if (!kind) return fault;
  fault.kind = *kind;
  const FaultInfo& info = InfoOf(*kind);
  if (info.extent == Extent::kSpan) {
    if (const auto length = map.Require("for")) {
      fault.length = ReadPositive(*length, mistakes).value_or(Nanos(0));
    }
  }
  ReadParameter(map, info.parameter, mistakes, fault);
  map.Finish();
  return fault;
}

std::string FormatFaultAction(const Fault& fault) {
  if (const auto command = CommandOf(fault.kind)) return std::string(NameOf(*command));
  const FaultInfo& info = InfoOf(fault.kind);
  std::string text = fmt::format("{{fault: {{kind: {}", info.name);
  if (info.extent == Extent::kSpan) {
    text += fmt::format(", for: {}", gate::FormatDuration(fault.length));
  }
  return text + FormatParameter(fault) + "}}";
}

}  // namespace drill
