#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/decide/override.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"

// What people do about overrides, by `rollout-gate override` and `resume`. Errors as of KubeApi,
// with what was attempted; kInvalidArgument says why it is not possible as things are.
namespace gate::override {

// Whom the API server takes the caller for (SelfSubjectReview). kProtocol if it does not say.
Result<std::string> WhoAmI(KubeApi& kube, const Deadline& deadline);

// What somebody says about a release at a gate.
struct Word {
  std::string ns;
  std::string rollout;
  std::string release;
  std::string stage;
  decide::OverrideDecision decision = decide::OverrideDecision::kReject;
  bool over_refusal = false;
  std::string reason;
  Nanos valid_for = std::chrono::minutes(30);
};

// The override that it becomes, for the pods that the Rollout runs as its canary; without actor.
// kInvalidArgument: the Rollout has another release, no such gate, or has gone past it. Pure.
Result<decide::Override> Draft(const Word& word, const Json& rollout);

struct Filed {
  decide::Override one;
  enum class How {
    kMade,
    kStood,  // the same word of the same person counts already; its first reason stays
  } how = How::kMade;
};

// Puts it on record in the caller's own name. What has expired is made anew in its place. After an
// error that leaves open whether it was done, it may be repeated.
Result<Filed> File(KubeApi& kube, const Word& word, WallTime now, const Deadline& deadline);

struct Revocation {
  std::string ns;
  std::string rollout;
  std::string release;  // with `stage`: what the caller said about it
  std::string stage;
  std::string name;  // if not empty: that one, of whomever
  std::string reason;
};

struct Revoked {
  std::vector<std::string> names;
  std::vector<std::string> warnings;  // Events that could not be left
};

// Deletes, and leaves an Event on the Rollout for each. kNotFound: there is none.
Result<Revoked> Revoke(KubeApi& kube, const Revocation& what, WallTime now,
                       const Deadline& deadline);

// Leaves an Event of what a person did to a Rollout. `unique` makes its name.
Result<void> LeaveNote(KubeApi& kube, const std::string& ns, const std::string& rollout,
                       const std::string& event, const std::string& message,
                       const std::string& unique, WallTime now, const Deadline& deadline);

}  // namespace gate::override
