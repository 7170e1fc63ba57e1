#include "gate/record/config_map.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "gate/base/check.h"

namespace gate::record {
namespace {

constexpr Nanos kFirstPause = std::chrono::milliseconds(20);
constexpr Nanos kLongestPause = std::chrono::seconds(1);

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

Result<void> TryUpdate(KubeApi& kube, const ConfigMapPlace& place, const ConfigMapEdit& edit,
                       const Deadline& deadline) {
  const KubeRef ref{kube::kConfigMaps, place.ns, place.name};
  auto current = kube.Get(ref, deadline);
  if (!current && current.error().code != ErrorCode::kNotFound) return std::move(current).error();
  auto data = edit(current ? DataOf(*current) : Json::object());
  if (!data) return {};
  Json object = {
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata", {{"name", place.name}, {"namespace", place.ns}, {"labels", place.labels}}},
      {"data", *std::move(data)}};
  Result<Json> written = Error{ErrorCode::kUnavailable, "not written"};
  if (current) {
    object["metadata"]["resourceVersion"] = JsonString(*current, "/metadata/resourceVersion");
    written = kube.MergePatch(ref, object, KubeSubresource::kNone, deadline);
  } else {
    Json& keys = object["data"];
    for (auto key = keys.begin(); key != keys.end();) {
      key = key->is_null() ? keys.erase(key) : std::next(key);
    }
    written = kube.Create(kube::kConfigMaps, place.ns, object, deadline);
  }
  if (!written) return std::move(written).error();
  return {};
}

}  // namespace

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

Result<void> UpdateConfigMap(KubeApi& kube, Runtime& runtime, Rng& rng, const ConfigMapPlace& place,
                             const ConfigMapEdit& edit, const Deadline& deadline) {
  Nanos pause = kFirstPause;
  for (;;) {
    auto updated = TryUpdate(kube, place, edit, deadline);
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
