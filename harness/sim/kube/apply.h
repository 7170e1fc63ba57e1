#pragma once

#include <string_view>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "harness/sim/kube/object.h"

namespace drill::sim {

enum class ApplyForce { kNo, kYes };

// Server-side apply: `stored` with the fields of `config` set, those removed that `manager` applied
// before and applies no more, and its ownership noted at time `now`. Ownership is per leaf; lists
// are taken as one value (no merging by key), and what was written otherwise than by Apply is
// nobody's to keep from `force`. kConflict if another owns a field whose value would change, unless
// forced.
gate::Result<Object> ApplyTo(const Object& stored, const gate::Json& config,
                             std::string_view manager, ApplyForce force, ManagedEntry::Part part,
                             WallSeconds now);

// The part of a configuration that its manager owns: without identity and, by part, only or without
// the status.
gate::Json OwnedFields(const gate::Json& config, ManagedEntry::Part part);

}  // namespace drill::sim
