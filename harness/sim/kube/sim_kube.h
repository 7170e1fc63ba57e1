#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gate/base/rng.h"
#include "gate/seams/kube_api.h"
#include "harness/sim/kube/api_server.h"
#include "harness/sim/kube/api_weather.h"
#include "harness/sim/kube/rbac.h"
#include "harness/sim/kube/selector.h"
#include "harness/sim/world/process.h"

namespace drill::sim {

// The API as one process sees it: it takes time, it needs permission, and it can fail. Answers
// SelfSubjectReviews, too. For fibers of that process.
class SimKube : public gate::KubeApi {
 public:
  static constexpr std::uint64_t kMostStale = 20;

  // All references must outlive it.
  SimKube(Process& process, ApiServer& server, const ApiWeather& weather, Identity identity,
          std::string user_agent);

  gate::Result<gate::Json> Get(const gate::KubeRef& ref, const gate::Deadline& deadline) override;
  gate::Result<gate::KubeList> List(const gate::KubeResource& resource, const std::string& ns,
                                    const gate::KubeSelector& selector,
                                    const gate::Deadline& deadline) override;
  gate::Result<void> Watch(const gate::KubeResource& resource, const std::string& ns,
                           const gate::KubeSelector& selector, const std::string& resource_version,
                           const gate::KubeEventHandler& handler,
                           const gate::Deadline& deadline) override;
  gate::Result<gate::Json> Create(const gate::KubeResource& resource, const std::string& ns,
                                  const gate::Json& object,
                                  const gate::Deadline& deadline) override;
  gate::Result<gate::Json> MergePatch(const gate::KubeRef& ref, const gate::Json& patch,
                                      gate::KubeSubresource subresource,
                                      const gate::Deadline& deadline) override;
  gate::Result<gate::Json> Apply(const gate::KubeRef& ref, const gate::Json& object,
                                 const std::string& field_manager, Force force,
                                 gate::KubeSubresource subresource,
                                 const gate::Deadline& deadline) override;
  gate::Result<void> Delete(const gate::KubeRef& ref, const gate::Deadline& deadline) override;

 private:
  // One call from the client's point of view: the way there, `act` on the server, the way back.
  template <typename T>
  gate::Result<T> Call(std::string_view name, CallKind kind, const gate::Deadline& deadline,
                       const std::function<gate::Result<T>()>& act);
  gate::Result<void> Travel(const gate::Deadline& deadline);
  gate::Error Fail(gate::Error error, const gate::Deadline& deadline);
  // What a call is about.
  struct Target {
    const TypeInfo* info;
    WritePart part;
  };
  // kNotFound if there is no such resource, kPermissionDenied if the identity may not do that.
  gate::Result<Target> Resolve(std::string_view verb, const gate::KubeResource& resource,
                               gate::KubeSubresource subresource, const std::string& ns,
                               const std::string& name) const;
  gate::Json WhoAmI(gate::Json question) const;
  gate::Result<void> Admit(const Object* before, const Object& next) const;
  gate::KubeList ListNow(Type type, const std::string& ns, const Selector& selector,
                         std::uint64_t version) const;
  gate::Result<gate::Json> PatchNow(const Target& target, const gate::KubeRef& ref,
                                    const gate::Json& patch);
  gate::Result<gate::Json> ApplyNow(const Target& target, const gate::KubeRef& ref,
                                    const gate::Json& object, const std::string& manager,
                                    Force force);

  Process& process_;
  ApiServer& server_;
  const ApiWeather& weather_;
  const Identity identity_;
  const std::string user_agent_;
  gate::Rng rng_;
};

}  // namespace drill::sim
