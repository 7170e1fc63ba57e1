#include "gate/seams/log.h"

#include <fmt/format.h>

#include <string>

namespace gate {

void Log::Info(std::string_view message, const Json& fields) { Write("info", message, fields); }

void Log::Warn(std::string_view message, const Json& fields) { Write("warn", message, fields); }

void Log::Write(std::string_view level, std::string_view message, const Json& fields) {
  const std::string time = FormatRfc3339(runtime_.WallNow());
  if (format_ == LogFormat::kJson) {
    Json line = fields;
    line["time"] = time;
    line["level"] = level;
    line["msg"] = message;
    sink_.Write(DumpJson(line));
    return;
  }
  std::string line = fmt::format("{} {:4} {}", time, level, message);
  for (const auto& [key, value] : fields.items()) {
    line += fmt::format(" {}={}", key, JsonText(value));
  }
  // A message can quote what a server sent: keep it on one line, and off the terminal's controls.
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  sink_.Write(line);
}

}  // namespace gate
