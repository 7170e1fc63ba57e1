#pragma once

#include <functional>
#include <string>

#include "gate/seams/kube_api.h"

namespace gate {

// A KubeApi of which a test provides the parts it needs; the others fail with kUnavailable.
class FakeKubeApi : public KubeApi {
 public:
  std::function<Result<Json>(const KubeRef&)> on_get;
  std::function<Result<KubeList>(const KubeResource&, const std::string& ns)> on_list;
  std::function<Result<void>(const std::string& resource_version, const KubeEventHandler&,
                             const Deadline&)>
      on_watch;
  std::function<Result<Json>(const KubeResource&, const std::string& ns, const Json&)> on_create;
  std::function<Result<Json>(const KubeRef&, const Json& patch, KubeSubresource)> on_merge_patch;
  std::function<Result<Json>(const KubeRef&, const Json&, const std::string& manager, Force)>
      on_apply;
  std::function<Result<void>(const KubeRef&)> on_delete;

  Result<Json> Get(const KubeRef& ref, const Deadline&) override {
    return on_get ? on_get(ref) : Result<Json>(Unscripted());
  }
  Result<KubeList> List(const KubeResource& resource, const std::string& ns, const KubeSelector&,
                        const Deadline&) override {
    return on_list ? on_list(resource, ns) : Result<KubeList>(Unscripted());
  }
  Result<void> Watch(const KubeResource&, const std::string&, const KubeSelector&,
                     const std::string& resource_version, const KubeEventHandler& handler,
                     const Deadline& deadline) override {
    return on_watch ? on_watch(resource_version, handler, deadline) : Result<void>(Unscripted());
  }
  Result<Json> Create(const KubeResource& resource, const std::string& ns, const Json& object,
                      const Deadline&) override {
    return on_create ? on_create(resource, ns, object) : Result<Json>(Unscripted());
  }
  Result<Json> MergePatch(const KubeRef& ref, const Json& patch, KubeSubresource subresource,
                          const Deadline&) override {
    return on_merge_patch ? on_merge_patch(ref, patch, subresource) : Result<Json>(Unscripted());
  }
  Result<Json> Apply(const KubeRef& ref, const Json& object, const std::string& manager,
                     Force force, KubeSubresource, const Deadline&) override {
    return on_apply ? on_apply(ref, object, manager, force) : Result<Json>(Unscripted());
  }
  Result<void> Delete(const KubeRef& ref, const Deadline&) override {
    return on_delete ? on_delete(ref) : Result<void>(Unscripted());
  }

 private:
  static Error Unscripted() { return Error{ErrorCode::kUnavailable, "not scripted"}; }
};

}  // namespace gate
