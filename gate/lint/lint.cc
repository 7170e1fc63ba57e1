#include "gate/lint/lint.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "gate/lint/catalog.h"
#include "gate/lint/checks.h"
#include "gate/lint/read_objects.h"

namespace gate::lint {
namespace {

void CheckRollout(const Rollout& rollout, const Context& context) {
  if (!rollout.is_canary) {
    Reporter(rollout.identity, context.findings)
        .Add(Rule::kNotChecked, rollout.strategy,
             "the strategy is not canary: no gate is looked for",
             "use strategy.canary, for which the gate is made");
    return;
  }
  CheckLabels(rollout, context);
  CheckSteps(rollout, context);
  CheckRollback(rollout, context);
}

// Templates that templates refer to; what Rollouts refer to is checked with their steps.
void CheckNested(const AnalysisTemplate& analysis_template, const Context& context) {
  for (const TemplateRef& ref : analysis_template.templates) {
    const auto& templates = context.objects.templates;
    if (FindTemplate(ref, analysis_template.identity.ns, templates) != nullptr) continue;
    Reporter(analysis_template.identity, context.findings)
        .Add(Rule::kTemplateMissing, ref.place,
             "template \"" + ref.name + "\" is not among the files",
             "give its file too, or correct the name, clusterScope or namespace");
  }
}

void SortAndFilter(const std::vector<SourceFile>& files, const std::set<Rule>& ignored,
                   std::vector<Finding>& findings) {
  std::map<std::string, std::size_t> order;
  for (const SourceFile& file : files) order.emplace(file.name, order.size());
  const auto key = [&](const Finding& finding) {
    const auto file = order.find(finding.place.file);
    return std::tuple(file == order.end() ? order.size() : file->second, finding.place.line,
                      finding.place.column, finding.rule, finding.subject, finding.message);
  };
  findings.erase(std::remove_if(findings.begin(), findings.end(),
                                [&](const Finding& each) { return ignored.count(each.rule) > 0; }),
                 findings.end());
  std::sort(findings.begin(), findings.end(),
            [&](const Finding& a, const Finding& b) { return key(a) < key(b); });
  // One mistake that two uses share is one finding.
  findings.erase(std::unique(findings.begin(), findings.end(),
                             [&](const Finding& a, const Finding& b) { return key(a) == key(b); }),
                 findings.end());
}

}  // namespace

int Report::Count(Severity severity) const {
  return static_cast<int>(std::count_if(findings.begin(), findings.end(), [&](const Finding& each) {
    return InfoOf(each.rule).severity == severity;
  }));
}

Result<Report> Lint(const std::vector<SourceFile>& files, const Options& options) {
  Objects objects;
  yaml::Mistakes mistakes;
  for (const SourceFile& file : files) {
    auto documents = yaml::Document::ParseAll(file.text, file.name);
    if (!documents) {
      mistakes.Add(std::move(documents).error().message);
      continue;
    }
    for (const yaml::Document& each : *documents) ReadObject(each, objects, mistakes);
  }
  if (!mistakes.empty()) return mistakes.ToError();

  Report report;
  report.rollouts = static_cast<int>(objects.rollouts.size());
  report.templates = static_cast<int>(objects.templates.size());
  const Context context{objects, options, report.findings};
  for (const Rollout& each : objects.rollouts) CheckRollout(each, context);
  for (const AnalysisTemplate& each : objects.templates) {
    CheckTemplate(each, context);
    CheckNested(each, context);
  }
  SortAndFilter(files, options.ignored, report.findings);
  return report;
}

}  // namespace gate::lint
