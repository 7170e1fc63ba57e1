#include "harness/sim/cluster/pod_plan.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "harness/sim/kube/fields.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::JsonInt;
using gate::JsonString;
using SourceKind = PodPlan::SourceKind;

const Json kNothing = Json::array();

// The list `key` of `object`; empty if there is none.
const Json& ListOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_array() ? kNothing : *found;
}

std::vector<std::string> Texts(const Json& object, const char* key) {
  std::vector<std::string> texts;
  for (const Json& text : ListOf(object, key)) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

PodPlan::Volume ReadVolume(const Json& json) {
  PodPlan::Volume volume;
  volume.name = TextOf(json, "name");
  const auto read = [&](const char* key, const char* name, SourceKind kind) {
    const auto source = json.find(key);
    if (source == json.end()) return;
    volume.kind = kind;
    volume.object = TextOf(*source, name);
    volume.optional = FlagOf(*source, "optional");
    for (const Json& item : ListOf(*source, "items")) {
      volume.items.emplace_back(TextOf(item, "key"), TextOf(item, "path"));
    }
  };
  read("configMap", "name", SourceKind::kConfigMap);
  read("secret", "secretName", SourceKind::kSecret);
  return volume;
}

PodPlan::Env ReadEnv(const Json& json) {
  PodPlan::Env env;
  env.name = TextOf(json, "name");
  env.value = TextOf(json, "value");
  const auto source = json.find("valueFrom");
  if (source == json.end()) return env;
  if (const auto field = source->find("fieldRef"); field != source->end()) {
    env.from = PodPlan::Env::From::kField;
    env.value = TextOf(*field, "fieldPath");
  }
  const auto read = [&](const char* key, SourceKind kind) {
    const auto ref = source->find(key);
    if (ref == source->end()) return;
    env.from = PodPlan::Env::From::kKey;
    env.kind = kind;
    env.object = TextOf(*ref, "name");
    env.value = TextOf(*ref, "key");
    env.optional = FlagOf(*ref, "optional");
  };
  read("configMapKeyRef", SourceKind::kConfigMap);
  read("secretKeyRef", SourceKind::kSecret);
  return env;
}

std::vector<PodPlan::EnvFrom> ReadEnvFrom(const Json& container) {
  std::vector<PodPlan::EnvFrom> sources;
  for (const Json& json : ListOf(container, "envFrom")) {
    const auto read = [&](const char* key, SourceKind kind) {
      const auto ref = json.find(key);
      if (ref == json.end()) return;
      sources.push_back(
          {kind, TextOf(*ref, "name"), TextOf(json, "prefix"), FlagOf(*ref, "optional")});
    };
    read("configMapRef", SourceKind::kConfigMap);
    read("secretRef", SourceKind::kSecret);
  }
  return sources;
}

std::optional<PodPlan::Probe> ReadProbe(const Json& container) {
  const auto probe = container.find("readinessProbe");
  if (probe == container.end() || !probe->is_object()) return std::nullopt;
  // Kubernetes' defaults.
  constexpr std::int64_t kPeriodSeconds = 10;
  constexpr std::int64_t kFailures = 3;
  const auto count = [&](const char* pointer, std::int64_t fallback) {
    return static_cast<int>(std::clamp<std::int64_t>(JsonInt(*probe, pointer, fallback), 1, 1000));
  };
  return PodPlan::Probe{
      std::chrono::seconds(std::max<std::int64_t>(0, JsonInt(*probe, "/initialDelaySeconds"))),
      std::chrono::seconds(
          std::max<std::int64_t>(1, JsonInt(*probe, "/periodSeconds", kPeriodSeconds))),
      count("/successThreshold", 1), count("/failureThreshold", kFailures)};
}

std::vector<PodPlan::Mount> ReadMounts(const Json& container, const PodPlan& plan) {
  std::vector<PodPlan::Mount> mounts;
  for (const Json& json : ListOf(container, "volumeMounts")) {
    const std::string name = TextOf(json, "name");
    const auto volume =
        std::find_if(plan.volumes.begin(), plan.volumes.end(),
                     [&](const PodPlan::Volume& candidate) { return candidate.name == name; });
    if (volume == plan.volumes.end()) continue;
    std::string path = TextOf(json, "mountPath");
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    mounts.push_back({std::move(path), static_cast<std::size_t>(volume - plan.volumes.begin()),
                      TextOf(json, "subPath")});
  }
  return mounts;
}

PodPlan::Container ReadContainer(const Json& json, const PodPlan& plan) {
  PodPlan::Container container;
  container.name = TextOf(json, "name");
  container.image = TextOf(json, "image");
  container.command = Texts(json, "command");
  container.args = Texts(json, "args");
  for (const Json& env : ListOf(json, "env")) container.env.push_back(ReadEnv(env));
  container.env_from = ReadEnvFrom(json);
  container.mounts = ReadMounts(json, plan);
  container.readiness = ReadProbe(json);
  return container;
}

}  // namespace

PodPlan ReadPodPlan(std::shared_ptr<const Json> spec) {
  PodPlan plan;
  plan.spec = std::move(spec);
  if (!plan.spec) return plan;
  const std::string policy = TextOf(*plan.spec, "restartPolicy");
  if (policy == "Never") plan.restart_policy = PodPlan::RestartPolicy::kNever;
  if (policy == "OnFailure") plan.restart_policy = PodPlan::RestartPolicy::kOnFailure;
  for (const Json& volume : ListOf(*plan.spec, "volumes")) {
    plan.volumes.push_back(ReadVolume(volume));
  }
  for (const Json& container : ListOf(*plan.spec, "containers")) {
    plan.containers.push_back(ReadContainer(container, plan));
  }
  return plan;
}

std::shared_ptr<const PodPlan> PodPlans::Of(const std::shared_ptr<const Json>& spec) {
  return plans_.Of(spec, [&spec] { return std::make_shared<const PodPlan>(ReadPodPlan(spec)); });
}

}  // namespace drill::sim
