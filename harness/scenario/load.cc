#include "harness/scenario/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

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

constexpr std::string_view kApiVersion = "drill/v1";

ReadinessRow ParseRow(const Node& node, std::set<std::string>& ids, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  ReadinessRow row;
  row.id = RequireText(map, "id", mistakes);
  if (!row.id.empty() && !ids.insert(row.id).second) {
    map.Complain("id", fmt::format("\"{}\" is used twice", row.id));
  }
  row.text = RequireText(map, "text", mistakes);
  if (const auto scenarios = map.Require("scenarios")) {
    const auto items = scenarios->Items(mistakes);
    if (scenarios->IsSequence() && items.empty()) {
      scenarios->Complain(mistakes, "a row that names no scenario could never be proven");
    }
    for (const Node& item : items) row.scenarios.push_back(item.String(mistakes).value_or(""));
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

void AddReadiness(std::string_view text, const std::string& file, Loading& loading) {
  auto rows = ParseReadiness(text, file);
  if (!rows) return loading.AddMistakes(rows.error());
  for (ReadinessRow& row : *rows) {
    for (const std::string& id : row.scenarios) loading.row_scenarios.emplace_back(file, id);
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

void CheckRows(Loading& loading) {
  std::vector<std::string> ids;
  for (const Scenario& scenario : loading.set.scenarios) ids.push_back(scenario.id);
  for (const auto& [file, id] : loading.row_scenarios) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    loading.mistakes.Add(
        fmt::format("{}: there is no scenario \"{}\"{}", file, id, Suggestion(id, ids)));
  }
  std::vector<std::string> row_ids;
  for (const ReadinessRow& row : loading.set.checklist) {
    if (std::find(row_ids.begin(), row_ids.end(), row.id) != row_ids.end()) {
      loading.mistakes.Add(fmt::format("checklist row \"{}\" exists twice", row.id));
    }
    row_ids.push_back(row.id);
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

Result<std::vector<ReadinessRow>> ParseReadiness(std::string_view text, const std::string& file) {
  const auto document = gate::yaml::Document::Parse(text, file);
  if (!document) return document.error();
  Mistakes mistakes;
  MapReader map(document->root(), mistakes);
  const std::string api_version = RequireText(map, "apiVersion", mistakes);
  if (!api_version.empty() && api_version != kApiVersion) {
    map.Complain("apiVersion", fmt::format("expected {}, found \"{}\"", kApiVersion, api_version));
  }
  map.Require("kind");
  std::vector<ReadinessRow> rows;
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
