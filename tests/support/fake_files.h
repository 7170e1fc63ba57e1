#pragma once

#include <map>
#include <string>
#include <utility>

#include "gate/seams/files.h"

namespace gate {

// Files in memory. What was not put there is kNotFound.
class FakeFiles : public Files {
 public:
  void Put(const std::string& path, std::string content) {
    files_.insert_or_assign(path, std::move(content));
  }
  void Remove(const std::string& path) { files_.erase(path); }

  // Reads of `path` fail with `code`.
  void Fail(const std::string& path, ErrorCode code) { failures_.insert_or_assign(path, code); }

  Result<std::string> Read(const std::string& path, std::size_t limit) override {
    if (const auto failure = failures_.find(path); failure != failures_.end()) {
      return Error{failure->second, path + ": scripted failure"};
    }
    const auto file = files_.find(path);
    if (file == files_.end()) return Error{ErrorCode::kNotFound, path + ": no such file"};
    if (file->second.size() > limit) return Error{ErrorCode::kInvalidArgument, path + ": large"};
    return file->second;
  }

 private:
  std::map<std::string, std::string> files_;
  std::map<std::string, ErrorCode> failures_;
};

}  // namespace gate
