#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gate/base/result.h"

namespace drill {

// What a run makes outside of its own process: images tagged with `run`, and either the cluster or,
// on one that it was given, namespaces labelled with `run`.
struct RunTraces {
  std::string run;
  std::string cluster;
  enum class Cluster { kOurs, kGiven } whose = Cluster::kOurs;

  bool operator==(const RunTraces&) const = default;
};

// A file that says what a run makes, locked for as long as the run lives: what is written in one
// that nobody has locked was left behind by a run that was killed.
class RunMark {
 public:
  // In `directory`, which is the run's own (PrivateDir) and removes the file with itself.
  static gate::Result<RunMark> Write(const std::string& directory, const RunTraces& traces);

  RunMark(RunMark&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  RunMark& operator=(RunMark&&) = delete;
  ~RunMark();

 private:
  friend std::vector<struct LeftBehind> FindLeftBehind(const std::string& parent);
  explicit RunMark(int file) : file_(file) {}

  int file_;
};

struct LeftBehind {
  RunTraces traces;
  std::string directory;  // of that run; to be removed last
  RunMark ours;           // so that nobody else removes the same at the same time
};

// What killed runs of this user left behind that had their directories in `parent`. What cannot be
// read, is somebody else's or may be alive is not among it.
std::vector<LeftBehind> FindLeftBehind(const std::string& parent);

}  // namespace drill
