#include "harness/kind/helm.h"

#include <utility>

namespace drill {

using gate::JsonString;
using gate::Result;

Helm::Helm(ClusterTools& tools, const KindPaths& paths, std::string cluster, Images images)
    : tools_(tools), paths_(paths), cluster_(std::move(cluster)), images_(std::move(images)) {}

Result<std::string> Helm::EnsureImage(const gate::Deadline& deadline) {
  const std::lock_guard lock(mutex_);
  if (made_) return images_.tag;
  auto built = tools_.Run({paths_.files + "/add-helm.sh", images_.base, images_.tag}, deadline);
  if (!built) return std::move(built).error().Wrap("building an image with helm");
  auto loaded = tools_.LoadImages(cluster_, {images_.tag}, deadline);
  if (!loaded) return std::move(loaded).error();
  made_ = true;
  return images_.tag;
}

Result<void> Helm::Upgrade(const gate::Json& object, const gate::Deadline& deadline) {
  auto done = tools_.Run(
      {"helm", "upgrade", "--install", JsonString(object, "/metadata/name"),
       paths_.files + "/helm-chart", "--namespace", JsonString(object, "/metadata/namespace"),
       "--set-json", "object=" + object.dump()},
      deadline);
  if (!done) return std::move(done).error().Wrap("deploying by Helm");
  return {};
}

}  // namespace drill
