#pragma once

#include <string>

#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"

namespace drill {

// Why the pods of a namespace do not get ready, as far as their status says, in one line; empty if
// it says nothing. For the message after a wait that failed, so errors on the way are part of it.
std::string PodTroubles(gate::KubeApi& kube, const std::string& ns, const gate::Deadline& deadline);

}  // namespace drill
