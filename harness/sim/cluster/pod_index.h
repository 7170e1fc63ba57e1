#pragma once

#include <map>
#include <string>

#include "harness/sim/cluster/pod_status.h"
#include "harness/sim/kube/by_document.h"
#include "harness/sim/kube/informer.h"
#include "harness/sim/kube/text_index.h"

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

  TextIndex<std::map<std::string, PodView>> by_owner_;  // uid -> pod's name
  bool matters_ = true;
  // One that was read, by status: pods often share theirs.
  ByDocument<PodView> read_;
};

}  // namespace drill::sim
