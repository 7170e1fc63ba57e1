#pragma once

#include "harness/sim/kube/api_server.h"

namespace drill::sim {

// What the API server itself does to objects on their way in: the data of ConfigMaps and Secrets
// must be texts (kInvalidArgument), a Secret's stringData becomes data, and a pod that a
// ResourceQuota
// (`pods`, `count/pods`) leaves no room for is refused with kPermissionDenied. GateOverrides are
// held against their schema. Every ApiServer does.
void AddAdmission(ApiServer& server);

}  // namespace drill::sim
