#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"

namespace gate::yaml {
class Mistakes;
class Node;
}  // namespace gate::yaml

namespace gate::evaluate {

// One thing that can be set, and the place where its value is kept, which must outlive this. It is
// set in the file under `path` ("timing.hold"), by the environment variable EnvironmentName(path)
// and by the flag FlagName(path); the flag wins over the environment, the environment over the
// file.
struct Setting {
  std::string path;
  std::string help;
  std::function<Result<void>(std::string_view text)> set;
  std::function<std::string()> get;
};

// A part of the file that only the file can say: lists and the like. `read` adds the mistakes it
// finds, each with its place; `print` gives JSON, which is YAML that reads as the same.
struct Section {
  std::string name;  // a top-level key, of which no setting is a part
  std::string help;
  std::function<void(const yaml::Node& node, yaml::Mistakes& mistakes)> read;
  std::function<std::string()> print;
};

Setting TextSetting(std::string path, std::string help, std::string& value);
// true or false
Setting BoolSetting(std::string path, std::string help, bool& value);
// Not negative.
Setting DurationSetting(std::string path, std::string help, Nanos& value);
// From 1 to `most`.
Setting CountSetting(std::string path, std::string help, std::size_t& value, std::size_t most);

std::string FlagName(std::string_view path);         // "timing.hold" -> "--timing-hold"
std::string EnvironmentName(std::string_view path);  // -> "ROLLOUT_GATE_TIMING_HOLD"

// Values given outside of the file, by setting path.
using Overrides = std::map<std::string, std::string>;

struct ConfigSources {
  std::string file_text;  // YAML; empty if there is no file
  std::string file_name;  // for messages
  Overrides environment;
  Overrides flags;
};

// Sets what the sources say; the file may hold these and nothing else. Each mistake is added
// with its place: file:line:column, the variable or the flag. An error is returned for a file that
// is no YAML.
Result<void> ApplySettings(const std::vector<Setting>& settings,
                           const std::vector<Section>& sections, const ConfigSources& sources,
                           yaml::Mistakes& mistakes);

// The values as a YAML file that sets the same. No final newline.
std::string PrintSettings(const std::vector<Setting>& settings,
                          const std::vector<Section>& sections = {});

}  // namespace gate::evaluate
