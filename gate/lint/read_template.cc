#include "gate/lint/read_objects.h"

namespace gate::lint {
namespace {

WebProvider ReadWeb(const Fields& web) {
  WebProvider read;
  read.place = web.place();
  const auto url = web.FindText("url");
  read.url = url ? *url : Text{"", web.place()};
  read.method = web.FindText("method");
  read.timeout_seconds = web.FindNumber("timeoutSeconds");
  read.json_path = web.FindText("jsonPath");
  read.insecure = web.FindFlag("insecure");
  for (const yaml::Node& item : web.Items("headers")) {
    const Fields header(item, web.mistakes());
    if (const auto value = header.FindText("value")) {
      read.headers.push_back({header.TextOrEmpty("key"), *value});
    }
  }
  if (const auto json = web.Find("jsonBody")) {
    read.has_json_body = true;
    if (json->IsMap()) read.body = Fields(json, web.mistakes()).Texts();
  } else if (const auto body = web.FindText("body")) {
    const auto document = yaml::Document::Parse(body->value, body->place.file);
    yaml::Mistakes unread;  // a text that is no JSON object simply is none
    if (document && document->root().IsMap()) {
      read.has_json_body = true;
      read.body = Fields(document->root(), unread).Texts();
      for (auto& [name, text] : read.body) text.place = body->place;
    }
  }
  return read;
}

Container ReadContainer(const yaml::Node& node, yaml::Mistakes& mistakes) {
  const Fields fields(node, mistakes);
  Container container;
  container.place = PlaceOf(node);
  container.words = fields.TextItems("command");
  container.has_command = !container.words.empty();
  for (Text& word : fields.TextItems("args")) container.words.push_back(std::move(word));
  for (const yaml::Node& item : fields.Items("env")) {
    const Fields variable(item, mistakes);
    container.env.push_back({variable.TextOrEmpty("name"), PlaceOf(item),
                             variable.FindText("value"),
                             variable.Child("valueFrom").Has("secretKeyRef")});
  }
  for (const yaml::Node& item : fields.Items("volumeMounts")) {
    const Fields mount(item, mistakes);
    container.mounts.push_back({mount.TextOrEmpty("name"), mount.TextOrEmpty("mountPath")});
  }
  return container;
}

Volume ReadVolume(const Fields& fields) {
  Volume volume;
  volume.name = fields.TextOrEmpty("name");
  volume.holds_secret = fields.Has("secret") || fields.Has("csi");
  for (const yaml::Node& source : fields.Child("projected").Items("sources")) {
    volume.holds_secret |= Fields(source, fields.mistakes()).Has("secret");
  }
  volume.config_map = fields.Child("configMap").TextOrEmpty("name");
  return volume;
}

std::optional<Limit> FindLimit(const Fields& fields, std::string_view key) {
  const auto node = fields.Find(key);
  if (!node) return std::nullopt;
  Limit limit;
  limit.text = {node->Text(), PlaceOf(*node)};
  if (node->IsQuoted() || limit.text.value.find("{{") != std::string::npos) {
    // An IntOrString: a number in quotes is as good, and an argument may stand for one.
    const auto number = yaml::Document::Parse(limit.text.value, limit.text.place.file);
    yaml::Mistakes none;
    if (number) limit.number = number->root().Int(none);
    return limit;
  }
  limit.number = node->Int(fields.mistakes());
  return limit;
}

Metric ReadMetric(const yaml::Node& node, yaml::Mistakes& mistakes) {
  const Fields fields(node, mistakes);
  Metric metric;
  const auto name = fields.FindText("name");
  metric.name = name ? *name : Text{"", PlaceOf(node)};
  metric.success_condition = fields.FindText("successCondition");
  metric.failure_condition = fields.FindText("failureCondition");
  metric.interval = fields.FindText("interval");
  metric.count = FindLimit(fields, "count");
  metric.failure_limit = FindLimit(fields, "failureLimit");
  metric.inconclusive_limit = FindLimit(fields, "inconclusiveLimit");
  metric.error_limit = FindLimit(fields, "consecutiveErrorLimit");
  metric.success_limit = FindLimit(fields, "consecutiveSuccessLimit");
  const Fields provider = fields.Child("provider");
  metric.providers = provider.Keys();
  if (provider.Has("web")) metric.web = ReadWeb(provider.Child("web"));
  if (provider.Has("job")) metric.job = ReadJob(provider.Child("job"));
  return metric;
}

}  // namespace

JobProvider ReadJob(const Fields& job) {
  JobProvider read;
  const Fields spec = job.Child("spec");
  read.place = spec.place().file.empty() ? job.place() : spec.place();
  read.deadline_seconds = spec.FindNumber("activeDeadlineSeconds");
  read.backoff_limit = spec.FindNumber("backoffLimit");
  read.ttl_seconds = spec.FindNumber("ttlSecondsAfterFinished");
  const Fields pod = spec.Child("template").Child("spec");
  read.restart_policy = pod.FindText("restartPolicy");
  for (const yaml::Node& item : pod.Items("containers")) {
    read.containers.push_back(ReadContainer(item, job.mistakes()));
  }
  for (const yaml::Node& item : pod.Items("initContainers")) {
    read.init_containers.push_back(ReadContainer(item, job.mistakes()));
  }
  for (const yaml::Node& item : pod.Items("volumes")) {
    read.volumes.push_back(ReadVolume(Fields(item, job.mistakes())));
  }
  return read;
}

AnalysisTemplate ReadTemplate(const Fields& object) {
  AnalysisTemplate read;
  read.identity = ReadIdentity(object);
  read.cluster_scope = read.identity.kind == "ClusterAnalysisTemplate";
  const Fields spec = object.Child("spec");
  read.args = ReadArguments(spec);
  for (const yaml::Node& item : spec.Items("metrics")) {
    read.metrics.push_back(ReadMetric(item, object.mistakes()));
  }
  read.dry_run = ReadDryRun(spec);
  read.templates = ReadTemplateRefs(spec);
  return read;
}

}  // namespace gate::lint
