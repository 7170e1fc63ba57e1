#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace drill {

// The events that scenarios can talk about, with their fields. docs/scenario-language.md explains
// them; whoever emits a trace event keeps to this list.

struct EventField {
  std::string_view name;
  // All values it can have, where that is a short list; empty: free text or a number.
  std::vector<std::string_view> values = {};
};

struct EventKind {
  std::string_view name;
  std::vector<EventField> fields;
  // Most events are known as they happen; the others only when the observation is over.
  enum class Known { kAsItHappens, kAtTheEnd } known = Known::kAsItHappens;
};

std::span<const EventKind> KnownEvents();

// Nothing if there is no such event.
const EventKind* FindEventKind(std::string_view name);

}  // namespace drill
