#include "gate/override/read.h"

#include <utility>

#include "gate/evidence/text.h"
#include "gate/override/object.h"

namespace gate::override {
namespace {

// What can be told of an object that is none of ours: shown to people, so that they can find it.
decide::IgnoredOverride Malformed(const Json& object, const std::string& what) {
  constexpr std::size_t kLongest = 253;
  const auto text = [&](const char* pointer) {
    return evidence::Sanitize(JsonString(object, pointer), kLongest);
  };
  return {text("/metadata/name"),           text("/metadata/uid"),
          text("/spec/decision"),           text("/spec/actor"),
          decide::OverrideFlaw::kMalformed, evidence::Sanitize(what, kLongest)};
}

}  // namespace

Result<decide::FoundOverrides> ReadOverrides(KubeApi& kube, const std::string& ns,
                                             const std::string& rollout, const Deadline& deadline) {
  KubeSelector selector;
  if (!rollout.empty()) selector.labels = std::string(kube::kRolloutLabel) + "=" + rollout;
  auto list = kube.List(kube::kGateOverrides, ns, selector, deadline);
  if (!list) return std::move(list).error().Wrap("reading overrides");
  decide::FoundOverrides found;
  for (const Json& object : list->items) {
    auto one = ParseOverride(object);
    if (one) {
      found.readable.push_back(*std::move(one));
    } else {
      found.malformed.push_back(Malformed(object, one.error().message));
    }
  }
  return found;
}

}  // namespace gate::override
