#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "harness/sim/cluster/event_recorder.h"
#include "harness/sim/cluster/options.h"
#include "harness/sim/cluster/pod_index.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/kube/informer.h"
#include "harness/sim/kube/work_queue.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

inline constexpr std::string_view kControllerManager = "kube-controller-manager";

// What the controllers of one kube-controller-manager share.
struct ControllerManager {
  World& world;
  ApiServer& server;
  const ClusterOptions& options;
  Informer& pods;
  PodIndex& pod_index;
};

// What a controller has done and not seen yet in its cache: until it has, it does not act on the
// number of pods (client-go's ControllerExpectations and UIDTrackingControllerExpectations).
class Expectations {
 public:
  void ExpectCreations(int count, gate::Instant now);
  void ExpectDeletion(const std::string& uid, gate::Instant now);
  void SawCreation() { creations_ = creations_ > 0 ? creations_ - 1 : 0; }
  void SawDeletion(const std::string& uid) { deletions_.erase(uid); }

  // After five minutes whatever has not been seen is given up.
  bool Satisfied(gate::Instant now) const;

 private:
  int creations_ = 0;
  std::set<std::string> deletions_;
  gate::Instant since_;
};

// The template of an owner's pods.
struct PodTemplate {
  StringMap labels;
  StringMap annotations;
  std::shared_ptr<const gate::Json> spec;
};

// The template in `owner`'s spec; the pods' spec shares its memory.
PodTemplate ReadPodTemplate(const Object& owner);

// A pod of `pod_template` that `owner` controls, for ApiServer::Create.
Object MakePod(const Object& owner, const PodTemplate& pod_template);

// Writes the status of `object` without regard to its version (the real controllers try again with
// the latest version after a conflict).
gate::Result<ObjectPtr> WriteStatus(ApiServer& server, std::string_view writer,
                                    const Object& object, std::shared_ptr<const gate::Json> status);

// Deletes `object` after all that it owns is gone (foreground propagation, carried out by the
// garbage collector). Errors: kNotFound.
gate::Result<void> DeleteForeground(ApiServer& server, std::string_view writer,
                                    const Object& object);
inline constexpr std::string_view kForegroundFinalizer = "foregroundDeletion";

// In a namespace that is being deleted nothing can be created, and there is no point in trying.
bool IsBeingEmptied(const ApiServer& server, std::string_view ns);

}  // namespace drill::sim
