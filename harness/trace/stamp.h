#pragma once

#include <optional>
#include <string_view>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"

namespace drill {

// When something reached the harness, on both clocks.
struct Sighting {
  gate::Instant at;
  gate::WallTime wall;
};

// When something happened: not later than `at`, and at most `uncertainty` earlier.
struct Stamp {
  gate::Instant at;
  gate::WallTime wall;
  gate::Nanos uncertainty;
};

// A time that an object carries: the truth lies in [time, time + resolution].
struct ObjectTime {
  gate::WallTime time;
  gate::Nanos resolution;
};

// Reads an RFC 3339 time; its resolution is that of its last digit, a second without a fraction
// (Kubernetes truncates: argo R5). Nothing if `text` is none.
std::optional<ObjectTime> ParseObjectTime(std::string_view text);

// Who last wrote `object` did so no earlier than this: the latest time in metadata.managedFields,
// else metadata.creationTimestamp. Nothing if it has neither.
std::optional<ObjectTime> LastWrite(const gate::Json& object);
std::optional<ObjectTime> Created(const gate::Json& object);

// The rules by which times are told. `skew` bounds how far the cluster's clocks may be from ours.
//
// What carries its own time T (resolution r) happened in [T - skew, T + r + skew], and not later
// than it was seen. The two clocks are brought together at the moment of the sighting, so that a
// step of the civil clock during the run does no harm.
Stamp StampFromOwnTime(const Sighting& seen, const ObjectTime& own, gate::Nanos skew);

// What carries no time happened not later than it was seen, and not before the object was last
// written; without that knowledge, not before `earliest`.
Stamp StampFromReceipt(const Sighting& seen, const std::optional<ObjectTime>& last_write,
                       gate::Instant earliest, gate::Nanos skew);

}  // namespace drill
