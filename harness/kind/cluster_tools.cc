#include "harness/kind/cluster_tools.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

Error FileError(std::string_view what, const std::string& path) {
  return {ErrorCode::kUnavailable, std::string(what) + " " + path + ": " + std::strerror(errno)};
}

// Readable by this user only: a kubeconfig holds the cluster's administrator key.
Result<void> WritePrivateFile(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return FileError("creating", path);
  Result<void> written;
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      written = FileError("writing", path);
      break;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  ::close(fd);
  return written;
}

}  // namespace

Result<PrivateDir> PrivateDir::Create() {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  if (error) {
    return Error{ErrorCode::kInvalidArgument,
                 "no directory for temporary files (TMPDIR): " + error.message()};
  }
  std::string path = (parent / "gate-drill-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return FileError("creating the directory", path);
  return PrivateDir(std::move(path));
}

PrivateDir::~PrivateDir() {
  if (!path_.empty()) RemoveDirectory(path_);
}

void RemoveDirectory(const std::string& path) {
  std::error_code ignored;  // nothing sensible is left to do about it
  std::filesystem::remove_all(path, ignored);
}

ClusterTools::ClusterTools(ProcessRunner& runner, std::string directory)
    : runner_(runner), kubeconfig_(directory + "/kubeconfig"), cache_(directory + "/cache") {}

Result<std::string> ClusterTools::Run(std::vector<std::string> argv,
                                      const gate::Deadline& deadline) {
  ProcessRequest request;
  request.argv = std::move(argv);
  request.environment = {{"KUBECONFIG", kubeconfig_},
                         {"KUBECACHEDIR", cache_},
                         {"KIND_EXPERIMENTAL_PROVIDER", "docker"}};
  // Not `kind --quiet`: that hides its errors too.
  auto output = RunChecked(runner_, request, deadline);
  if (!output) return std::move(output).error();
  std::string text = std::move(output->out);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<std::vector<std::string>> ClusterTools::Clusters(const gate::Deadline& deadline) {
  auto listed = Run({"kind", "get", "clusters"}, deadline);
  if (!listed) return std::move(listed).error();
  return Lines(*listed);
}

Result<void> ClusterTools::CreateCluster(const ClusterSpec& spec, const gate::Deadline& deadline) {
  std::vector<std::string> argv = {"kind",           "create",       "cluster",
                                   "--name",         spec.name,      "--config",
                                   spec.config_file, "--kubeconfig", kubeconfig_};
  if (!spec.node_image.empty()) {
    argv.insert(argv.end(), {"--image", spec.node_image});
  }
  auto created = Run(std::move(argv), deadline);
  if (!created) return std::move(created).error();
  return {};
}

Result<void> ClusterTools::AdoptCluster(const std::string& name, const gate::Deadline& deadline) {
  auto config = Run({"kind", "get", "kubeconfig", "--name", name}, deadline);
  if (!config) return std::move(config).error();
  return WritePrivateFile(kubeconfig_, *config);
}

Result<void> ClusterTools::DeleteCluster(const std::string& name, const gate::Deadline& deadline) {
  // A creation that was broken off can leave docker with a container that appears only now.
  constexpr int kAttempts = 3;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto deleted =
        Run({"kind", "delete", "cluster", "--name", name, "--kubeconfig", kubeconfig_}, deadline);
    if (!deleted) return std::move(deleted).error();
    auto clusters = Clusters(deadline);
    if (!clusters) return std::move(clusters).error();
    if (std::find(clusters->begin(), clusters->end(), name) == clusters->end()) return {};
  }
  return Error{ErrorCode::kUnavailable, "the kind cluster " + name +
                                            " keeps coming back; delete it with `kind delete "
                                            "cluster --name " +
                                            name + "`"};
}

Result<void> ClusterTools::LoadImages(const std::string& cluster,
                                      const std::vector<std::string>& images,
                                      const gate::Deadline& deadline) {
  std::vector<std::string> argv = {"kind", "load", "docker-image", "--name", cluster};
  argv.insert(argv.end(), images.begin(), images.end());
  auto loaded = Run(std::move(argv), deadline);
  if (!loaded) return std::move(loaded).error();
  return {};
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace drill
