#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/seams/kube_api.h"
#include "harness/sim/kube/object.h"

namespace drill::sim {

// A parsed KubeSelector.
class Selector {
 public:
  // Label selectors: "a", "!a", "a=b", "a==b", "a!=b", "a in (b,c)", "a notin (b,c)", joined by
  // commas. Field selectors: "path=value" and "path!=value" over the fields that Kubernetes serves
  // for these types. kInvalidArgument for anything else.
  static gate::Result<Selector> Parse(const gate::KubeSelector& selector);

  bool Matches(const Object& object) const;

 private:
  struct Requirement {
    enum class Kind { kExists, kAbsent, kIn, kNotIn } kind = Kind::kExists;
    std::string key;
    std::vector<std::string> values;
  };
  static gate::Result<std::vector<Requirement>> ParseLabels(std::string_view text);
  static gate::Result<std::vector<Requirement>> ParseFields(std::string_view text);

  std::vector<Requirement> labels_;
  std::vector<Requirement> fields_;
};

}  // namespace drill::sim
