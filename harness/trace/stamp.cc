#include "harness/trace/stamp.h"

#include <algorithm>
#include <string>

namespace drill {

using gate::Instant;
using gate::Nanos;

std::optional<ObjectTime> ParseObjectTime(std::string_view text) {
  const auto time = gate::ParseRfc3339(text);
  if (!time) return std::nullopt;
  Nanos resolution = std::chrono::seconds(1);
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    for (std::size_t i = point + 1; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      resolution /= 10;
    }
  }
  return ObjectTime{*time, resolution};
}

std::optional<ObjectTime> Created(const gate::Json& object) {
  return ParseObjectTime(gate::JsonString(object, "/metadata/creationTimestamp"));
}

std::optional<ObjectTime> LastWrite(const gate::Json& object) {
  std::optional<ObjectTime> latest = Created(object);
  for (const gate::Json& entry : gate::JsonArray(object, "/metadata/managedFields")) {
    const auto time = ParseObjectTime(gate::JsonString(entry, "/time"));
    if (time && (!latest || time->time > latest->time)) latest = time;
  }
  return latest;
}

Stamp StampFromOwnTime(const Sighting& seen, const ObjectTime& own, Nanos skew) {
  const Instant earliest = seen.at - (seen.wall - own.time) - skew;
  const Instant latest = earliest + own.resolution + 2 * skew;
  Stamp stamp{std::min(seen.at, latest), own.time, Nanos(0)};
  // An object from the future: the clocks disagree by more than `skew`, at least by the difference.
  stamp.uncertainty =
      earliest <= stamp.at ? stamp.at - earliest : (earliest - stamp.at) + own.resolution;
  return stamp;
}

Stamp StampFromReceipt(const Sighting& seen, const std::optional<ObjectTime>& last_write,
                       Instant earliest, Nanos skew) {
  Instant lower = earliest;
  if (last_write) lower = std::max(lower, seen.at - (seen.wall - last_write->time) - skew);
  return Stamp{seen.at, seen.wall, std::max(Nanos(0), seen.at - lower)};
}

}  // namespace drill
