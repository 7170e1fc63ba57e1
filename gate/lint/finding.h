#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gate/lint/objects.h"
#include "gate/lint/rule.h"

namespace gate::lint {

struct Finding {
  Rule rule;
  Place place;
  std::string subject;  // "Rollout shop/demo"
  std::string message;  // what is wrong, without a full stop
  std::string fix;      // what to do
};

// "Rollout shop/demo"; without the namespace if the manifest names none.
inline std::string Describe(const Identity& identity) {
  return identity.kind + " " + (identity.ns.empty() ? "" : identity.ns + "/") + identity.name;
}

// Takes findings about one object.
class Reporter {
 public:
  Reporter(const Identity& identity, std::vector<Finding>& findings)
      : subject_(Describe(identity)), findings_(findings) {}

  void Add(Rule rule, const Place& place, std::string message, std::string fix) {
    findings_.push_back({rule, place, subject_, std::move(message), std::move(fix)});
  }

 private:
  std::string subject_;
  std::vector<Finding>& findings_;
};

}  // namespace gate::lint
