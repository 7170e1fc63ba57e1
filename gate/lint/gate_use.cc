#include "gate/lint/gate_use.h"

#include <algorithm>

#include "gate/base/encoding.h"
#include "gate/lint/fields.h"

namespace gate::lint {
namespace {

constexpr std::string_view kVerdictPath = "/v1/verdicts";
constexpr std::string_view kSpace = " \t\r\n";

// "{{ args.x }}" is "{{args.x}}".
std::string WithoutSpaceInTags(std::string_view text) {
  std::string out;
  bool in_tag = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "{{") in_tag = true;
    if (text.substr(i, 2) == "}}") in_tag = false;
    if (in_tag && kSpace.find(text[i]) != std::string_view::npos) continue;
    out += text[i];
  }
  return out;
}

// The words of a command as far as a linter needs them: quotes only hold words together.
std::vector<std::string> ShellWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (const char c : text) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (kSpace.find(c) != std::string_view::npos || c == ';') {
      end_word();
    } else {
      word += c;
    }
  }
  end_word();
  return words;
}

bool IsGateProgram(std::string_view word) {
  return word == "rollout-gate" || word.ends_with("/rollout-gate");
}

bool RunsGate(const Container& container) {
  const std::vector<Text> words = Words(container);
  if (!container.has_command && !words.empty() && words.front().value == "evaluate") return true;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (IsGateProgram(words[i].value) && words[i + 1].value == "evaluate") return true;
  }
  return false;
}

std::optional<Text> FirstOf(const std::map<std::string, Text>& fields,
                            std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = fields.find(name);
    if (found != fields.end()) {
      return Text{WithoutSpaceInTags(found->second.value), found->second.place};
    }
  }
  return std::nullopt;
}

Source SourceOf(const Argument& argument) {
  if (argument.value) return {Source::Kind::kText, argument.value->value, argument.value->place};
  if (argument.field_path) {
    return {Source::Kind::kField, argument.field_path->value, argument.field_path->place};
  }
  if (argument.pod_hash) {
    const bool latest = argument.pod_hash->value == "Latest";
    return {latest ? Source::Kind::kLatestHash : Source::Kind::kStableHash, "",
            argument.pod_hash->place};
  }
  if (argument.is_secret) return {Source::Kind::kSecret, "", argument.place};
  return {Source::Kind::kUnknown, "", argument.place};
}

bool HasValue(const Argument& argument) {
  return SourceOf(argument).kind != Source::Kind::kUnknown;
}

// The data of the ConfigMap that is mounted where `path` lies.
const Text* MountedText(const std::string& path, const Container& container, const JobProvider& job,
                        const std::string& ns, const std::vector<ConfigMap>& config_maps) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return nullptr;
  const auto mount =
      std::find_if(container.mounts.begin(), container.mounts.end(), [&](const Mount& each) {
        return each.path == path.substr(0, slash) || each.path == path.substr(0, slash + 1);
      });
  if (mount == container.mounts.end()) return nullptr;
  for (const Volume& volume : job.volumes) {
    if (volume.name != mount->volume || volume.config_map.empty()) continue;
    for (const ConfigMap& each : config_maps) {
      if (each.identity.name != volume.config_map) continue;
      if (!ns.empty() && !each.identity.ns.empty() && each.identity.ns != ns) continue;
      const auto text = each.data.find(path.substr(slash + 1));
      return text == each.data.end() ? nullptr : &text->second;
    }
  }
  return nullptr;
}

std::optional<Nanos> HoldInFile(const Text& file) {
  const auto document = yaml::Document::Parse(file.value, file.place.file);
  if (!document || !document->root().IsMap()) return std::nullopt;
  yaml::Mistakes unread;  // the gate itself checks its configuration
  const auto hold = Fields(document->root(), unread).Child("timing").Find("hold");
  return hold ? hold->Duration(unread) : std::nullopt;
}

}  // namespace

GateKind GateKindOf(const Metric& metric) {
  if (metric.web && SplitUrl(metric.web->url.value).path == kVerdictPath) return GateKind::kWeb;
  if (metric.job && GateContainer(*metric.job) != nullptr) return GateKind::kJob;
  return GateKind::kNone;
}

const Container* GateContainer(const JobProvider& job) {
  const auto found = std::find_if(job.containers.begin(), job.containers.end(), RunsGate);
  return found == job.containers.end() ? nullptr : &*found;
}

UrlParts SplitUrl(std::string_view url) {
  UrlParts parts;
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    parts.scheme = LowerCase(url.substr(0, scheme));
    url.remove_prefix(scheme + 3);
  }
  const auto host_end = std::min(url.find_first_of("/?#"), url.size());
  std::string_view authority = url.substr(0, host_end);
  if (const auto user = authority.rfind('@'); user != std::string_view::npos) {
    authority.remove_prefix(user + 1);
  }
  const auto port = authority.rfind(':');
  if (port != std::string_view::npos && authority.find(']', port) == std::string_view::npos) {
    authority = authority.substr(0, port);
  }
  parts.host = LowerCase(authority);
  std::string_view path = url.substr(host_end);
  path = path.substr(0, std::min(path.find_first_of("?#"), path.size()));
  while (path.ends_with('/')) path.remove_suffix(1);
  parts.path = path;
  return parts;
}

