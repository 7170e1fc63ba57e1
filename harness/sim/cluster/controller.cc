#include "harness/sim/cluster/controller.h"

#include <algorithm>
#include <utility>

namespace drill::sim {
namespace {

using gate::Json;

StringMap Strings(const Json& object, const Json::json_pointer& pointer) {
  StringMap map;
  if (!object.contains(pointer) || !object.at(pointer).is_object()) return map;
  for (const auto& [key, value] : object.at(pointer).items()) {
    if (value.is_string()) map[key] = value.get<std::string>();
  }
  return map;
}

}  // namespace

void Expectations::ExpectCreations(int count, gate::Instant now) {
  creations_ += count;
  since_ = now;
}

void Expectations::ExpectDeletion(const std::string& uid, gate::Instant now) {
  deletions_.insert(uid);
  since_ = now;
}

bool Expectations::Satisfied(gate::Instant now) const {
  constexpr auto kGivenUpAfter = std::chrono::minutes(5);
  return (creations_ == 0 && deletions_.empty()) || now - since_ > kGivenUpAfter;
}

PodTemplate ReadPodTemplate(const Object& owner) {
  PodTemplate result;
  const Json& spec = SpecOf(owner);
  const auto found = spec.find("template");
  if (found == spec.end()) return result;
  static const Json::json_pointer kLabels("/metadata/labels");
  static const Json::json_pointer kAnnotations("/metadata/annotations");
  result.labels = Strings(*found, kLabels);
  result.annotations = Strings(*found, kAnnotations);
  const auto pod_spec = found->find("spec");
  if (pod_spec != found->end()) {
    result.spec = std::shared_ptr<const Json>(owner.spec, &*pod_spec);  // keeps the whole alive
  }
  return result;
}

Object MakePod(const Object& owner, const PodTemplate& pod_template) {
  const TypeInfo& info = InfoOf(owner.type);
  Object pod{Type::kPod, {}, pod_template.spec, nullptr, nullptr};
  pod.meta.ns = owner.meta.ns;
  pod.meta.labels = pod_template.labels;
  pod.meta.annotations = pod_template.annotations;
  pod.meta.owners.push_back({info.resource.ApiVersion(), std::string(info.kind), owner.meta.name,
                             owner.meta.uid, /*controller=*/true});
  return pod;
}

gate::Result<ObjectPtr> WriteStatus(ApiServer& server, std::string_view writer,
                                    const Object& object, std::shared_ptr<const Json> status) {
  Object next{object.type, {}, nullptr, std::move(status), nullptr};
  next.meta.ns = object.meta.ns;
  next.meta.name = object.meta.name;
  next.meta.uid = object.meta.uid;
  next.meta.managed = object.meta.managed;
  return server.Update(writer, std::move(next), WritePart::kStatus);
}

gate::Result<void> DeleteForeground(ApiServer& server, std::string_view writer,
                                    const Object& object) {
  const ObjectPtr stored = server.Get(object.type, object.meta.ns, object.meta.name);
  if (!stored || stored->meta.uid != object.meta.uid) {
    return gate::Error{gate::ErrorCode::kNotFound, object.meta.name + " is gone"};
  }
  auto& finalizers = stored->meta.finalizers;
  if (std::find(finalizers.begin(), finalizers.end(), kForegroundFinalizer) == finalizers.end()) {
    Object next = *stored;
    next.meta.finalizers.emplace_back(kForegroundFinalizer);
    auto written = server.Update(writer, std::move(next), WritePart::kMain);
    if (!written) return std::move(written).error();
  }
  return server.Delete(writer, object.type, object.meta.ns, object.meta.name, std::nullopt,
                       object.meta.uid);
}

bool IsBeingEmptied(const ApiServer& server, std::string_view ns) {
  const ObjectPtr stored = server.Get(Type::kNamespace, "", ns);
  return stored && stored->meta.deleted;
}

}  // namespace drill::sim
