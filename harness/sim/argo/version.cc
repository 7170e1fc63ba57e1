#include "harness/sim/argo/version.h"

#include <fmt/format.h>

#include "gate/base/check.h"

namespace drill::sim {

gate::Result<ArgoVersion> ParseArgoVersion(std::string_view release) {
  std::string_view text = release;
  if (text.starts_with('v')) text.remove_prefix(1);
  for (const ArgoVersion version : {ArgoVersion::k1_9, ArgoVersion::k1_10}) {
    const std::string_view minor = ToString(version);
    if (!text.starts_with(minor)) continue;
    const std::string_view rest = text.substr(minor.size());
    if (rest.empty() || rest.front() == '.' || rest.front() == '-') return version;
  }
  return gate::Error{gate::ErrorCode::kInvalidArgument,
                     fmt::format("Argo Rollouts \"{}\" cannot be simulated, only v1.9 and v1.10 "
                                 "can; others are played with --backend kind",
                                 release)};
}

std::string_view ToString(ArgoVersion version) {
  switch (version) {
    case ArgoVersion::k1_9:
      return "1.9";
    case ArgoVersion::k1_10:
      return "1.10";
  }
  GATE_CHECK(false);
}

}  // namespace drill::sim
