#include "gate/record/config_map.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "gate/base/check.h"

namespace gate::record {
namespace {

constexpr Nanos kFirstPause = std::chrono::milliseconds(20);
constexpr Nanos kLongestPause = std::chrono::seconds(1);

KubeRef RefOf(const ConfigMapPlace& place) { return {kube::kConfigMaps, place.ns, place.name}; }

bool MayPass(const Error& error) {
  switch (error.code) {
    case ErrorCode::kConflict:
    case ErrorCode::kAlreadyExists:  // another writer created the ConfigMap first
    case ErrorCode::kNotFound:       // or deleted it in between
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kProtocol:
      return true;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kGone:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kCancelled:
      return false;
  }
  GATE_CHECK(false);
}

Result<Json> TryUpdate(KubeApi& kube, const ConfigMapPlace& place, const ConfigMapEdit& edit,
                       std::optional<Json> seen, const Deadline& deadline) {
  std::optional<Json> data;
  if (seen) data = edit(DataOf(*seen));
  if (!data) {  // that all is well is believed only of what is there now
    auto current = ReadConfigMap(kube, place, deadline);
    if (!current) return current;
    seen = *std::move(current);
    data = edit(DataOf(*seen));
    if (!data) return *std::move(seen);
  }
  Json object = {
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata", {{"name", place.name}, {"namespace", place.ns}, {"labels", place.labels}}},
      {"data", *std::move(data)}};
  if (!seen->empty()) {
    object["metadata"]["resourceVersion"] = JsonString(*seen, "/metadata/resourceVersion");
    return kube.MergePatch(RefOf(place), object, KubeSubresource::kNone, deadline);
  }
  Json& keys = object["data"];
  for (auto key = keys.begin(); key != keys.end();) {
    key = key->is_null() ? keys.erase(key) : std::next(key);
  }
  return kube.Create(kube::kConfigMaps, place.ns, object, deadline);
}

}  // namespace

Result<Json> ReadConfigMap(KubeApi& kube, const ConfigMapPlace& place, const Deadline& deadline) {
  auto object = kube.Get(RefOf(place), deadline);
  if (!object && object.error().code == ErrorCode::kNotFound) return Json::object();
  return object;
}

Json DataOf(const Json& config_map) {
  const auto data = config_map.find("data");
  return data != config_map.end() && data->is_object() ? *data : Json::object();
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

Result<Json> UpdateConfigMap(KubeApi& kube, Runtime& runtime, Rng& rng, const ConfigMapPlace& place,
                             const ConfigMapEdit& edit, const Deadline& deadline,
                             std::optional<Json> seen) {
  Nanos pause = kFirstPause;
  for (;;) {
    auto updated = TryUpdate(kube, place, edit, std::exchange(seen, std::nullopt), deadline);
    if (updated) return updated;
    if (!MayPass(updated.error())) {
      return std::move(updated).error().Wrap("writing ConfigMap " + place.name);
    }
    const Nanos jittered(
        static_cast<Nanos::rep>(rng.Below(static_cast<std::uint64_t>(pause.count())) + 1));
    const Nanos wait = std::max(jittered, updated.error().retry_after.value_or(Nanos(0)));
    pause = std::min(pause * 2, kLongestPause);
    const Instant next = runtime.Now() + wait;
    if (next >= deadline.at || runtime.Sleep({next, deadline.stop}) == WaitResult::kStopped) {
      return std::move(updated).error().Wrap("writing ConfigMap " + place.name);
    }
  }
}

}  // namespace gate::record
