#include "harness/kind/run_mark.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "gate/base/strict_json.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::JsonString;
using gate::Result;

constexpr std::string_view kPrefix = "gate-drill-";  // of directories and of clusters
constexpr std::size_t kLargestMark = 4096;

std::string MarkIn(const std::string& directory) { return directory + "/run.json"; }

Error MarkError(std::string_view what, const std::string& path) {
  return {ErrorCode::kUnavailable, std::string(what) + " " + path + ": " + std::strerror(errno)};
}

bool IsOurDirectory(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
         found.st_uid == ::geteuid();
}

// Nothing that a run does not make itself may ever be removed because of what is in a file.
bool IsRunId(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<RunTraces> ParseTraces(std::string_view text) {
  const auto json = gate::ParseStrictJson(text);
  if (!json || !json->is_object()) return std::nullopt;
  RunTraces traces;
  traces.run = JsonString(*json, "/run");
  traces.cluster = JsonString(*json, "/cluster");
  const std::string whose = JsonString(*json, "/whose");
  traces.whose = whose == "given" ? RunTraces::Cluster::kGiven : RunTraces::Cluster::kOurs;
  const bool given = traces.whose == RunTraces::Cluster::kGiven && !traces.cluster.empty();
  const bool ours = whose == "ours" && traces.cluster == std::string(kPrefix) + traces.run;
  if (!IsRunId(traces.run) || !(given || ours)) return std::nullopt;
  return traces;
}

}  // namespace

Result<RunMark> RunMark::Write(const std::string& directory, const RunTraces& traces) {
  const std::string path = MarkIn(directory);
  RunMark mark(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (mark.file_ < 0) return MarkError("creating", path);
  // Whoever looks at it in this instant finds nothing in it, and lets it go at once.
  while (::flock(mark.file_, LOCK_EX) != 0) {
    if (errno != EINTR) return MarkError("locking", path);
  }
  const bool given = traces.whose == RunTraces::Cluster::kGiven;
  const std::string text =
      Json{{"run", traces.run}, {"cluster", traces.cluster}, {"whose", given ? "given" : "ours"}}
          .dump();
  const ssize_t written = ::write(mark.file_, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return MarkError("writing", path);
  return mark;
}

RunMark::~RunMark() {
  if (file_ >= 0) ::close(file_);
}

std::vector<LeftBehind> FindLeftBehind(const std::string& parent) {
  std::vector<std::string> directories;
  std::error_code error;
  for (std::filesystem::directory_iterator at(parent, error), end; !error && at != end;
       at.increment(error)) {
    const bool named = at->path().filename().string().starts_with(kPrefix);
    if (named && IsOurDirectory(at->path())) directories.push_back(at->path());
  }
  std::sort(directories.begin(), directories.end());
  std::vector<LeftBehind> all;
  for (std::string& directory : directories) {
    RunMark mark(::open(MarkIn(directory).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (mark.file_ < 0 || ::flock(mark.file_, LOCK_EX | LOCK_NB) != 0) continue;
    std::string text(kLargestMark, '\0');
    const ssize_t size = ::pread(mark.file_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    if (auto traces = ParseTraces(text)) {
      all.push_back({*std::move(traces), std::move(directory), std::move(mark)});
    }
  }
  return all;
}

}  // namespace drill
