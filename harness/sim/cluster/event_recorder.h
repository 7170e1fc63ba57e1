#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "harness/sim/kube/api_server.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// Writes the Kubernetes Events that people look at. What happens again is counted in the Event that
// is there already, as client-go's recorder does.
class EventRecorder {
 public:
  EventRecorder(World& world, ApiServer& server, std::string component)
      : world_(world), server_(server), component_(std::move(component)) {}

  // A Warning about `object`. Events are written as far as it goes: a refusal (the namespace is
  // going away) has no effect.
  void Warn(const Object& object, const std::string& reason, const std::string& message);

 private:
  // Those that were written last, by what they say. Older ones are written anew.
  static constexpr std::size_t kRemembered = 512;

  gate::Json Body(const Object& object, const std::string& reason, const std::string& message,
                  std::int64_t count, const std::string& first_time) const;

  World& world_;
  ApiServer& server_;
  const std::string component_;
  std::map<std::string, std::string> written_;  // "uid/reason/message" -> name of the Event
};

}  // namespace drill::sim
