#pragma once

#include <string>

#include "gate/base/result.h"
#include "harness/sim/kube/object.h"

// What a cluster does with GateOverrides once kind/override is applied, in native code: the schema
// of crd.yaml, as far as it refuses, and the ValidatingAdmissionPolicy of admission.yaml. That the
// YAML says the same is shown on a real API server (tests/override/run-on-kind.sh).
namespace drill::sim {

// The schema, and that a spec is never changed (`before` null: created). kInvalidArgument.
gate::Result<void> CheckGateOverride(const Object* before, const Object& next);

// The policy, for a write by `username`. kPermissionDenied.
gate::Result<void> AdmitGateOverride(const std::string& username, const Object* before,
                                     const Object& next);

}  // namespace drill::sim
