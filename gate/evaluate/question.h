#pragma once

#include <string>
#include <vector>

namespace gate::evaluate {

// What is asked: may this release go past this stage? The environment comes from the configuration.
struct Question {
  std::string release_id;
  std::string stage;  // the weight at which the gate stands: "20"
  std::string ns;     // namespace and name of the Rollout
  std::string rollout;
  std::string pod_hash;  // rollouts-pod-template-hash of the canary
  std::vector<std::string>
      digests;  // "sha256:...": images that the evidence must name; may be empty
};

}  // namespace gate::evaluate
