#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/seams/deadline.h"
#include "harness/kind/process.h"

namespace drill {

// A new directory below the system's directory for temporary files that only this user can enter
// (0700), removed with everything in it on destruction unless Release was called.
class PrivateDir {
 public:
  static gate::Result<PrivateDir> Create();
  PrivateDir(PrivateDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateDir& operator=(PrivateDir&&) = delete;
  ~PrivateDir();

  const std::string& path() const { return path_; }
  void Release() { path_.clear(); }

 private:
  explicit PrivateDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Removes it with everything in it, as far as that can be done.
void RemoveDirectory(const std::string& path);

// docker, kind and kubectl. Each is started with KUBECONFIG naming a file of our own and with
// kubectl's cache beside it, so that nothing of the user's is read or changed. Thread-safe.
class ClusterTools {
 public:
  // `directory` must exist and be private to this user.
  ClusterTools(ProcessRunner& runner, std::string directory);

  const std::string& kubeconfig() const { return kubeconfig_; }

  // What the command wrote to its standard output, without the newline at the end.
  gate::Result<std::string> Run(std::vector<std::string> argv, const gate::Deadline& deadline);

  // The names of the kind clusters on this machine.
  gate::Result<std::vector<std::string>> Clusters(const gate::Deadline& deadline);

  struct ClusterSpec {
    std::string name;
    std::string config_file;
    std::string node_image;  // empty: kind's default
  };
  // kubeconfig() is written. Returns when the API server answers; nodes and network may not be
  // ready yet.
  gate::Result<void> CreateCluster(const ClusterSpec& spec, const gate::Deadline& deadline);

  // Writes kubeconfig() for a cluster that exists.
  gate::Result<void> AdoptCluster(const std::string& name, const gate::Deadline& deadline);

  // Deletes the cluster, however little of it exists, and makes sure that it is gone.
  gate::Result<void> DeleteCluster(const std::string& name, const gate::Deadline& deadline);

  // From the local Docker daemon into all nodes.
  gate::Result<void> LoadImages(const std::string& cluster, const std::vector<std::string>& images,
                                const gate::Deadline& deadline);

 private:
  ProcessRunner& runner_;
  std::string kubeconfig_;
  std::string cache_;
};

// The non-empty lines of a text.
std::vector<std::string> Lines(std::string_view text);

}  // namespace drill
