#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>

#include "gate/seams/kube_api.h"

namespace drill {

// An API server in memory, as far as the kind backend needs one: objects, label and name selectors,
// and watches that deliver the present state of what changes.
class FakeKube : public gate::KubeApi {
 public:
  void Put(const gate::KubeResource& resource, const std::string& ns, gate::Json object) {
    const std::lock_guard lock(mutex_);
    if (!ns.empty()) object["metadata"]["namespace"] = ns;
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    Key key{resource.plural, ns, gate::JsonString(object, "/metadata/name")};
    objects_.insert_or_assign(std::move(key), std::move(object));
    changed_.notify_all();
  }

  bool Has(const gate::KubeResource& resource, const std::string& ns, const std::string& name) {
    const std::lock_guard lock(mutex_);
    return objects_.contains({resource.plural, ns, name});
  }

  std::size_t Count(const gate::KubeResource& resource) {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [key, object] : objects_) count += std::get<0>(key) == resource.plural;
    return count;
  }

  gate::Result<gate::Json> Get(const gate::KubeRef& ref, const gate::Deadline&) override {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find({ref.resource.plural, ref.ns, ref.name});
    if (found == objects_.end()) return gate::Error{gate::ErrorCode::kNotFound, "not found"};
    return found->second;
  }

  gate::Result<gate::KubeList> List(const gate::KubeResource& resource, const std::string& ns,
                                    const gate::KubeSelector& selector,
                                    const gate::Deadline&) override {
    const std::lock_guard lock(mutex_);
    gate::KubeList list;
    for (const auto& [key, object] : objects_) {
      if (Selects(resource, ns, selector, key, object)) list.items.push_back(object);
    }
    list.resource_version = std::to_string(version_);
    return list;
  }

  gate::Result<void> Watch(const gate::KubeResource& resource, const std::string& ns,
                           const gate::KubeSelector& selector, const std::string& resource_version,
                           const gate::KubeEventHandler& handler,
                           const gate::Deadline& deadline) override {
    std::unique_lock lock(mutex_);
    long seen = std::stol(resource_version);
    while (!deadline.stop.stop_requested()) {
      for (const auto& [key, object] : objects_) {
        const long version = std::stol(gate::JsonString(object, "/metadata/resourceVersion"));
        if (version <= seen || !Selects(resource, ns, selector, key, object)) continue;
        if (!handler({gate::KubeEventType::kModified, object})) return {};
      }
      seen = version_;
      const auto until = std::chrono::steady_clock::time_point(deadline.at.time_since_epoch());
      if (!changed_.wait_until(lock, deadline.stop, until, [&] { return version_ > seen; })) break;
    }
    const bool stopped = deadline.stop.stop_requested();
    return gate::Error{stopped ? gate::ErrorCode::kCancelled : gate::ErrorCode::kDeadlineExceeded,
                       "watch ended"};
  }

  gate::Result<gate::Json> Create(const gate::KubeResource& resource, const std::string& ns,
                                  const gate::Json& object, const gate::Deadline&) override {
    Put(resource, ns, object);
    return object;
  }

  gate::Result<gate::Json> MergePatch(const gate::KubeRef& ref, const gate::Json& patch,
                                      gate::KubeSubresource,
                                      const gate::Deadline& deadline) override {
    auto object = Get(ref, deadline);
    if (!object) return object;
    object->merge_patch(patch);
    Put(ref.resource, ref.ns, *object);
    return object;
  }

  gate::Result<gate::Json> Apply(const gate::KubeRef& ref, const gate::Json& object,
                                 const std::string&, Force, gate::KubeSubresource,
                                 const gate::Deadline&) override {
    Put(ref.resource, ref.ns, object);
    return object;
  }

  gate::Result<void> Delete(const gate::KubeRef& ref, const gate::Deadline&) override {
    const std::lock_guard lock(mutex_);
    if (objects_.erase({ref.resource.plural, ref.ns, ref.name}) == 0) {
      return gate::Error{gate::ErrorCode::kNotFound, "not found"};
    }
    return {};
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // plural, namespace, name

  static bool Selects(const gate::KubeResource& resource, const std::string& ns,
                      const gate::KubeSelector& selector, const Key& key,
                      const gate::Json& object) {
    const auto& [plural, object_ns, name] = key;
    if (plural != resource.plural || (!ns.empty() && ns != object_ns)) return false;
    if (selector.fields.starts_with("metadata.name=") && selector.fields.substr(14) != name) {
      return false;
    }
    const std::size_t equals = selector.labels.find('=');
    if (equals == std::string::npos) return true;
    const auto& metadata = object.at("metadata");
    const std::string label = selector.labels.substr(0, equals);
    return metadata.contains("labels") && metadata.at("labels").contains(label) &&
           metadata.at("labels").at(label) == selector.labels.substr(equals + 1);
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<Key, gate::Json> objects_;
  long version_ = 0;
};

}  // namespace drill
