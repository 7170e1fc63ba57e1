#include "harness/fidelity/names.h"

#include <algorithm>
#include <regex>

#include "gate/base/encoding.h"

namespace drill {
namespace {

void ReplaceAll(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

Names::Names(const std::string& scenario, const std::vector<reports::TraceEntry>& timeline)
    : ns_("drill-" + gate::LowerCase(scenario)) {
  static const std::regex mention("ReplicaSet \\S+-([a-z0-9]+) \\(revision ([0-9]+)\\)");
  for (const reports::TraceEntry& entry : timeline) {
    if (entry.name != "event" || gate::JsonString(entry.fields, "/kind") != "Rollout") continue;
    const std::string message = gate::JsonString(entry.fields, "/message");
    std::smatch match;
    if (!std::regex_search(message, match, mention)) continue;
    const std::string hash = match[1];
    const bool known = std::any_of(hashes_.begin(), hashes_.end(),
                                   [&](const auto& each) { return each.first == hash; });
    if (!known) hashes_.emplace_back(hash, "<rs" + match[2].str() + ">");
  }
}

std::string Names::InCommon(std::string text) const {
  static const std::regex uid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  static const std::regex pod("(<uid>\\.[a-z0-9-]+\\.[0-9]+-)[a-z0-9]{5}");
  static const std::regex why("(has terminal error \\([A-Za-z]+\\): )[^]*");
  static const std::regex ns("drill-[a-z0-9-]+-[0-9a-f]{8}");
  for (const auto& [hash, name] : hashes_) ReplaceAll(text, hash, name);
  text = std::regex_replace(text, uid, "<uid>");
  text = std::regex_replace(text, pod, "$1<pod>");
  text = std::regex_replace(text, why, "$1<why>");
  text = std::regex_replace(text, ns, "<ns>");
  ReplaceAll(text, ns_, "<ns>");
  return text;
}

}  // namespace drill
