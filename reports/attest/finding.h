#pragma once

#include <string>

namespace reports {

// Something about one file of a report.
struct Finding {
  std::string file;
  std::string what;  // "was changed: ..."

  bool operator==(const Finding&) const = default;
};

}  // namespace reports
