#include "harness/scenario/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/yaml/strict_yaml.h"
#include "harness/scenario/parse_common.h"
#include "reports/file_io.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;
using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;
using reports::ChecklistRow;

constexpr std::string_view kApiVersion = "drill/v1";
constexpr std::array<std::string_view, 3> kBackends = {"sim", "kind", "cluster"};
constexpr std::size_t kLargestFile = std::size_t{16} << 20U;  // that a row may name

void ReadScenarioIds(MapReader& map, ChecklistRow& row, Mistakes& mistakes) {
  const auto scenarios = map.Find("scenarios");
  if (!scenarios) return;
  const auto items = scenarios->Items(mistakes);
  if (scenarios->IsSequence() && items.empty()) {
    scenarios->Complain(mistakes, "a row that names no scenario could never be proven");
  }
  for (const Node& item : items) row.scenarios.push_back(item.String(mistakes).value_or(""));
}

void ReadBackends(MapReader& map, ChecklistRow& row, Mistakes& mistakes) {
  const auto backends = map.Find("backends");
  if (!backends) return;
  const std::vector<std::string_view> known(kBackends.begin(), kBackends.end());
  for (const Node& item : backends->Items(mistakes)) {
    std::string backend = item.String(mistakes).value_or("");
    const bool is_known = std::find(known.begin(), known.end(), backend) != known.end();
    if (!is_known) {
      item.Complain(mistakes,
                    fmt::format("there is no backend \"{}\"{}", backend, Hint(backend, known)));
    }
    row.backends.push_back(std::move(backend));
  }
}

void ReadLimit(MapReader& map, ChecklistRow& row, Mistakes& mistakes) {
  const auto measure = map.Find("measure");
  const auto limit = map.Find("limit");
  if (measure) row.measure = measure->String(mistakes).value_or("");
  if (limit) row.limit = ReadPositive(*limit, mistakes).value_or(gate::Nanos(0));
  if (measure && !limit) map.Complain("measure", "needs a \"limit\"");
  if (limit && !measure) map.Complain("limit", "needs a \"measure\"");
}

ChecklistRow ParseRow(const Node& node, std::set<std::string>& ids, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  ChecklistRow row;
  row.id = RequireText(map, "id", mistakes);
  if (!row.id.empty() && !ids.insert(row.id).second) {
    map.Complain("id", fmt::format("\"{}\" is used twice", row.id));
  }
  row.text = RequireText(map, "text", mistakes);
  ReadScenarioIds(map, row, mistakes);
  ReadBackends(map, row, mistakes);
  ReadLimit(map, row, mistakes);
  if (const auto age = map.Find("maxAge")) {
    row.max_age = ReadPositive(*age, mistakes).value_or(gate::Nanos(0));
  }
  std::vector<std::string> files;
  map.Read("files", files);
  for (std::string& file : files) row.files.push_back({std::move(file), ""});
  map.Read("approval", row.role);
  if (!row.role.empty() && row.files.size() > 1) {
    map.Complain("files", "an approval is of one file");
  }
  const bool provable = map.Find("scenarios") || !row.files.empty() || !row.role.empty();
  if (node.IsMap() && !provable) {
    node.Complain(mistakes,
                  "expected \"scenarios\", \"files\" or \"approval\": nothing could "
                  "prove this row");
  }
  map.Finish();
  return row;
}

