#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/sim/kube/api_server.h"
#include "harness/sim/kube/text_index.h"

namespace drill::sim {

// How long watch events take to reach a controller, and what goes wrong on the way. One per
// controller process; faults change it while the world runs.
class WatchLink {
 public:
  explicit WatchLink(World& world, std::string_view concern);

  // Has the next event of a watch delivered, after those before it, by calling `deliver`: twice if
  // it is doubled, not at all if it is lost. `last` is when the watch's last delivery is due.
  void Carry(gate::Instant& last, World::Handler deliver);

  gate::Nanos base = std::chrono::milliseconds(1);
  gate::Nanos jitter = std::chrono::milliseconds(4);
  // Fault: nothing is delivered until this time; what happened meanwhile arrives then.
  gate::Instant stalled_until;
  // Fault: this share (in ppm) of the events is lost for ever (only a relist shows their effect),
  // or delivered twice.
  std::uint32_t lost_ppm = 0;
  std::uint32_t doubled_ppm = 0;
  gate::Rng rng;

 private:
  World& world_;
};

// A controller's cache of one type: what has reached it so far, which may be behind the server.
class Informer {
 public:
  Informer(World& world, ApiServer& server, Type type, WatchLink& link);
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  ObjectPtr Get(std::string_view ns, std::string_view name) const;  // null if unknown
  std::vector<ObjectPtr> List(std::string_view ns) const;           // in order of name
  // Those whose controller has this uid, in order of name.
  std::vector<ObjectPtr> OwnedBy(const std::string& uid) const;

  // `before` is null for an addition, `after` null for a deletion. Called at the time of delivery.
  using Handler = std::function<void(const ObjectPtr& before, const ObjectPtr& after)>;
  void Subscribe(Handler handler) { handlers_.push_back(std::move(handler)); }

  // Lists anew: the cache becomes what the server has now, and handlers hear of the differences
  // (after a restart, or a watch that was too old). After construction the cache is empty: call
  // this once if objects may exist already.
  void Relist();

 private:
  void Deliver(const Change& change);
  void Put(const ObjectPtr& object);
  void Drop(const Object& object);
  void DropFromOwner(const Object& object);
  void Tell(const ObjectPtr& before, const ObjectPtr& after);

  World& world_;
  ApiServer& server_;
  const Type type_;
  WatchLink& link_;
  gate::Instant last_delivery_;  // events of one watch stay in order
  std::uint64_t epoch_ = 0;      // counts relists
  TextIndex<std::map<std::string, ObjectPtr, std::less<>>> cache_;  // by namespace, name
  // By uid and name: both are in one namespace.
  TextIndex<std::map<std::string, ObjectPtr>> by_owner_;
  std::vector<Handler> handlers_;
};

}  // namespace drill::sim
