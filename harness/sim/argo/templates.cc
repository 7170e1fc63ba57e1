#include "harness/sim/argo/templates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "harness/sim/argo/metric_spec.h"
#include "harness/sim/argo/names.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Error;
using gate::Json;
using gate::Result;

Error InvalidField(std::string_view field, std::string_view value, std::string_view detail) {
  return gate::InvalidArgument(fmt::format("{}: Invalid value: \"{}\": {}", field, value, detail));
}

std::vector<TemplateRef> InnerRefs(const Object& object) {
  std::vector<TemplateRef> refs;
  for (const Json& ref : Member(SpecOf(object), "templates")) {
    refs.push_back({TextOf(ref, "templateName"), FlagOf(ref, "clusterScope")});
  }
  return refs;
}

// Templates may name each other; a circle would hang the real controller.
constexpr int kDeepestNesting = 16;

Result<void> Collect(const std::vector<TemplateRef>& refs, const FindTemplate& find,
                     const std::string& field, int depth, std::vector<ObjectPtr>& found) {
  if (depth > kDeepestNesting) return InvalidField(field, refs.front().name, "nested too deeply");
  for (const TemplateRef& ref : refs) {
    const ObjectPtr object = find(ref);
    if (!object) {
      return InvalidField(
          field, ref.name,
          fmt::format("{} '{}' not found",
                      ref.cluster_scope ? "ClusterAnalysisTemplate" : "AnalysisTemplate",
                      ref.name));
    }
    if (std::find(found.begin(), found.end(), object) == found.end()) found.push_back(object);
    if (auto inner = Collect(InnerRefs(*object), find, "spec.templates", depth + 1, found);
        !inner) {
      return inner;
    }
  }
  return {};
}

// "metadata.labels['x']" and the like, as Kubernetes' downward API knows them (argo R30).
Result<std::string> MetadataField(const Meta& meta, const std::string& path) {
  const auto subscript = [&path](std::string_view prefix) -> std::optional<std::string> {
    const std::string head = std::string(prefix) + "['";
    if (path.compare(0, head.size(), head) != 0 || path.size() < head.size() + 2) {
      return std::nullopt;
    }
    return path.substr(head.size(), path.size() - head.size() - 2);
  };
  const auto all = [](const StringMap& map) {
    std::vector<std::string> lines;
    for (const auto& [key, value] : map) lines.push_back(key + "=" + Json(value).dump());
    return fmt::format("{}", fmt::join(lines, "\n"));
  };
  if (const auto label = subscript("metadata.labels")) return meta.Label(*label);
  if (const auto annotation = subscript("metadata.annotations")) {
    return meta.Annotation(*annotation);
  }
  if (path == "metadata.name") return meta.name;
  if (path == "metadata.namespace") return meta.ns;
  if (path == "metadata.uid") return meta.uid;
  if (path == "metadata.labels") return all(meta.labels);
  if (path == "metadata.annotations") return all(meta.annotations);
  return gate::InvalidArgument(fmt::format("unsupported fieldPath: {}", path));
}

std::vector<std::string> PathSections(const std::string& path) {
  std::vector<std::string> sections(1);
  for (const char c : path) {
    if (c == '.' || c == '[' || c == ']') {
      sections.emplace_back();
    } else {
      sections.back() += c;
    }
  }
  std::erase_if(sections, [](const std::string& section) { return section.empty(); });
  return sections;
}

// Any other field of the Rollout: "spec.replicas", "status.pauseConditions[0].startTime".
Result<std::string> AnyField(const Object& rollout, const std::string& path) {
  const Json root = ToJson(rollout);
  const Json* at = &root;
  for (const std::string& section : PathSections(path)) {
    if (at->is_array()) {
      const auto index = ParseInt(section);
      if (!index || *index < 0) {
        return gate::InvalidArgument(fmt::format("invalid index '{}'", section));
      }
      if (static_cast<std::size_t>(*index) >= at->size()) {
        return gate::InvalidArgument(fmt::format("index {} out of range", *index));
      }
      at = &(*at)[static_cast<std::size_t>(*index)];
    } else if (at->is_object()) {
      at = &Member(*at, section);
    } else {
      return gate::InvalidArgument(fmt::format("invalid path {} in rollout", path));
    }
  }
  if (at->is_null()) return gate::InvalidArgument(fmt::format("invalid path {} in rollout", path));
  if (at->is_structured()) {
    return gate::InvalidArgument(
        fmt::format("path {} in rollout must terminate in a primitive value", path));
  }
  return at->is_string() ? at->get<std::string>() : at->dump();
}

