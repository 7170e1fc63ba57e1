#include "harness/sim/kube/admission.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "gate/base/encoding.h"
#include "harness/sim/kube/gate_overrides.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

Result<void> CheckData(const Object& object) {
  const Json& rest = RestOf(object);
  const auto data = rest.find("data");
  if (data == rest.end()) return {};
  for (const auto& [key, value] : data->items()) {
    if (value.is_string()) continue;
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} in version \"v1\" cannot be handled: data.{} must be a string",
                             InfoOf(object.type).kind, key)};
  }
  return {};
}

Result<void> EncodeStringData(Object& secret) {
  const Json& rest = RestOf(secret);
  const auto texts = rest.find("stringData");
  if (texts == rest.end()) return {};
  if (!texts->is_object()) {
    return Error{ErrorCode::kInvalidArgument, "stringData: must be a map"};
  }
  Json next = rest;
  next.erase("stringData");
  for (const auto& [key, value] : texts->items()) {
    if (!value.is_string()) {
      return Error{ErrorCode::kInvalidArgument, "stringData." + key + ": must be a string"};
    }
    next["data"][key] = gate::Base64Encode(value.get_ref<const std::string&>());
  }
  secret.rest = Share(std::move(next));
  return {};
}

// How many pods a quota allows.
std::optional<std::int64_t> PodLimit(const Object& quota) {
  const Json& spec = SpecOf(quota);
  const auto hard = spec.find("hard");
  if (hard == spec.end()) return std::nullopt;
  for (const char* key : {"pods", "count/pods"}) {
    const auto found = hard->find(key);
    if (found == hard->end()) continue;
    if (found->is_number_integer()) return found->get<std::int64_t>();
    if (!found->is_string()) continue;
    const auto& text = found->get_ref<const std::string&>();
    std::int64_t limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error == std::errc() && end == text.data() + text.size()) return limit;
  }
  return std::nullopt;
}

Result<void> CheckQuota(const ApiServer& server, const Object& pod) {
  for (const ObjectPtr& quota : server.List(Type::kResourceQuota, pod.meta.ns)) {
    const auto limit = PodLimit(*quota);
    if (!limit) continue;
    std::int64_t used = 0;
    for (const ObjectPtr& other : server.List(Type::kPod, pod.meta.ns)) {
      const std::string phase = gate::JsonString(StatusOf(*other), "/phase");
      if (phase != "Succeeded" && phase != "Failed") ++used;
    }
    if (used < *limit) continue;
    return Error{ErrorCode::kPermissionDenied,
                 fmt::format("pods \"{}\" is forbidden: exceeded quota: {}, requested: pods=1, "
                             "used: pods={}, limited: pods={}",
                             pod.meta.name, quota->meta.name, used, *limit)};
  }
  return {};
}

}  // namespace

void AddAdmission(ApiServer& server) {
  server.AddHook(Type::kConfigMap, [](const Object*, Object& next) { return CheckData(next); });
  server.AddHook(Type::kSecret, [](const Object*, Object& next) -> Result<void> {
    if (auto checked = CheckData(next); !checked) return checked;
    return EncodeStringData(next);
  });
  server.AddHook(Type::kGateOverride, [](const Object* before, Object& next) {
    return CheckGateOverride(before, next);
  });
  server.AddHook(Type::kPod, [&server](const Object* before, Object& next) -> Result<void> {
    if (before != nullptr) return {};
    return CheckQuota(server, next);
  });
}

}  // namespace drill::sim
