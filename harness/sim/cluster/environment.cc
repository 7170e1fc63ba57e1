#include <fmt/format.h>

#include <utility>

#include "harness/sim/cluster/pod_worker.h"
#include "harness/sim/cluster/scheduler.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;
using Environment = std::map<std::string, std::string>;

const char* KindWord(PodPlan::SourceKind kind) {
  return kind == PodPlan::SourceKind::kConfigMap ? "configmap" : "secret";
}

ObjectPtr SourceOf(const ApiServer& server, const Object& pod, PodPlan::SourceKind kind,
                   const std::string& name) {
  const Type type = kind == PodPlan::SourceKind::kConfigMap ? Type::kConfigMap : Type::kSecret;
  return server.Get(type, pod.meta.ns, name);
}

Error Missing(PodPlan::SourceKind kind, const std::string& name) {
  return {ErrorCode::kNotFound, fmt::format("{} \"{}\" not found", KindWord(kind), name)};
}

// "metadata.labels['app']" with prefix "metadata.labels" is "app".
std::string_view Subscript(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return {};
  path.remove_prefix(prefix.size());
  if (!path.starts_with("['") || !path.ends_with("']")) return {};
  return path.substr(2, path.size() - 4);
}

// What is not modelled (addresses) is empty.
std::string FieldOf(const Object& pod, std::string_view path) {
  if (path == "metadata.name") return pod.meta.name;
  if (path == "metadata.namespace") return pod.meta.ns;
  if (path == "metadata.uid") return pod.meta.uid;
  if (path == "spec.nodeName") return std::string(kNodeName);
  if (path == "spec.serviceAccountName") {
    const std::string account = gate::JsonString(SpecOf(pod), "/serviceAccountName");
    return account.empty() ? "default" : account;
  }
  if (const auto label = Subscript(path, "metadata.labels"); !label.empty()) {
    return pod.meta.Label(label);
  }
  return pod.meta.Annotation(Subscript(path, "metadata.annotations"));
}

Result<void> AddAll(const ApiServer& server, const Object& pod, const PodPlan::EnvFrom& from,
                    Environment& env) {
  const ObjectPtr source = SourceOf(server, pod, from.kind, from.object);
  if (!source) {
    if (from.optional) return {};
    return Missing(from.kind, from.object);
  }
  for (const std::string& key : KeysOf(*source)) {
    if (auto value = DataOf(*source, key)) env[from.prefix + key] = *std::move(value);
  }
  return {};
}

Result<void> AddKey(const ApiServer& server, const Object& pod, const PodPlan::Env& entry,
                    Environment& env) {
  const ObjectPtr source = SourceOf(server, pod, entry.kind, entry.object);
  auto value = source ? DataOf(*source, entry.value) : std::nullopt;
  if (value) {
    env[entry.name] = *std::move(value);
    return {};
  }
  if (entry.optional) return {};
  if (!source) return Missing(entry.kind, entry.object);
  return Error{ErrorCode::kNotFound,
               fmt::format("couldn't find key {} in {} {}/{}", entry.value,
                           entry.kind == PodPlan::SourceKind::kConfigMap ? "ConfigMap" : "Secret",
                           pod.meta.ns, entry.object)};
}

}  // namespace

std::string ExpandVariables(std::string_view text, const Environment& env) {
  std::string expanded;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    expanded += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      expanded += '$';
      text.remove_prefix(2);
      continue;
    }
    const std::size_t end = text.starts_with("$(") ? text.find(')') : std::string_view::npos;
    const auto known =
        end == std::string_view::npos ? env.end() : env.find(std::string(text.substr(2, end - 2)));
    const std::size_t used = known == env.end() ? 1 : end + 1;
    expanded += known == env.end() ? std::string_view("$") : std::string_view(known->second);
    text.remove_prefix(used);
  }
  return expanded;
}

Result<Environment> ResolveEnv(const ApiServer& server, const Object& pod,
                               const PodPlan::Container& container) {
  Environment env;
  for (const PodPlan::EnvFrom& from : container.env_from) {
    if (auto added = AddAll(server, pod, from, env); !added) return std::move(added).error();
  }
  for (const PodPlan::Env& entry : container.env) {
    switch (entry.from) {
      case PodPlan::Env::From::kValue:
        env[entry.name] = ExpandVariables(entry.value, env);
        break;
      case PodPlan::Env::From::kField:
        env[entry.name] = FieldOf(pod, entry.value);
        break;
      case PodPlan::Env::From::kKey:
        if (auto added = AddKey(server, pod, entry, env); !added) return std::move(added).error();
        break;
    }
  }
  return env;
}

}  // namespace drill::sim