// The files to read: `path` itself, or the YAML files in the folder that it is.
Result<std::vector<std::string>> Expand(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::is_directory(status)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (auto entry = std::filesystem::directory_iterator(path, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto extension = entry->path().extension();
    if (extension == ".yaml" || extension == ".yml") files.push_back(entry->path().string());
  }
  if (error) return reports::FileError(path, error.value());
  if (files.empty()) return Error{ErrorCode::kNotFound, path + ": holds no *.yaml file"};
  std::sort(files.begin(), files.end());
  return files;
}

// The file's top-level `kind`, or "" if there is none; other mistakes are left to the parser.
std::string KindOf(std::string_view text, const std::string& file) {
  const auto document = gate::yaml::Document::Parse(text, file);
  if (!document || !document->root().IsMap()) return "";
  Mistakes ignored;
  for (const auto& [key, value] : document->root().Entries(ignored)) {
    if (key.Text() == "kind") return value.Text();
  }
  return "";
}

// Everything read so far, and everything wrong with it.
struct Loading {
  ScenarioSet set;
  Mistakes mistakes;
  std::map<std::string, std::string> file_of_id;                   // key in lower case
  std::vector<std::pair<std::string, std::string>> row_scenarios;  // file, scenario id

  void AddMistakes(const Error& error) { mistakes.Add(error.message); }
};

// Paths are relative to the checklist. What cannot be read is not there.
void Resolve(const std::string& checklist, reports::ChecklistFile& file) {
  const auto folder = std::filesystem::path(checklist).parent_path();
  file.path = (folder / file.path).lexically_normal().string();
  const auto text = reports::ReadWholeFile(file.path, kLargestFile);
  if (text) file.sha256 = gate::Sha256Hex(*text);
}

void AddReadiness(std::string_view text, const std::string& file, Loading& loading) {
  auto rows = ParseReadiness(text, file);
  if (!rows) return loading.AddMistakes(rows.error());
  for (ChecklistRow& row : *rows) {
    for (const std::string& id : row.scenarios) loading.row_scenarios.emplace_back(file, id);
    for (reports::ChecklistFile& named : row.files) Resolve(file, named);
    loading.set.checklist.push_back(std::move(row));
  }
}

void AddScenario(std::string_view text, const std::string& file, Loading& loading) {
  auto scenario = ParseScenario(text, file);
  if (!scenario) return loading.AddMistakes(scenario.error());
  const auto [known, inserted] = loading.file_of_id.emplace(gate::LowerCase(scenario->id), file);
  if (!inserted) {
    loading.mistakes.Add(
        fmt::format("{}: id \"{}\" is already used in {}", file, scenario->id, known->second));
    return;
  }
  loading.set.scenarios.push_back(*std::move(scenario));
}

std::string Suggestion(std::string_view word, const std::vector<std::string>& known) {
  const auto nearest = gate::yaml::NearestWord(word, known);
  return nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : "";
}

bool HasMeasure(const Scenario& scenario, const std::string& id) {
  return std::any_of(scenario.measures.begin(), scenario.measures.end(),
                     [&](const Measure& measure) { return measure.id == id; });
}

// Demands of a row that no run could ever meet.
void CheckDemands(const ChecklistRow& row, Loading& loading) {
  const auto any = [&](const auto& fits) {
    return std::any_of(
        loading.set.scenarios.begin(), loading.set.scenarios.end(), [&](const Scenario& scenario) {
          const bool named = std::find(row.scenarios.begin(), row.scenarios.end(), scenario.id) !=
                             row.scenarios.end();
          return named && fits(scenario);
        });
  };
  for (const std::string& backend :
       row.scenarios.empty() ? std::vector<std::string>() : row.backends) {
    const bool possible = any([&](const Scenario& scenario) {
      return std::find(scenario.backends.begin(), scenario.backends.end(), backend) !=
             scenario.backends.end();
    });
    if (possible) continue;
    loading.mistakes.Add(
        fmt::format("checklist row \"{}\": none of its scenarios can be played on "
                    "backend {}",
                    row.id, backend));
  }
  if (row.measure.empty()) return;
  if (any([&](const Scenario& scenario) { return HasMeasure(scenario, row.measure); })) return;
  loading.mistakes.Add(
      fmt::format("checklist row \"{}\": none of its scenarios has a measure "
                  "\"{}\"",
                  row.id, row.measure));
}

void CheckRows(Loading& loading) {
  std::vector<std::string> ids;
  for (const Scenario& scenario : loading.set.scenarios) ids.push_back(scenario.id);
  for (const auto& [file, id] : loading.row_scenarios) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    loading.mistakes.Add(
        fmt::format("{}: there is no scenario \"{}\"{}", file, id, Suggestion(id, ids)));
  }
  std::vector<std::string> row_ids;
  for (const ChecklistRow& row : loading.set.checklist) {
    if (std::find(row_ids.begin(), row_ids.end(), row.id) != row_ids.end()) {
      loading.mistakes.Add(fmt::format("checklist row \"{}\" exists twice", row.id));
    }
    row_ids.push_back(row.id);
    CheckDemands(row, loading);
  }
  if (row_ids.empty()) return;
  for (const Scenario& scenario : loading.set.scenarios) {
    for (const std::string& id : scenario.requirements) {
      if (std::find(row_ids.begin(), row_ids.end(), id) != row_ids.end()) continue;
      loading.mistakes.Add(fmt::format("{}: the checklist has no row \"{}\"{}", scenario.file, id,
                                       Suggestion(id, row_ids)));
    }
  }
}

}  // namespace

Result<std::vector<ChecklistRow>> ParseReadiness(std::string_view text, const std::string& file) {
  const auto document = gate::yaml::Document::Parse(text, file);
  if (!document) return document.error();
  Mistakes mistakes;
  MapReader map(document->root(), mistakes);
  const std::string api_version = RequireText(map, "apiVersion", mistakes);
  if (!api_version.empty() && api_version != kApiVersion) {
    map.Complain("apiVersion", fmt::format("expected {}, found \"{}\"", kApiVersion, api_version));
  }
  map.Require("kind");
  std::vector<ChecklistRow> rows;
  std::set<std::string> ids;
  if (const auto list = map.Require("rows")) {
    for (const Node& item : list->Items(mistakes)) rows.push_back(ParseRow(item, ids, mistakes));
  }
  map.Finish();
  if (!mistakes.empty()) return mistakes.ToError();
  return rows;
}

Result<ScenarioSet> LoadScenarios(const std::vector<std::string>& paths) {
  Loading loading;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    auto files = Expand(path);
    if (!files) return std::move(files).error();
    for (const std::string& file : *files) {
      if (!seen.insert(std::filesystem::path(file).lexically_normal().string()).second) continue;
      const auto text = reports::ReadWholeFile(file);
      if (!text) return text.error();
      if (KindOf(*text, file) == "Readiness") {
        AddReadiness(*text, file, loading);
      } else {
        AddScenario(*text, file, loading);
      }
    }
  }
  if (loading.mistakes.empty()) CheckRows(loading);
  if (!loading.mistakes.empty()) return loading.mistakes.ToError();
  std::sort(loading.set.scenarios.begin(), loading.set.scenarios.end(),
            [](const Scenario& a, const Scenario& b) { return a.id < b.id; });
  return std::move(loading.set);
}

}  // namespace drill