Result<std::string> ValueOf(const RolloutArg& arg, const Hashes& hashes, const Object& rollout) {
  switch (arg.from) {
    case RolloutArg::From::kValue:
      return arg.value;
    case RolloutArg::From::kStableHash:
      return hashes.stable;
    case RolloutArg::From::kLatestHash:
      return hashes.latest;
    case RolloutArg::From::kField:
      break;
  }
  if (arg.value.compare(0, 8, "metadata") == 0) return MetadataField(rollout.meta, arg.value);
  return AnyField(rollout, arg.value);
}

Json* FindByName(Json& list, std::string_view key, const std::string& name) {
  for (Json& element : list) {
    if (TextOf(element, key) == name) return &element;
  }
  return nullptr;
}

Result<void> AddMetrics(const Json& more, Json& metrics) {
  for (const Json& metric : more) {
    const std::string name = TextOf(metric, "name");
    if (FindByName(metrics, "name", name) != nullptr) {
      return gate::InvalidArgument(fmt::format("two metrics have the same name '{}'", name));
    }
    metrics.push_back(metric);
  }
  return {};
}

Result<void> AddArgs(const Json& more, Json& args) {
  for (const Json& arg : more) {
    const std::string name = TextOf(arg, "name");
    Json* known = FindByName(args, "name", name);
    if (known == nullptr) {
      args.push_back(arg);
      continue;
    }
    const Json& before = Member(*known, "value");
    const Json& now = Member(arg, "value");
    if (before.is_string() && now.is_string() && before != now) {
      return gate::InvalidArgument(fmt::format(
          "Argument `{}` specified multiple times with different values: "
          "'{}', '{}'",
          name, before.get_ref<const std::string&>(), now.get_ref<const std::string&>()));
    }
    if (before.is_null()) *known = arg;
  }
  return {};
}

Result<void> AddRules(const Json& more, std::string_view what, Json& rules) {
  for (const Json& rule : more) {
    const std::string name = TextOf(rule, "metricName");
    if (FindByName(rules, "metricName", name) != nullptr) {
      return gate::InvalidArgument(
          fmt::format("two {} metric rules have the same name '{}'", what, name));
    }
    rules.push_back(rule);
  }
  return {};
}

// What the Rollout gives replaces what the templates have; arguments that no template has are
// ignored; one that nobody gives is an error.
Result<void> MergeArgs(const NamedValues& incoming, Json& args) {
  for (const auto& [name, value] : incoming) {
    if (Json* arg = FindByName(args, "name", name)) (*arg)["value"] = value;
  }
  for (const Json& arg : args) {
    if (Member(arg, "value").is_null() && Member(arg, "valueFrom").is_null()) {
      return gate::InvalidArgument(fmt::format("args.{} was not resolved", TextOf(arg, "name")));
    }
  }
  return {};
}

// A metric of an inline step must end by itself (argo R31).
Result<void> ValidateBounded(const Object& object, const std::string& field) {
  const Json& spec = SpecOf(object);
  std::vector<Argument> args = ReadArguments(Member(spec, "args"));
  const auto refuse = [&](const std::string& detail) {
    return InvalidField(field, object.meta.name,
                        fmt::format("AnalysisTemplate {}{}", object.meta.name, detail));
  };
  for (Argument& arg : args) {
    if (arg.secret && arg.value) {
      return refuse(fmt::format(": arg '{}' has both Value and ValueFrom fields", arg.name));
    }
    if (!arg.value) arg.value = "dummy-value";
  }
  for (const Json& json : Member(spec, "metrics")) {
    auto resolved = Substitute(json, args);
    if (!resolved) return refuse(": " + resolved.error().message);
    const MetricSpec metric = ReadMetric(*std::move(resolved));
    if (!metric.EffectiveCount()) {
      return refuse(
          fmt::format(" has metric {} which runs indefinitely. Invalid value for count: "
                      "{}",
                      metric.name, metric.count ? "0" : "<nil>"));
    }
  }
  return {};
}

enum class Where { kInline, kBackground };

