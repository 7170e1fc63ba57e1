#pragma once

#include <cstdint>
#include <string>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "harness/kind/cluster_tools.h"

namespace drill {

// An image in the local Docker daemon.
struct LocalImage {
  std::string tag;
  std::string id;
  std::int64_t bytes = 0;

  gate::Json ToJson() const;
};

struct ImageBuild {
  std::string script;   // kind/build-image.sh
  std::string program;  // path of the binary
  std::string tag;
};

// Builds the image of one of our programs. Needs no network.
gate::Result<LocalImage> BuildImage(ClusterTools& tools, const ImageBuild& build,
                                    const gate::Deadline& deadline);

// kNotFound, with what to do, if the Docker daemon does not hold the image.
gate::Result<LocalImage> FindImage(ClusterTools& tools, const std::string& tag,
                                   const gate::Deadline& deadline);

// An image that is not there is no error.
gate::Result<void> RemoveImage(ClusterTools& tools, const std::string& tag,
                               const gate::Deadline& deadline);

}  // namespace drill
