#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/secret.h"
#include "gate/base/strict_json.h"
#include "gate/seams/files.h"
#include "harness/kind/manifest.h"
#include "harness/scenario/scenario.h"

namespace gate::signing {
class SigningKey;
}  // namespace gate::signing

namespace drill {

// The names that the manifests of kind/scenario/ and the code share.
inline constexpr const char* kRolloutName = "demo";
inline constexpr const char* kMockName = "mock-mc";           // Deployment and Service
inline constexpr const char* kMockAdminPort = "8081";         // of the Service
inline constexpr const char* kGateName = "rollout-gate";      // Deployment and Service; label `app`
inline constexpr const char* kPrometheusName = "prometheus";  // Deployment and Service
inline constexpr const char* kRunLabel = "gate-drill/run";    // of namespaces

// MC's signing key as both sides need it.
struct SigningKeyPair {
  std::string id;
  std::string public_pem;
  gate::Secret private_pem;
};

// Errors: those of OpenSSL, kUnavailable.
gate::Result<SigningKeyPair> KeyPairOf(const std::string& id, const gate::signing::SigningKey& key);

// What a stage has besides its scenario. Both keys are Ed25519.
struct StageWorld {
  std::string ns;
  std::string run;  // id of the run of gate-drill, for the namespace's label
  std::string gate_image;
  std::string serve_image;  // of the gate as a service
  std::string mock_image;
  gate::Secret token;              // MC expects it, the gate shows it
  SigningKeyPair good;             // in the gate's keyring
  SigningKeyPair rogue;            // not
  gate::Secret caller_token{};     // Argo Rollouts shows it, the gate as a service expects it
  std::string prometheus_image{};  // where Scenario::prometheus
};

// The Rollout is a Helm release, as the scenario has the gate roll it back by Helm.
bool InstalledByHelm(const Scenario& scenario);

// All objects of a stage in the order in which they are to be applied, from the files of
// `directory` (kind/scenario). Mistakes in the files and in the scenario's script for mock-mc are
// kInvalidArgument as file:line:column.
gate::Result<std::vector<Manifest>> StageObjects(gate::Files& files, const std::string& directory,
                                                 const Scenario& scenario, const StageWorld& world);

// A person who may override gates in the stage's namespace: a ServiceAccount with the rights of
// kind/override/roles.yaml.
std::vector<Manifest> PersonObjects(const std::string& person, const std::string& ns);

// Puts what a scenario says of MC into the script of its mock. Where the gate is a service, mock-mc
// is Slack and PagerDuty, too; what `part` says about their paths comes first.
void AddToMockScript(const gate::Json& part, GateMode mode, gate::Json& script);

}  // namespace drill