// `bounded` are templates whose metrics were found to end by themselves.
Result<void> ValidateAnalysis(const AnalysisSpec& analysis, const std::string& field, Where where,
                              const Object& rollout, const FindTemplate& find,
                              std::vector<ObjectPtr>& bounded) {
  auto templates = CollectTemplates(analysis.templates, find, field);
  if (!templates) return std::move(templates).error();
  std::vector<std::string> names;
  for (const ObjectPtr& object : *templates) names.push_back(object->meta.name);
  // A field that is not there yet is an error only when the run is made.
  NamedValues args;
  for (const RolloutArg& arg : analysis.args) {
    auto value = ValueOf(arg, {"dummy-stable-hash", "dummy-new-hash"}, rollout);
    args.emplace_back(arg.name, value ? *value : std::string());
  }
  if (auto flat = FlattenTemplates(*templates, args, analysis); !flat) {
    return InvalidField(field, fmt::format("templateNames: [{}]", fmt::join(names, " ")),
                        flat.error().message);
  }
  if (where == Where::kBackground) return {};
  for (const ObjectPtr& object : *templates) {
    if (std::find(bounded.begin(), bounded.end(), object) != bounded.end()) continue;
    if (auto valid = ValidateBounded(*object, field); !valid) return valid;
    bounded.push_back(object);
  }
  return {};
}

}  // namespace

Result<std::vector<ObjectPtr>> CollectTemplates(const std::vector<TemplateRef>& refs,
                                                const FindTemplate& find,
                                                const std::string& field) {
  std::vector<ObjectPtr> found;
  if (auto collected = Collect(refs, find, field, 0, found); !collected) {
    return std::move(collected).error();
  }
  std::stable_partition(found.begin(), found.end(), [](const ObjectPtr& object) {
    return object->type == Type::kAnalysisTemplate;
  });
  return found;
}

Result<NamedValues> ResolveRolloutArgs(const std::vector<RolloutArg>& args, const Hashes& hashes,
                                       const Object& rollout) {
  NamedValues values;
  for (const RolloutArg& arg : args) {
    auto value = ValueOf(arg, hashes, rollout);
    if (!value) return std::move(value).error();
    values.emplace_back(arg.name, std::move(*value));
  }
  return values;
}

Result<Json> FlattenTemplates(const std::vector<ObjectPtr>& templates, const NamedValues& args,
                              const AnalysisSpec& analysis) {
  Json metrics = Json::array();
  Json run_args = Json::array();
  Json dry_run = analysis.dry_run.is_array() ? analysis.dry_run : Json::array();
  Json retention = analysis.retention.is_array() ? analysis.retention : Json::array();
  for (const ObjectPtr& object : templates) {
    const Json& spec = SpecOf(*object);
    auto added = AddMetrics(Member(spec, "metrics"), metrics);
    if (added) added = AddRules(Member(spec, "dryRun"), "Dry-Run", dry_run);
    if (added) {
      added = AddRules(Member(spec, "measurementRetention"), "Measurement Retention", retention);
    }
    if (added) added = AddArgs(Member(spec, "args"), run_args);
    if (!added) return std::move(added).error();
  }
  if (auto merged = MergeArgs(args, run_args); !merged) return std::move(merged).error();
  Json spec{{"metrics", std::move(metrics)}};
  if (!run_args.empty()) spec["args"] = std::move(run_args);
  if (!dry_run.empty()) spec["dryRun"] = std::move(dry_run);
  if (!retention.empty()) spec["measurementRetention"] = std::move(retention);
  return spec;
}

bool SameRunSpec(const Json& a, const Json& b) {
  for (const std::string_view field : {"metrics", "dryRun", "measurementRetention", "args"}) {
    if (Member(a, field) != Member(b, field)) return false;
  }
  return true;
}

Result<void> ValidateAnalyses(const RolloutSpec& spec, const Object& rollout,
                              const FindTemplate& find) {
  std::vector<ObjectPtr> bounded;
  for (std::size_t i = 0; i < spec.steps.size(); ++i) {
    if (spec.steps[i].kind != CanaryStep::Kind::kAnalysis) continue;
    const std::string field = fmt::format("spec.strategy.canary.steps[{}].analysis.templates", i);
    auto valid =
        ValidateAnalysis(spec.steps[i].analysis, field, Where::kInline, rollout, find, bounded);
    if (!valid) return valid;
  }
  if (!spec.background) return {};
  return ValidateAnalysis(*spec.background, "spec.strategy.canary.analysis.templates",
                          Where::kBackground, rollout, find, bounded);
}

}  // namespace drill::sim::argo
