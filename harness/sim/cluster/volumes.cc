#include "harness/sim/cluster/volumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/encoding.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

Type TypeOf(PodPlan::SourceKind kind) {
  return kind == PodPlan::SourceKind::kConfigMap ? Type::kConfigMap : Type::kSecret;
}

// The text at `field`.`key` of the object, if there is one.
const std::string* Find(const Object& source, const char* field, std::string_view key) {
  const Json& rest = RestOf(source);
  const auto data = rest.find(field);
  if (data == rest.end() || !data->is_object()) return nullptr;
  const auto found = data->find(key);
  return found == data->end() ? nullptr : found->get_ptr<const std::string*>();
}

Error NoSuchFile(std::string_view path) {
  return {ErrorCode::kNotFound, fmt::format("{}: no such file", path)};
}

}  // namespace

std::optional<std::string> DataOf(const Object& source, std::string_view key) {
  const std::string* text = Find(source, "data", key);
  const bool encoded = source.type == Type::kSecret || text == nullptr;
  if (text == nullptr) text = Find(source, "binaryData", key);
  if (text == nullptr) return std::nullopt;
  if (!encoded) return *text;
  auto bytes = gate::Base64Decode(*text);
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

std::vector<std::string> KeysOf(const Object& source) {
  std::vector<std::string> keys;
  const Json& rest = RestOf(source);
  const auto data = rest.find("data");
  if (data == rest.end() || !data->is_object()) return keys;
  for (const auto& [key, value] : data->items()) {
    if (value.is_string()) keys.push_back(key);
  }
  return keys;
}

PodVolumes::PodVolumes(std::shared_ptr<const PodPlan> plan, std::string ns)
    : plan_(std::move(plan)), ns_(std::move(ns)), sources_(plan_->volumes.size()) {}

std::optional<std::string> PodVolumes::MountAll(const ApiServer& server) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const PodPlan::Volume& volume = plan_->volumes[i];
    if (!volume.kind) continue;
    sources_[i] = server.Get(TypeOf(*volume.kind), ns_, volume.object);
    if (volume.optional) continue;
    const char* kind = *volume.kind == PodPlan::SourceKind::kConfigMap ? "configmap" : "secret";
    if (!sources_[i]) {
      return fmt::format("MountVolume.SetUp failed for volume \"{}\" : {} \"{}\" not found",
                         volume.name, kind, volume.object);
    }
    for (const auto& [key, path] : volume.items) {
      if (DataOf(*sources_[i], key)) continue;
      return fmt::format(
          "MountVolume.SetUp failed for volume \"{}\" : {} references non-existent {} key: {}",
          volume.name, kind, kind == std::string_view("secret") ? "secret" : "config", key);
    }
  }
  return std::nullopt;
}

bool PodVolumes::Uses(const Object& source) const {
  if (source.meta.ns != ns_) return false;
  return std::any_of(plan_->volumes.begin(), plan_->volumes.end(),
                     [&](const PodPlan::Volume& volume) {
                       return volume.kind && TypeOf(*volume.kind) == source.type &&
                              volume.object == source.meta.name;
                     });
}

void PodVolumes::Refresh(const ApiServer& server) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const PodPlan::Volume& volume = plan_->volumes[i];
    if (!volume.kind) continue;
    if (ObjectPtr now = server.Get(TypeOf(*volume.kind), ns_, volume.object)) {
      sources_[i] = std::move(now);
    }
  }
}

Result<std::string> PodVolumes::Read(const PodPlan::Mount& mount, std::string_view below) const {
  std::string file = mount.sub_path;
  if (!file.empty() && !below.empty()) file += '/';
  file += below;
  const ObjectPtr& source = sources_[mount.volume];
  if (!source || file.empty()) return NoSuchFile(mount.path);
  const auto& items = plan_->volumes[mount.volume].items;
  if (!items.empty()) {
    const auto item = std::find_if(items.begin(), items.end(),
                                   [&](const auto& entry) { return entry.second == file; });
    if (item == items.end()) return NoSuchFile(mount.path + "/" + file);
    file = item->first;
  }
  auto data = DataOf(*source, file);
  if (!data) return NoSuchFile(mount.path + "/" + file);
  return *std::move(data);
}

Result<std::string> MountedFiles::Read(const std::string& path, std::size_t limit) {
  const PodPlan::Mount* best = nullptr;  // the innermost mount
  for (const PodPlan::Mount& mount : plan_->containers[container_].mounts) {
    const bool inside =
        path == mount.path || (path.starts_with(mount.path) && path[mount.path.size()] == '/');
    if (inside && (best == nullptr || mount.path.size() > best->path.size())) best = &mount;
  }
  if (best == nullptr) return NoSuchFile(path);
  const std::string_view below = std::string_view(path).substr(best->path.size());
  auto text = volumes_->Read(*best, below.starts_with('/') ? below.substr(1) : below);
  if (text && text->size() > limit) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("{}: larger than {} bytes", path, limit)};
  }
  return text;
}

}  // namespace drill::sim
