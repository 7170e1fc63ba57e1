#pragma once

#include <map>
#include <string>
#include <string_view>

namespace drill::sim {

// What containers wrote, as the kubelet keeps it; by "namespace/pod".
class PodLogs {
 public:
  static constexpr std::size_t kLongestLog = std::size_t{4}
                                             << 20U;  // bytes per pod; the rest is lost

  void Write(const std::string& pod, std::string_view line) {
    std::string& log = logs_[pod];
    if (log.size() + line.size() < kLongestLog) log.append(line).append("\n");
  }
  void Start(const std::string& pod) { logs_.try_emplace(pod); }
  // Null if nothing of that pod ever ran.
  const std::string* Find(const std::string& pod) const {
    const auto found = logs_.find(pod);
    return found == logs_.end() ? nullptr : &found->second;
  }
  const std::map<std::string, std::string>& all() const { return logs_; }

 private:
  std::map<std::string, std::string> logs_;
};

}  // namespace drill::sim
