#pragma once

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "harness/kind/cluster_tools.h"
#include "harness/runner/backend_options.h"

namespace drill {

// Where the backend finds what it installs.
struct KindPaths {
  std::string programs;  // directory of the binaries rollout-gate and mock-mc
  std::string files;     // the directory kind/ of the project
};

// Checks everything that can be checked before anything is created: the tools, the Docker daemon,
// our own programs and files, the given images and the given cluster. All that is missing is
// reported at once (kInvalidArgument), one line each that says what, where and what to do.
// The facts: the tools' versions.
gate::Result<gate::Json> Preflight(ClusterTools& tools, const BackendOptions& options,
                                   const KindPaths& paths, const gate::Deadline& deadline);

}  // namespace drill
