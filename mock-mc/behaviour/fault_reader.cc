#include "mock-mc/behaviour/fault_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "mock-mc/behaviour/read_values.h"

namespace mock_mc {
namespace {

using gate::Nanos;
using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;
using Kind = Fault::Kind;
using Point = Fault::Point;

constexpr std::array kAnswerFaults = {Kind::kHang,        Kind::kDelay,         Kind::kStall,
                                      Kind::kDrip,        Kind::kPartialHeader, Kind::kReset,
                                      Kind::kClose,       Kind::kHalfClose,     Kind::kGarbage,
                                      Kind::kWrongLength, Kind::kBrokenChunks};
constexpr std::array kAcceptFaults = {Kind::kDelay,  Kind::kStall,     Kind::kReset,
                                      Kind::kClose,  Kind::kHalfClose, Kind::kGarbage,
                                      Kind::kRefuse, Kind::kTimeout};
constexpr std::array kHandshakeFaults = {Kind::kDelay, Kind::kStall,     Kind::kReset,
                                         Kind::kClose, Kind::kHalfClose, Kind::kGarbage,
                                         Kind::kAbort};
// Those of which a script can say where in the answer they happen.
constexpr std::array kPlacedFaults = {Kind::kDelay, Kind::kStall,     Kind::kDrip,   Kind::kReset,
                                      Kind::kClose, Kind::kHalfClose, Kind::kGarbage};

constexpr std::size_t kMostGarbage = std::size_t{64} << 10U;
constexpr std::int64_t kMostLengthError = std::int64_t{1} << 30U;

template <std::size_t size>
bool IsOneOf(Kind kind, const std::array<Kind, size>& kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

Fault DefaultFault(Kind kind) {
  Fault fault;
  fault.kind = kind;
  if (kind == Kind::kDelay) fault.length = std::chrono::seconds(1);
  if (kind == Kind::kDrip) fault.every = std::chrono::seconds(1);
  if (kind == Kind::kPartialHeader) fault.every = std::chrono::milliseconds(100);
  if (kind == Kind::kGarbage) fault.bytes = 64;
  if (kind == Kind::kWrongLength) fault.by = 10;
  return fault;
}

void ReadPlace(MapReader& map, Fault& fault, Mistakes& mistakes) {
  constexpr std::array kPoints = {Point::kBeforeStatus, Point::kMidHeader, Point::kBeforeBody,
                                  Point::kBeforeClose};
  const auto at = map.Find("at");
  const auto bytes = map.Find("afterBytes");
  if (at && bytes) at->Complain(mistakes, "give at or afterBytes, not both");
  if (at) fault.at = ParseWord(*at, kPoints, mistakes).value_or(Point::kBeforeStatus);
  if (bytes) {
    fault.at = Point::kAfterBytes;
    fault.after_bytes = ReadCount(*bytes, 0, mistakes).value_or(0);
  }
  if (at && fault.kind == Kind::kDrip && fault.at == Point::kBeforeClose) {
    at->Complain(mistakes, "nothing is left to drip there");
  }
}

void ReadEvery(MapReader& map, Fault& fault, Mistakes& mistakes) {
  const auto every = map.Find("every");
  if (!every) return;
  fault.every = ReadSpan(*every, mistakes).value_or(Nanos(0));
  if (fault.every < std::chrono::milliseconds(1)) every->Complain(mistakes, "at least 1ms");
}

void ReadLengthError(MapReader& map, Fault& fault, Mistakes& mistakes) {
  std::int64_t by = fault.by;
  if (map.Read("by", by) && (by == 0 || by < -kMostLengthError || by > kMostLengthError)) {
    map.Complain("by", fmt::format("must be between -{0} and {0}, and not 0", kMostLengthError));
  }
  fault.by = by;
  if (const auto then = map.Find("then")) {
    fault.then = ParseWord(*then, std::array{Fault::Then::kClose, Fault::Then::kStall}, mistakes)
                     .value_or(Fault::Then::kClose);
  }
}

void ReadGarbage(MapReader& map, Fault& fault, Mistakes& mistakes) {
  const auto bytes = map.Find("bytes");
  if (!bytes) return;
  fault.bytes = ReadCount(*bytes, 1, mistakes).value_or(1);
  if (fault.bytes > kMostGarbage) {
    bytes->Complain(mistakes, fmt::format("at most {}", kMostGarbage));
  }
}

void ReadChunks(MapReader& map, Fault& fault, Mistakes& mistakes) {
  using Chunks = Fault::Chunks;
  constexpr std::array kWays = {Chunks::kBadSize, Chunks::kOverlong, Chunks::kTruncated,
                                Chunks::kNoEnd};
  if (const auto how = map.Find("how")) {
    fault.chunks = ParseWord(*how, kWays, mistakes).value_or(Chunks::kBadSize);
  }
}

void ReadSettings(MapReader& map, Fault& fault, Mistakes& mistakes) {
  switch (fault.kind) {
    case Kind::kDelay:
      if (const auto length = map.Find("for")) {
        fault.length = ReadSpan(*length, mistakes).value_or(Nanos(0));
      }
      return;
    case Kind::kDrip:
      if (const auto bytes = map.Find("bytes")) {
        fault.bytes = ReadCount(*bytes, 1, mistakes).value_or(1);
      }
      return ReadEvery(map, fault, mistakes);
    case Kind::kPartialHeader:
      return ReadEvery(map, fault, mistakes);
    case Kind::kGarbage:
      return ReadGarbage(map, fault, mistakes);
    case Kind::kWrongLength:
      return ReadLengthError(map, fault, mistakes);
    case Kind::kBrokenChunks:
      return ReadChunks(map, fault, mistakes);
    default:
      return;
  }
}

// `place` reads where the fault happens, if that can be said.
template <std::size_t size, typename Place>
Fault ReadOneOf(const Node& node, const std::array<Kind, size>& kinds, const Place& place,
                Mistakes& mistakes) {
  if (!node.IsMap()) return DefaultFault(ParseWord(node, kinds, mistakes).value_or(Kind::kStall));
  const auto entries = node.Entries(mistakes);
  if (entries.size() != 1) {
    node.Complain(mistakes, "a fault is one name, or one name with its settings");
    return {};
  }
  const auto kind = ParseWord(entries[0].first, kinds, mistakes);
  if (!kind) return {};
  Fault fault = DefaultFault(*kind);
  MapReader map(entries[0].second, mistakes);
  place(map, fault);
  ReadSettings(map, fault, mistakes);
  map.Finish();
  return fault;
}

}  // namespace

Fault ReadFault(const Node& node, Mistakes& mistakes) {
  return ReadOneOf(
      node, kAnswerFaults,
      [&](MapReader& map, Fault& fault) {
        if (IsOneOf(fault.kind, kPlacedFaults)) ReadPlace(map, fault, mistakes);
      },
      mistakes);
}

Fault ReadAcceptFault(const Node& node, Mistakes& mistakes) {
  return ReadOneOf(
      node, kAcceptFaults, [](MapReader&, Fault&) {}, mistakes);
}

Fault ReadHandshakeFault(const Node& node, Mistakes& mistakes) {
  return ReadOneOf(
      node, kHandshakeFaults, [](MapReader&, Fault&) {}, mistakes);
}

}  // namespace mock_mc
