#include "harness/kind/helm.h"

#include <utility>

namespace drill {

using gate::JsonString;
using gate::Result;

Helm::Helm(ClusterTools& tools, std::string chart) : tools_(tools), chart_(std::move(chart)) {}

Result<void> Helm::Upgrade(const gate::Json& object, const gate::Deadline& deadline) {
  auto done = tools_.Run(
      {"helm", "upgrade", "--install", JsonString(object, "/metadata/name"), chart_, "--namespace",
       JsonString(object, "/metadata/namespace"), "--set-json", "object=" + object.dump()},
      deadline);
  if (!done) return std::move(done).error().Wrap("deploying by Helm");
  return {};
}

}  // namespace drill
