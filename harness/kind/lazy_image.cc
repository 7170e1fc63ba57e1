#include "harness/kind/lazy_image.h"

#include <utility>

namespace drill {

using gate::Result;

LazyImage::LazyImage(ClusterTools& tools, std::string cluster, std::vector<std::string> command,
                     std::string tag)
    : tools_(tools),
      cluster_(std::move(cluster)),
      command_(std::move(command)),
      tag_(std::move(tag)) {}

Result<std::string> LazyImage::Ensure(const gate::Deadline& deadline) {
  const std::lock_guard lock(mutex_);
  if (made_) return tag_;
  auto built = tools_.Run(command_, deadline);
  if (!built) return std::move(built).error().Wrap("building the image " + tag_);
  auto loaded = tools_.LoadImages(cluster_, {tag_}, deadline);
  if (!loaded) return std::move(loaded).error();
  made_ = true;
  return tag_;
}

}  // namespace drill
