#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gate/lint/lint.h"

namespace gate::lint {

// Manifests in which nothing is wrong: a Rollout, and the gate as a Job or as a web metric.
std::string GoodRollout();
std::string GoodJobTemplate();
std::string GoodWebTemplate();

// One place in a text changed; fails the test if `from` is not in it exactly once.
std::string Edited(const std::string& text, const std::string& from, const std::string& to);

// "gate-missing 12:9" of every finding, in order; the file is left out.
std::vector<std::string> Found(const Report& report);
// "gate-missing" of every finding.
std::vector<std::string> RulesFound(const Report& report);

// The report on texts that must be valid: rollout.yaml and template.yaml.
Report LintBoth(const std::string& rollout, const std::string& analysis_template,
                const Options& options = {});

}  // namespace gate::lint
