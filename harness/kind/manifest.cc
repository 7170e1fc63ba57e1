#include "harness/kind/manifest.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "gate/yaml/strict_yaml.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;
using gate::yaml::Mistakes;
using gate::yaml::Node;

enum class Scope { kCluster, kNamespace };

struct KnownKind {
  std::string_view api_version;
  std::string_view kind;
  std::string_view plural;
  Scope scope;
};

constexpr std::array kKnownKinds{
    KnownKind{"v1", "Namespace", "namespaces", Scope::kCluster},
    KnownKind{"v1", "ServiceAccount", "serviceaccounts", Scope::kNamespace},
    KnownKind{"v1", "ConfigMap", "configmaps", Scope::kNamespace},
    KnownKind{"v1", "Secret", "secrets", Scope::kNamespace},
    KnownKind{"v1", "Service", "services", Scope::kNamespace},
    KnownKind{"apps/v1", "Deployment", "deployments", Scope::kNamespace},
    KnownKind{"rbac.authorization.k8s.io/v1", "Role", "roles", Scope::kNamespace},
    KnownKind{"rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", Scope::kNamespace},
    KnownKind{"argoproj.io/v1alpha1", "AnalysisTemplate", "analysistemplates", Scope::kNamespace},
    KnownKind{"argoproj.io/v1alpha1", "Rollout", "rollouts", Scope::kNamespace},
};

gate::KubeResource ResourceOf(const KnownKind& known) {
  const std::size_t slash = known.api_version.find('/');
  if (slash == std::string_view::npos) {
    return {"", std::string(known.api_version), std::string(known.plural)};
  }
  return {std::string(known.api_version.substr(0, slash)),
          std::string(known.api_version.substr(slash + 1)), std::string(known.plural)};
}

// Builds the JSON value of one document while replacing placeholders.
class Renderer {
 public:
  Renderer(const Placeholders& placeholders, Mistakes& mistakes)
      : placeholders_(placeholders), mistakes_(mistakes) {}

  Json Value(const Node& node) {
    if (node.IsMap()) return Map(node);
    if (node.IsSequence()) return Sequence(node);
    if (node.IsScalar() && node.Text().find("${") != std::string::npos) return Scalar(node);
    auto plain = gate::ParseStrictJson(node.ToJsonText(mistakes_));
    return plain ? *std::move(plain) : Json();
  }

 private:
  Json Map(const Node& node) {
    Json map = Json::object();
    for (const auto& [key, value] : node.Entries(mistakes_)) {
      if (key.Text().find("${") != std::string::npos) {
        key.Complain(mistakes_, "placeholders are not replaced in keys");
      }
      map[key.Text()] = Value(value);
    }
    return map;
  }

  Json Sequence(const Node& node) {
    Json sequence = Json::array();
    for (const Node& item : node.Items(mistakes_)) sequence.push_back(Value(item));
    return sequence;
  }

  Json Scalar(const Node& node) {
    const std::string text = node.Text();
    if (!node.IsQuoted() && text.starts_with("${") && text.find('}') + 1 == text.size()) {
      const Json* value = Lookup(node, text.substr(2, text.size() - 3));
      return value != nullptr ? *value : Json();
    }
    std::string result;
    std::size_t done = 0;
    for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", done)) {
      const std::size_t end = text.find('}', at);
      if (end == std::string::npos) {
        node.Complain(mistakes_, "a placeholder is not closed");
        return {};
      }
      result += text.substr(done, at - done);
      result += TextOf(node, text.substr(at + 2, end - at - 2));
      done = end + 1;
    }
    return result + text.substr(done);
  }

  std::string TextOf(const Node& node, const std::string& name) {
    const Json* value = Lookup(node, name);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    if (value->is_number() || value->is_boolean()) return value->dump();
    node.Complain(mistakes_, "the value of ${" + name + "} cannot be part of a text");
    return {};
  }

  const Json* Lookup(const Node& node, const std::string& name) {
    const auto found = placeholders_.find(name);
    if (found != placeholders_.end()) return &found->second;
    std::vector<std::string> names;
    for (const auto& [known, value] : placeholders_) names.push_back(known);
    const auto nearest = gate::yaml::NearestWord(name, names);
    node.Complain(mistakes_, "unknown placeholder ${" + name + "}" +
                                 (nearest ? "; did you mean ${" + *nearest + "}?" : ""));
    return nullptr;
  }

  const Placeholders& placeholders_;
  Mistakes& mistakes_;
};

Error Wrong(std::string_view file, const std::string& what) {
  return {ErrorCode::kInvalidArgument, std::string(file) + ": " + what};
}

}  // namespace

Result<Json> RenderYaml(std::string_view text, std::string_view file,
                        const Placeholders& placeholders) {
  auto document = gate::yaml::Document::Parse(text, file);
  if (!document) return std::move(document).error();
  Mistakes mistakes;
  Json value = Renderer(placeholders, mistakes).Value(document->root());
  if (!mistakes.empty()) return mistakes.ToError();
  return value;
}

Result<Manifest> RenderManifest(std::string_view text, std::string_view file,
                                const Placeholders& placeholders) {
  auto object = RenderYaml(text, file, placeholders);
  if (!object) return std::move(object).error();
  const std::string api_version = gate::JsonString(*object, "/apiVersion");
  const std::string kind = gate::JsonString(*object, "/kind");
  const auto* known = std::find_if(kKnownKinds.begin(), kKnownKinds.end(), [&](const auto& entry) {
    return entry.api_version == api_version && entry.kind == kind;
  });
  if (known == kKnownKinds.end()) {
    return Wrong(file, "objects of apiVersion \"" + api_version + "\" and kind \"" + kind +
                           "\" are not used by the drills");
  }
  const std::string name = gate::JsonString(*object, "/metadata/name");
  const std::string ns = gate::JsonString(*object, "/metadata/namespace");
  if (name.empty()) return Wrong(file, "metadata.name is missing");
  if (ns.empty() != (known->scope == Scope::kCluster)) {
    return Wrong(file, ns.empty() ? "metadata.namespace is missing"
                                  : "a " + kind + " has no metadata.namespace");
  }
  return Manifest{{ResourceOf(*known), ns, name}, *std::move(object)};
}

}  // namespace drill
