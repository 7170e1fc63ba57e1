#include "harness/provenance.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "gate/base/digest.h"
#include "reports/file_io.h"

namespace drill {
namespace {

// What is larger was built for debugging, and its digest takes longer than a simulated run.
constexpr std::size_t kLargestProgram = std::size_t{64} << 20U;
constexpr gate::Nanos kGitLimit = std::chrono::seconds(10);

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string FirstFromEnvironment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = FromEnvironment(name); !value.empty()) return value;
  }
  return "";
}

// What git prints, without the last line end; nothing if there is no git, or no work tree.
std::optional<std::string> Git(gate::ProcessRunner& processes, gate::Runtime& runtime,
                               const std::string& folder, std::vector<std::string> arguments) {
  gate::ProcessRequest request;
  request.argv = {"git", "-C", folder};
  request.argv.insert(request.argv.end(), arguments.begin(), arguments.end());
  request.environment = {{"GIT_OPTIONAL_LOCKS", "0"}};
  auto output = gate::RunChecked(processes, request, {runtime.Now() + kGitLimit});
  if (!output) return std::nullopt;
  std::string text = std::move(output->out);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string JobUrl() {
  const std::string server = FromEnvironment("GITHUB_SERVER_URL");
  if (server.empty()) return FirstFromEnvironment({"CI_JOB_URL", "BUILD_URL"});
  return fmt::format("{}/{}/actions/runs/{}", server, FromEnvironment("GITHUB_REPOSITORY"),
                     FromEnvironment("GITHUB_RUN_ID"));
}

}  // namespace

std::string ProgramDigest() {
  constexpr const char* kOwnFile = "/proc/self/exe";
  std::error_code error;
  if (std::filesystem::file_size(kOwnFile, error) > kLargestProgram || error) return "";
  const auto text = reports::ReadWholeFile(kOwnFile, kLargestProgram);
  return text ? gate::Sha256Hex(*text) : "";
}

GitState ReadGitState(gate::ProcessRunner& processes, gate::Runtime& runtime,
                      const std::string& path) {
  const GitState told = {FirstFromEnvironment({"GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT"}), {}};
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(path, error);
  std::string folder = is_folder ? path : std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  auto commit = Git(processes, runtime, folder, {"rev-parse", "--verify", "HEAD"});
  if (!commit) return told;
  const auto changes = Git(processes, runtime, folder, {"status", "--porcelain"});
  return {*std::move(commit), changes ? std::optional(!changes->empty()) : std::nullopt};
}

gate::Json DescribeEnvironment() {
  gate::Json json = gate::Json::object();
  struct utsname name {};
  if (::uname(&name) == 0) {
    json["machine"] = {{"system", fmt::format("{} {}", name.sysname, name.release)},
                       {"architecture", name.machine},
                       {"processors", std::thread::hardware_concurrency()}};
  }
  if (const std::string url = JobUrl(); !url.empty()) json["ci"]["job"] = url;
  const std::string actor = FirstFromEnvironment({"GITHUB_ACTOR", "GITLAB_USER_LOGIN"});
  if (!actor.empty()) json["ci"]["actor"] = actor;
  return json;
}

std::optional<reports::FidelityRow> FidelityRowOf(const Agreement& agreement) {
  using Status = Agreement::Status;
  if (agreement.status != Status::kAgree && agreement.status != Status::kDiffer) {
    return std::nullopt;
  }
  reports::FidelityRow row;
  row.scenario = agreement.scenario;
  row.agrees = agreement.status == Status::kAgree;
  row.compared = static_cast<std::int64_t>(agreement.compared);
  for (const Difference& each : agreement.differences) {
    row.differences.push_back(fmt::format("{} {}: simulated {}, real {}", each.track, each.index,
                                          each.a.value_or("nothing"), each.b.value_or("nothing")));
  }
  return row;
}

}  // namespace drill
