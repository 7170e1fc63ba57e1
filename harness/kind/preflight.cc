#include "harness/kind/preflight.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "harness/kind/images.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

class Checks {
 public:
  Checks(ClusterTools& tools, const gate::Deadline& deadline)
      : tools_(tools), deadline_(deadline) {}

  // What the command wrote, or nothing after having noted what is wrong.
  std::string Ask(std::vector<std::string> argv, const std::string& how_to_install,
                  const std::string& when_it_fails) {
    const std::string program = argv.front();
    auto answer = tools_.Run(std::move(argv), deadline_);
    if (answer) return *std::move(answer);
    const bool missing = answer.error().code == ErrorCode::kNotFound;
    Note(missing ? program + " is not on PATH; " + how_to_install
                 : when_it_fails + " (" + answer.error().message + ")");
    return {};
  }

  void Docker(Json& facts) {
    facts["docker"] = Ask({"docker", "version", "--format", "{{.Server.Version}}"},
                          "install Docker Engine (https://docs.docker.com/engine/install/)",
                          "the Docker daemon does not answer; start it, and check with `docker "
                          "info` that this user may use it");
  }

  void Kind(Json& facts) {
    facts["kind"] = Ask({"kind", "version"}, "install it (https://kind.sigs.k8s.io/#installation)",
                        "kind does not work");
  }

  void Kubectl(Json& facts) {
    const std::string answer =
        Ask({"kubectl", "version", "--client", "--output=json"},
            "install it (https://kubernetes.io/docs/tasks/tools/)", "kubectl does not work");
    auto version = gate::ParseStrictJson(answer.empty() ? "{}" : answer);
    facts["kubectl"] = version ? gate::JsonString(*version, "/clientVersion/gitVersion") : "";
  }

  void Program(const std::string& directory, const std::string& name) {
    const std::string path = directory + "/" + name;
    if (::access(path.c_str(), X_OK) == 0) return;
    Note(path + " is not an executable program; build it (make build), or name an image");
  }

  void File(const std::string& path, const std::string& what) {
    if (::access(path.c_str(), R_OK) != 0) Note(path + " cannot be read: " + what);
  }

  void Image(const std::string& tag) {
    if (tag.empty()) return;
    auto found = FindImage(tools_, tag, deadline_);
    if (!found) Note(found.error().message);
  }

  void Cluster(const std::string& name) {
    auto clusters = tools_.Clusters(deadline_);
    if (!clusters) {
      Note(clusters.error().message);
      return;
    }
    if (std::find(clusters->begin(), clusters->end(), name) != clusters->end()) return;
    std::string known;
    for (const std::string& each : *clusters) known += (known.empty() ? "" : ", ") + each;
    Note("there is no kind cluster named " + name + " (" +
         (known.empty() ? "there are none" : known) + "); without a name one is created");
  }

  void Note(const std::string& trouble) { troubles_.push_back(trouble); }
  const std::vector<std::string>& troubles() const { return troubles_; }

 private:
  ClusterTools& tools_;
  const gate::Deadline& deadline_;
  std::vector<std::string> troubles_;
};

// "v1.10.1": digits and dots, as it becomes part of a URL.
bool IsVersion(const std::string& version) {
  return version.size() > 1 && version.front() == 'v' &&
         version.find_first_not_of("0123456789.", 1) == std::string::npos;
}

void CheckFiles(Checks& checks, const BackendOptions& options, const KindPaths& paths) {
  if (options.gate_image.empty()) checks.Program(paths.programs, "rollout-gate");
  if (options.serve_image.empty()) checks.Program(paths.programs, "rollout-gate-serve");
  if (options.mock_image.empty()) checks.Program(paths.programs, "mock-mc");
  checks.File(paths.files + "/cluster.yaml", "it belongs to the project's directory kind/");
  if (options.argo_manifest.empty()) {
    if (!IsVersion(options.argo_version)) {
      checks.Note("\"" + options.argo_version +
                  "\" is not a version of Argo Rollouts; write it like v1.10.1");
    }
  } else {
    checks.File(options.argo_manifest,
                "it is to be applied as Argo Rollouts' manifest (ARGO_ROLLOUTS_MANIFEST)");
  }
}

}  // namespace

Result<Json> Preflight(ClusterTools& tools, const BackendOptions& options, const KindPaths& paths,
                       const gate::Deadline& deadline) {
  Checks checks(tools, deadline);
  Json versions = Json::object();
  CheckFiles(checks, options, paths);
  checks.Kind(versions);
  checks.Kubectl(versions);
  const std::size_t before = checks.troubles().size();
  checks.Docker(versions);
  if (checks.troubles().size() == before) {  // else these only repeat that Docker is missing
    checks.Image(options.argo_image);
    checks.Image(options.gate_image);
    checks.Image(options.serve_image);
    checks.Image(options.mock_image);
    if (!options.cluster.empty()) checks.Cluster(options.cluster);
  }
  if (deadline.stop.stop_requested()) return Error{ErrorCode::kCancelled, "stopped"};
  if (checks.troubles().empty()) return Json{{"tools", std::move(versions)}};
  Error error{ErrorCode::kInvalidArgument, ""};
  for (const std::string& trouble : checks.troubles()) {
    error.message += (error.message.empty() ? "" : "\n") + trouble;
  }
  return error;
}

}  // namespace drill
