#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mock-mc/behaviour/request.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// What a request says, as far as rules and keys ask for it.
struct Facts {
  Target target;
  Fields parameters;  // of the path of the rule that matched
  bool is_evidence_request = false;
  std::string space;
  std::string release;
  std::string stage;
  std::string environment;
  std::string nonce;
};

// With a space in the path, the facts are about the path behind it.
Facts ReadFacts(Target target, const Request& request, const SpaceSource& space);

// Whether the rule answers this request. If so, what its path names goes into `facts`.
bool Matches(const Rule& rule, const Request& request, Facts& facts);

// Everything in the request that keeps the rule from answering it, each as a clause: "stage is
// \"20\", wanted \"50\"". Empty if, and only if, Matches says yes.
std::vector<std::string> WhyNot(const Rule& rule, const Request& request, const Facts& facts);

// Which state the request uses: the values of the parts, joined so that different values never give
// the same key.
std::string KeyOf(const std::vector<KeyPart>& parts, const Request& request, const Facts& facts);

// The same for the release and stage of the request.
std::string ReleaseAndStageKey(const Facts& facts);

}  // namespace mock_mc
