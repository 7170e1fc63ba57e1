#include "harness/fidelity/divergences.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "gate/yaml/strict_yaml.h"
#include "harness/fidelity/tracks.h"
#include "reports/file_io.h"

namespace drill {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

std::vector<std::string> TrackNames() {
  std::vector<std::string> names;
  for (const Track& track : Tracks({})) names.push_back(track.name);
  return names;
}

std::string RequireText(MapReader& map, std::string_view key) {
  std::string text;
  if (map.Require(key) && map.Read(key, text) && text.empty()) map.Complain(key, "is empty");
  return text;
}

void CheckTrack(MapReader& map, const std::string& track) {
  const auto names = TrackNames();
  if (track.empty() || std::find(names.begin(), names.end(), track) != names.end()) return;
  map.Complain("track", fmt::format("there is no track \"{}\"; known are: {}", track,
                                    fmt::join(names, ", ")));
}

std::vector<std::string> ReadVersions(MapReader& map) {
  std::vector<std::string> versions;
  if (!map.Require("argo") || !map.Read("argo", versions)) return {};
  if (versions.empty()) map.Complain("argo", "names no version");
  for (const std::string& version : versions) {
    if (!version.empty() && MinorVersion(version) == version) continue;
    map.Complain("argo", fmt::format("\"{}\" is no minor version such as \"1.10\"", version));
  }
  return versions;
}

using Key = std::tuple<std::string, std::string, std::string>;

Key KeyOf(const Divergence& divergence) {
  return {divergence.scenario, divergence.argo, divergence.track};
}

void ReadEntry(const Node& node, std::set<Key>& known, std::vector<Divergence>& divergences,
               Mistakes& mistakes) {
  MapReader map(node, mistakes);
  Divergence divergence;
  divergence.where = node.Where();
  divergence.scenario = RequireText(map, "scenario");
  divergence.track = RequireText(map, "track");
  CheckTrack(map, divergence.track);
  divergence.reason = RequireText(map, "reason");
  for (const std::string& version : ReadVersions(map)) {
    divergence.argo = version;
    if (!known.insert(KeyOf(divergence)).second) {
      node.Complain(mistakes, fmt::format("{} on {}: {} is listed twice", divergence.scenario,
                                          divergence.argo, divergence.track));
    }
    divergences.push_back(divergence);
  }
  map.Finish();
}

std::string WhyNotCompared(Agreement::Status status) {
  switch (status) {
    case Agreement::Status::kOnlyInA:
      return "was not compared: only A has it";
    case Agreement::Status::kOnlyInB:
      return "was not compared: only B has it";
    case Agreement::Status::kOtherFile:
      return "was not compared: the scenario's file was another one; record it again";
    case Agreement::Status::kAgree:
    case Agreement::Status::kDiffer:
      break;
  }
  return "";
}

// "FID-101 on 1.10: events"
std::string Title(const Key& key) {
  const auto& [scenario, argo, track] = key;
  return fmt::format("{} on {}: {}", scenario, argo.empty() ? "an unknown version" : argo, track);
}

}  // namespace

gate::Result<std::vector<Divergence>> ParseDivergences(std::string_view text,
                                                       const std::string& file) {
  const auto document = gate::yaml::Document::Parse(text, file);
  if (!document) return document.error();
  Mistakes mistakes;
  std::set<Key> known;
  std::vector<Divergence> divergences;
  // A file of comments only lists nothing.
  if (document->root().IsNull()) return divergences;
  for (const Node& node : document->root().Items(mistakes)) {
    ReadEntry(node, known, divergences, mistakes);
  }
  if (!mistakes.empty()) return mistakes.ToError();
  return divergences;
}

gate::Result<std::vector<Divergence>> LoadDivergences(const std::string& path) {
  const auto text = reports::ReadWholeFile(path);
  if (!text) return text.error();
  return ParseDivergences(*text, path);
}

std::vector<std::string> Contradictions(const std::vector<Agreement>& agreements,
                                        const std::vector<Divergence>& listed) {
  std::set<Key> found;
  std::set<std::pair<std::string, std::string>> compared;
  std::vector<std::string> lines;
  for (const Agreement& agreement : agreements) {
    if (const auto why = WhyNotCompared(agreement.status); !why.empty()) {
      lines.push_back(agreement.scenario + " " + why);
      continue;
    }
    compared.insert({agreement.scenario, agreement.argo});
    for (const Difference& difference : agreement.differences) {
      found.insert({agreement.scenario, agreement.argo, difference.track});
    }
  }
  for (const Divergence& each : listed) {
    // What remains is not listed.
    if (found.erase(KeyOf(each)) > 0 || !compared.contains({each.scenario, each.argo})) continue;
    lines.push_back(
        fmt::format("{}: {} agrees; delete this entry", each.where, Title(KeyOf(each))));
  }
  for (const Key& key : found) lines.push_back(Title(key) + " differs, which is not listed");
  return lines;
}

}  // namespace drill
