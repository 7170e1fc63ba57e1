#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "gate/seams/kube_api.h"

namespace gate {

// A small API server for unit tests of the gate's own writes: objects with resource versions,
// create, merge patch with optimistic concurrency, delete. Not for watches. `before` and `after`
// are called around every call and can inject a failure: before, nothing was applied; after, the
// write was applied and only its answer is lost.
class MemoryKube : public KubeApi {
 public:
  struct Call {
    std::string verb;  // get, list, create, patch, delete
    std::string what;  // "configmaps/rollout-gate-demo"
  };
  using Fault = std::function<std::optional<Error>(const Call&)>;

  Fault before;
  Fault after;
  std::vector<Call> calls;

  void Put(const KubeRef& ref, Json object) {
    object["metadata"]["name"] = ref.name;
    object["metadata"]["namespace"] = ref.ns;
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    objects_[Key(ref.resource, ref.ns, ref.name)] = std::move(object);
  }

  std::optional<Json> Find(const KubeRef& ref) const {
    const auto found = objects_.find(Key(ref.resource, ref.ns, ref.name));
    if (found == objects_.end()) return std::nullopt;
    return found->second;
  }

  std::vector<Json> All(const KubeResource& resource) const {
    std::vector<Json> found;
    for (const auto& [key, object] : objects_) {
      if (key.starts_with(resource.plural + "/")) found.push_back(object);
    }
    return found;
  }

  Result<Json> Get(const KubeRef& ref, const Deadline& /*deadline*/) override {
    return Around({"get", ref.resource.plural + "/" + ref.name}, [&]() -> Result<Json> {
      auto found = Find(ref);
      if (!found) return Error{ErrorCode::kNotFound, ref.name + " not found"};
      return *std::move(found);
    });
  }

  Result<KubeList> List(const KubeResource& resource, const std::string& /*ns*/,
                        const KubeSelector& /*selector*/, const Deadline& /*deadline*/) override {
    return KubeList{All(resource), std::to_string(version_)};
  }

  Result<void> Watch(const KubeResource& /*resource*/, const std::string& /*ns*/,
                     const KubeSelector& /*selector*/, const std::string& /*resource_version*/,
                     const KubeEventHandler& /*handler*/, const Deadline& /*deadline*/) override {
    return Error{ErrorCode::kInvalidArgument, "not served here"};
  }

  Result<Json> Create(const KubeResource& resource, const std::string& ns, const Json& object,
                      const Deadline& /*deadline*/) override {
    const KubeRef ref{resource, ns, JsonString(object, "/metadata/name")};
    return Around({"create", resource.plural + "/" + ref.name}, [&]() -> Result<Json> {
      if (Find(ref)) return Error{ErrorCode::kAlreadyExists, ref.name + " exists"};
      Put(ref, object);
      return *Find(ref);
    });
  }

  Result<Json> MergePatch(const KubeRef& ref, const Json& patch, KubeSubresource /*subresource*/,
                          const Deadline& /*deadline*/) override {
    return Around({"patch", ref.resource.plural + "/" + ref.name}, [&]() -> Result<Json> {
      auto found = Find(ref);
      if (!found) return Error{ErrorCode::kNotFound, ref.name + " not found"};
      const std::string wanted = JsonString(patch, "/metadata/resourceVersion");
      if (!wanted.empty() && wanted != JsonString(*found, "/metadata/resourceVersion")) {
        return Error{ErrorCode::kConflict, ref.name + " changed"};
      }
      found->merge_patch(patch);
      Put(ref, *found);
      return *Find(ref);
    });
  }

  Result<Json> Apply(const KubeRef& ref, const Json& object, const std::string& /*field_manager*/,
                     Force /*force*/, KubeSubresource subresource,
                     const Deadline& deadline) override {
    return Find(ref) ? MergePatch(ref, object, subresource, deadline)
                     : Create(ref.resource, ref.ns, object, deadline);
  }

  Result<void> Delete(const KubeRef& ref, const Deadline& /*deadline*/) override {
    if (objects_.erase(Key(ref.resource, ref.ns, ref.name)) == 0) {
      return Error{ErrorCode::kNotFound, ref.name + " not found"};
    }
    return {};
  }

 private:
  static std::string Key(const KubeResource& resource, const std::string& ns,
                         const std::string& name) {
    return resource.plural + "/" + ns + "/" + name;
  }

  template <typename Body>
  Result<Json> Around(Call call, Body body) {
    calls.push_back(call);
    if (before) {
      if (auto error = before(call)) return *std::move(error);
    }
    Result<Json> result = body();
    if (result && after) {
      if (auto error = after(call)) return *std::move(error);
    }
    return result;
  }

  std::map<std::string, Json> objects_;
  int version_ = 0;
};

}  // namespace gate
