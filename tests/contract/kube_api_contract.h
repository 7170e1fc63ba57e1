#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"

namespace gate {

// An implementation of KubeApi together with the cluster, real or modelled, behind it. It has the
// custom resources of Argo Rollouts (rollouts with a status subresource, analysisruns without) and
// what kind/override applies, no controllers that touch them, and lists in pages of at most
// kContractPageSize objects.
class KubeApiBackend {
 public:
  virtual ~KubeApiBackend() = default;

  virtual KubeApi& api() = 0;
  virtual Runtime& runtime() = 0;

  // A name that no other test and no other run has used in this cluster.
  virtual std::string UniqueName() = 0;

  // Runs a test's body where it may wait: in a simulator, in virtual time.
  virtual void Run(const std::function<void()>& body) { body(); }
};

inline constexpr int kContractPageSize = 3;

// A new backend for every test. An error means that there is no such cluster here: the tests are
// skipped and say why.
struct KubeApiBackendFactory {
  std::string name;
  std::function<Result<std::unique_ptr<KubeApiBackend>>()> make;
};

inline void PrintTo(const KubeApiBackendFactory& factory, std::ostream* out) {
  *out << factory.name;
}

inline std::string NameOf(const Json& object) { return JsonString(object, "/metadata/name"); }

// What every KubeApi promises. Plug an implementation in with
//
//   INSTANTIATE_TEST_SUITE_P(Rest, KubeApiContract, testing::Values(factory));
//
// in a test program of its own, which links the tests (the target kube_api_contract). Every test
// has a namespace of its own, which is deleted afterwards.
class KubeApiContract : public testing::TestWithParam<KubeApiBackendFactory> {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Runs the test's body, unless it is to be skipped.
  void Run(const std::function<void()>& body);

  KubeApi& api() { return backend_->api(); }
  Runtime& runtime() { return backend_->runtime(); }
  Deadline In(Nanos duration) { return {runtime().Now() + duration}; }
  Deadline Soon() { return In(std::chrono::seconds(20)); }

  KubeRef ConfigMap(const std::string& name) const { return {kube::kConfigMaps, ns_, name}; }
  KubeRef Rollout(const std::string& name) const { return {kube::kRollouts, ns_, name}; }

  // Creates objects that must succeed.
  Json CreateConfigMap(const std::string& name, const Json& data, const Json& labels = Json());
  Json CreateRollout(const std::string& name, const Json& spec = Json::object());
  Json CreateNamespace(const std::string& name);
  // Deletes at the end of the test.
  void CleanUp(const KubeRef& ref) { clean_up_.push_back(ref); }

  // The value of a call that must succeed, a null object if it did not.
  static Json Must(Result<Json> result);
  // The error's code of a call that must fail; kProtocol is never expected here.
  template <typename T>
  static ErrorCode CodeOf(const Result<T>& result) {
    if (!result) return result.error().code;
    ADD_FAILURE() << "succeeded";
    return ErrorCode::kProtocol;
  }
  static std::string VersionOf(const Json& object);

  std::unique_ptr<KubeApiBackend> backend_;
  std::string ns_;

 private:
  std::vector<KubeRef> clean_up_;
};

}  // namespace gate
