#pragma once

#include <optional>

#include "gate/lint/fields.h"
#include "gate/lint/objects.h"
#include "gate/yaml/strict_yaml.h"

namespace gate::lint {

// Adds what the rules need of the object in `document`: a Rollout, an AnalysisTemplate, a
// ClusterAnalysisTemplate, a ConfigMap, or a List of such; other kinds are passed over. Values of
// the wrong type become mistakes.
void ReadObject(const yaml::Document& document, Objects& objects, yaml::Mistakes& mistakes);

// Parts of the above.
Identity ReadIdentity(const Fields& object);
std::vector<Argument> ReadArguments(const Fields& parent);
std::vector<TemplateRef> ReadTemplateRefs(const Fields& parent);
std::vector<Text> ReadDryRun(const Fields& parent);
Rollout ReadRollout(const Fields& object);
AnalysisTemplate ReadTemplate(const Fields& object);
JobProvider ReadJob(const Fields& job);

}  // namespace gate::lint
