#pragma once

#include <string>

#include "gate/base/result.h"
#include "gate/decide/override.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"

namespace gate::override {

// The overrides in a namespace that are labelled as for `rollout`, or, if that is empty, all of
// them; in one request (pages apart). Errors as of KubeApi::List: kNotFound where the custom
// resource is not installed, kPermissionDenied without the Role (kind/override/roles.yaml).
Result<decide::FoundOverrides> ReadOverrides(KubeApi& kube, const std::string& ns,
                                             const std::string& rollout, const Deadline& deadline);

}  // namespace gate::override
