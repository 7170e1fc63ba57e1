#include "gate/lint/read_objects.h"

namespace gate::lint {
namespace {

ConfigMap ReadConfigMap(const Fields& object) {
  return {ReadIdentity(object), object.Child("data").Texts()};
}

bool IsArgo(const Fields& object) {
  return object.TextOrEmpty("apiVersion").starts_with("argoproj.io/");
}

void ReadOne(const yaml::Node& node, Objects& objects, yaml::Mistakes& mistakes) {
  if (!node.IsMap()) return;  // no Kubernetes object
  const Fields object(node, mistakes);
  const std::string kind = object.TextOrEmpty("kind");
  if (kind == "ConfigMap" && object.TextOrEmpty("apiVersion") == "v1") {
    objects.config_maps.push_back(ReadConfigMap(object));
  }
  if (!IsArgo(object)) return;
  if (kind == "Rollout") objects.rollouts.push_back(ReadRollout(object));
  if (kind == "AnalysisTemplate" || kind == "ClusterAnalysisTemplate") {
    objects.templates.push_back(ReadTemplate(object));
  }
}

}  // namespace

Identity ReadIdentity(const Fields& object) {
  const Fields metadata = object.Child("metadata");
  Identity identity{object.TextOrEmpty("kind"), metadata.TextOrEmpty("name"),
                    metadata.TextOrEmpty("namespace"), object.place()};
  if (const auto name = metadata.FindText("name")) identity.place = name->place;
  return identity;
}

std::vector<Argument> ReadArguments(const Fields& parent) {
  std::vector<Argument> arguments;
  for (const yaml::Node& item : parent.Items("args")) {
    const Fields fields(item, parent.mistakes());
    Argument argument;
    argument.name = fields.TextOrEmpty("name");
    argument.place = PlaceOf(item);
    argument.value = fields.FindText("value");
    const Fields from = fields.Child("valueFrom");
    argument.field_path = from.Child("fieldRef").FindText("fieldPath");
    argument.pod_hash = from.FindText("podTemplateHashValue");
    argument.is_secret = from.Has("secretKeyRef");
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

std::vector<TemplateRef> ReadTemplateRefs(const Fields& parent) {
  std::vector<TemplateRef> refs;
  for (const yaml::Node& item : parent.Items("templates")) {
    const Fields fields(item, parent.mistakes());
    const auto name = fields.FindText("templateName");
    refs.push_back({name ? name->value : "", fields.IsTrue("clusterScope"),
                    name ? name->place : PlaceOf(item)});
  }
  return refs;
}

std::vector<Text> ReadDryRun(const Fields& parent) {
  std::vector<Text> patterns;
  for (const yaml::Node& item : parent.Items("dryRun")) {
    const auto pattern = Fields(item, parent.mistakes()).FindText("metricName");
    patterns.push_back(pattern ? *pattern : Text{"", PlaceOf(item)});
  }
  return patterns;
}

void ReadObject(const yaml::Document& document, Objects& objects, yaml::Mistakes& mistakes) {
  const yaml::Node root = document.root();
  if (!root.IsMap()) return;
  const Fields object(root, mistakes);
  if (object.TextOrEmpty("kind") != "List") return ReadOne(root, objects, mistakes);
  for (const yaml::Node& item : object.Items("items")) ReadOne(item, objects, mistakes);
}

}  // namespace gate::lint