bool IsInCluster(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.find_first_of("[]:") != std::string_view::npos) return false;
  return host.find('.') == std::string_view::npos || host.ends_with(".svc") ||
         host.ends_with(".cluster.local");
}

std::vector<Text> Words(const Container& container) {
  std::vector<Text> words;
  for (const Text& each : container.words) {
    const std::string text = WithoutSpaceInTags(each.value);
    if (!container.has_command || text.find_first_of(kSpace) == std::string::npos) {
      words.push_back({text, each.place});
      continue;
    }
    for (std::string& word : ShellWords(text)) words.push_back({std::move(word), each.place});
  }
  return words;
}

std::optional<Text> FlagValue(const Container& container, std::string_view flag) {
  const std::vector<Text> words = Words(container);
  std::optional<Text> found;  // the last one wins
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i].value;
    if (word == flag && i + 1 < words.size()) found = words[i + 1];
    if (word.starts_with(flag) && word.substr(flag.size()).starts_with('=')) {
      found = Text{word.substr(flag.size() + 1), words[i].place};
    }
  }
  return found;
}

Question QuestionOf(const Metric& gate) {
  if (gate.web && GateKindOf(gate) == GateKind::kWeb) {
    const auto& body = gate.web->body;
    return {FirstOf(body, {"release", "releaseId", "release-id"}), FirstOf(body, {"stage"}),
            FirstOf(body, {"podHash", "pod-hash"})};
  }
  if (!gate.job) return {};
  const Container* container = GateContainer(*gate.job);
  if (container == nullptr) return {};
  return {FlagValue(*container, "--release-id"), FlagValue(*container, "--stage"),
          FlagValue(*container, "--pod-hash")};
}

ArgumentValues::ArgumentValues(const std::vector<Argument>& declared,
                               const std::vector<Argument>& given) {
  for (const Argument& each : declared) values_[each.name] = each;
  for (const Argument& each : given) {
    if (HasValue(each) && values_.count(each.name) > 0) values_[each.name] = each;
  }
}

Source ArgumentValues::Resolve(const Text& text) const {
  const std::string tight = WithoutSpaceInTags(text.value);
  std::string out;
  std::size_t at = 0;
  for (auto open = tight.find("{{"); open != std::string::npos; open = tight.find("{{", at)) {
    const auto close = tight.find("}}", open);
    if (close == std::string::npos) break;
    const std::string name = tight.substr(open + 2, close - open - 2);
    const auto value = name.starts_with("args.") ? values_.find(name.substr(5)) : values_.end();
    if (value == values_.end()) return {Source::Kind::kUnknown, "", text.place};
    const Source source = SourceOf(value->second);
    if (open == 0 && close + 2 == tight.size()) return source;
    if (source.kind != Source::Kind::kText) return {Source::Kind::kUnknown, "", text.place};
    out.append(tight, at, open - at).append(source.text);
    at = close + 2;
  }
  return {Source::Kind::kText, out.append(tight, at), text.place};
}

std::vector<std::string> ArgumentValues::Missing() const {
  std::vector<std::string> names;
  for (const auto& [name, argument] : values_) {
    if (!HasValue(argument)) names.push_back(name);
  }
  return names;
}

std::vector<std::string> ArgumentsIn(std::string_view text) {
  std::vector<std::string> names;
  for (auto open = text.find("{{"); open != std::string_view::npos; open = text.find("{{", open)) {
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) break;
    const std::string tag(Trimmed(text.substr(open + 2, close - open - 2)));
    if (tag.starts_with("args.")) names.push_back(tag.substr(5));
    open = close + 2;
  }
  return names;
}

std::optional<Nanos> HoldOf(const Container& gate, const JobProvider& job, const std::string& ns,
                            const std::vector<ConfigMap>& config_maps) {
  const auto duration = [](const std::string& text) -> std::optional<Nanos> {
    const auto parsed = ParseDuration(text);
    return parsed ? std::optional<Nanos>(*parsed) : std::nullopt;
  };
  if (const auto flag = FlagValue(gate, "--timing-hold")) return duration(flag->value);
  for (const EnvVariable& variable : gate.env) {
    if (variable.name == "ROLLOUT_GATE_TIMING_HOLD" && variable.value) {
      return duration(variable.value->value);
    }
  }
  const auto config = FlagValue(gate, "--config");
  if (!config) return std::nullopt;
  const Text* file = MountedText(config->value, gate, job, ns, config_maps);
  return file == nullptr ? std::nullopt : HoldInFile(*file);
}

}  // namespace gate::lint
