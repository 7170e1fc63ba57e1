#include "gate/evaluate/settings.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "gate/base/strict_json.h"
#include "gate/yaml/strict_yaml.h"

namespace gate::evaluate {
namespace {

struct Source {
  std::string where;  // "gate.yaml:3:10", "--timing-hold", "ROLLOUT_GATE_TIMING_HOLD"
  std::string text;
};

// The values of a file, by setting path; its sections are read on the way.
std::map<std::string, Source> ReadFile(const yaml::Node& root, const std::vector<Setting>& settings,
                                       const std::vector<Section>& structured,
                                       yaml::Mistakes& mistakes) {
  std::map<std::string, Source> values;
  std::map<std::string, std::vector<std::string>> sections;  // "" holds the top-level settings
  for (const Setting& setting : settings) {
    const std::size_t dot = setting.path.find('.');
    if (dot == std::string::npos) {
      sections[""].push_back(setting.path);
    } else {
      sections[setting.path.substr(0, dot)].push_back(setting.path.substr(dot + 1));
    }
  }
  yaml::MapReader top(root, mistakes);
  const auto read = [&](yaml::MapReader& map, const std::string& prefix, const std::string& key) {
    const auto node = map.Find(key);
    if (!node) return;
    if (auto text = node->String(mistakes)) {
      values[prefix + key] = {node->Where(), *std::move(text)};
    }
  };
  for (const auto& [name, keys] : sections) {
    if (name.empty()) {
      for (const std::string& key : keys) read(top, "", key);
      continue;
    }
    const auto node = top.Find(name);
    if (!node) continue;
    yaml::MapReader section(*node, mistakes);
    for (const std::string& key : keys) read(section, name + ".", key);
    section.Finish();
  }
  for (const Section& section : structured) {
    if (const auto node = top.Find(section.name)) section.read(*node, mistakes);
  }
  top.Finish();
  return values;
}

void Override(std::map<std::string, Source>& values, const Overrides& overrides,
              std::string (*name)(std::string_view)) {
  for (const auto& [path, text] : overrides) values[path] = {name(path), text};
}

std::string Joined(std::string_view path, char separator, bool upper) {
  std::string name;
  for (const char c : path) {
    if (c == '.') {
      name += separator;
    } else if (c >= 'A' && c <= 'Z') {
      name += separator;
      name += upper ? c : static_cast<char>(c - 'A' + 'a');
    } else {
      name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

}  // namespace

Setting TextSetting(std::string path, std::string help, std::string& value) {
  return {std::move(path), std::move(help),
          [&value](std::string_view text) -> Result<void> {
            value = std::string(text);
            return {};
          },
          [&value] { return value; }};
}

Setting BoolSetting(std::string path, std::string help, bool& value) {
  return {std::move(path), std::move(help),
          [&value](std::string_view text) -> Result<void> {
            if (text != "true" && text != "false") {
              return InvalidArgument(fmt::format("must be true or false, not \"{}\"", text));
            }
            value = text == "true";
            return {};
          },
          [&value]() -> std::string { return value ? "true" : "false"; }};
}

Setting DurationSetting(std::string path, std::string help, Nanos& value) {
  return {std::move(path), std::move(help),
          [&value](std::string_view text) -> Result<void> {
            auto parsed = ParseDuration(text);
            if (!parsed) return std::move(parsed).error();
            if (*parsed < Nanos(0)) return InvalidArgument("must not be negative");
            value = *parsed;
            return {};
          },
          [&value] { return FormatDuration(value); }};
}

Setting CountSetting(std::string path, std::string help, std::size_t& value, std::size_t most) {
  return {
      std::move(path), std::move(help),
      [&value, most](std::string_view text) -> Result<void> {
        std::size_t count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc() || end != text.data() + text.size() || count < 1 || count > most) {
          return InvalidArgument(
              fmt::format("must be a number from 1 to {}, not \"{}\"", most, text));
        }
        value = count;
        return {};
      },
      [&value] { return std::to_string(value); }};
}

std::string FlagName(std::string_view path) { return "--" + Joined(path, '-', /*upper=*/false); }

std::string EnvironmentName(std::string_view path) {
  return "ROLLOUT_GATE_" + Joined(path, '_', /*upper=*/true);
}

Result<void> ApplySettings(const std::vector<Setting>& settings,
                           const std::vector<Section>& sections, const ConfigSources& sources,
                           yaml::Mistakes& mistakes) {
  std::map<std::string, Source> values;
  if (!sources.file_text.empty()) {
    auto document = yaml::Document::Parse(sources.file_text, sources.file_name);
    if (!document) return std::move(document).error();
    values = ReadFile(document->root(), settings, sections, mistakes);
  }
  Override(values, sources.environment, &EnvironmentName);
  Override(values, sources.flags, &FlagName);
  for (const Setting& setting : settings) {
    const auto value = values.find(setting.path);
    if (value == values.end()) continue;
    auto set = setting.set(value->second.text);
    if (!set) {
      mistakes.Add(
          fmt::format("{}: {}: {}", value->second.where, setting.path, set.error().message));
    }
  }
  return {};
}

std::string PrintSettings(const std::vector<Setting>& settings,
                          const std::vector<Section>& sections) {
  std::string text;
  std::string section;
  for (const Setting& setting : settings) {
    const std::size_t dot = setting.path.find('.');
    std::string indent;
    if (dot != std::string::npos) {
      const std::string name = setting.path.substr(0, dot);
      if (name != section) text += name + ":\n";
      section = name;
      indent = "  ";
    }
    // JSON strings are YAML strings; the quotes keep "yes", "1" and ": " what they are.
    text += fmt::format("{}{}: {}  # {}\n", indent,
                        setting.path.substr(dot == std::string::npos ? 0 : dot + 1),
                        Json(setting.get()).dump(), setting.help);
  }
  for (const Section& each : sections) {
    text += fmt::format("{}: {}  # {}\n", each.name, each.print(), each.help);
  }
  text.pop_back();
  return text;
}

}  // namespace gate::evaluate
