#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "harness/sim/kube/api_server.h"
#include "harness/sim/world/world.h"

namespace drill::sim::argo {

// Writes Kubernetes Events as client-go's recorder does for a controller: what is said again is
// counted in the Event that is there; the tenth and later different messages of one reason within
// ten minutes share one Event; and an object gets at most 25 Events at once, then one every five
// minutes (the rest are lost, as they are on a cluster).
class EventRecorder {
 public:
  EventRecorder(World& world, ApiServer& server) : world_(world), server_(server) {}

  enum class Kind { kNormal, kWarning };
  void Emit(const Object& about, Kind kind, std::string_view reason, std::string message);

  // A new process remembers nothing.
  void Forget();

 private:
  struct Aggregate {
    std::set<std::string> messages;
    gate::Instant last;
  };
  struct Known {
    std::string name;  // of the Event
    std::int64_t count = 0;
  };
  struct Budget {
    double tokens = 0;
    gate::Instant since;
  };
  static constexpr std::size_t kMostRemembered = 4096;

  bool Spend(const std::string& object);
  void Write(const Object& about, Kind kind, std::string_view reason, const std::string& message,
             Known& known);

  World& world_;
  ApiServer& server_;
  std::map<std::string, Aggregate> aggregates_;
  std::map<std::string, Known> known_;
  std::map<std::string, Budget> budgets_;  // by the uid of the object
  std::int64_t last_name_ = 0;
};

}  // namespace drill::sim::argo
