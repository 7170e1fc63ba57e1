#include "harness/fidelity/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/text.h"

namespace drill {
namespace {

std::string Why(const Agreement& agreement, const Difference& difference,
                const std::vector<Divergence>& listed) {
  const auto entry = std::find_if(listed.begin(), listed.end(), [&](const Divergence& each) {
    return each.scenario == agreement.scenario && each.argo == agreement.argo &&
           each.track == difference.track;
  });
  if (entry == listed.end()) return fmt::format("{}: **not listed**", difference.track);
  return fmt::format("{}: {}", difference.track, reports::EscapeMarkdown(entry->reason));
}

std::string ResultText(const Agreement& agreement) {
  switch (agreement.status) {
    case Agreement::Status::kAgree:
      return "agrees";
    case Agreement::Status::kDiffer:
      return "differs";
    case Agreement::Status::kOnlyInA:
    case Agreement::Status::kOnlyInB:
    case Agreement::Status::kOtherFile:
      break;
  }
  return "not compared";
}

std::string Row(const Agreement& agreement, const std::vector<Divergence>& listed) {
  std::vector<std::string> reasons;
  for (const Difference& each : agreement.differences) {
    reasons.push_back(Why(agreement, each, listed));
  }
  return fmt::format("| {} | {} | {} | {} | {} |\n", reports::EscapeMarkdown(agreement.scenario),
                     agreement.argo, ResultText(agreement), agreement.compared,
                     fmt::join(reasons, "; "));
}

}  // namespace

std::string RenderMarkdown(const std::vector<Agreement>& agreements,
                           const std::vector<Divergence>& listed) {
  std::string text =
      "| scenario | Argo Rollouts | result | entries that are the same | what differs, and why |\n"
      "|---|---|---|---|---|\n";
  for (const Agreement& each : agreements) text += Row(each, listed);
  return text;
}

}  // namespace drill
