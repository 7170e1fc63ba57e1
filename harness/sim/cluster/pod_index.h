#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/sim/cluster/pod_status.h"
#include "harness/sim/kube/informer.h"

namespace drill::sim {

// The pods of a controller's informer by owner, each read once per change. Made before anything
// else subscribes to the informer, so that it is up to date when others are told.
class PodIndex {
 public:
  explicit PodIndex(Informer& pods);
  PodIndex(const PodIndex&) = delete;
  PodIndex& operator=(const PodIndex&) = delete;

  // The pods that the object with this uid controls, in order of name.
  const std::map<std::string, PodView>& OwnedBy(const std::string& uid) const;

  // Whether the change that is being told now makes a difference to the pod's owner: one of the
  // view (other than that it was bound), of labels, or its deletion.
  bool matters() const { return matters_; }

 private:
  void Forget(const Object& pod);
  void Put(const ObjectPtr& pod, const OwnerReference& owner);
  PodView Read(const ObjectPtr& pod);

  std::map<std::string, std::map<std::string, PodView>> by_owner_;  // uid -> pod's name
  bool matters_ = true;
  // Those that were read last: pods often share their status.
  static constexpr std::size_t kKept = 8;
  std::vector<PodView> recent_;
  std::size_t next_ = 0;
};

}  // namespace drill::sim
