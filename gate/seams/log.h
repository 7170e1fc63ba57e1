#pragma once

#include <string_view>

#include "gate/base/strict_json.h"
#include "gate/seams/line_sink.h"
#include "gate/seams/runtime.h"

namespace gate {

enum class LogFormat {
  kJson,  // one JSON object a line, for collectors
  kText,  // for a person at a terminal
};

// What happened, once, where it is handled. Callers never pass secrets. The audit trail is
// something else: see gate/audit.
class Log {
 public:
  Log(LineSink& sink, Runtime& runtime, LogFormat format)
      : sink_(sink), runtime_(runtime), format_(format) {}

  // `fields` is a flat JSON object.
  void Info(std::string_view message, const Json& fields = Json::object());
  void Warn(std::string_view message, const Json& fields = Json::object());

 private:
  void Write(std::string_view level, std::string_view message, const Json& fields);

  LineSink& sink_;
  Runtime& runtime_;
  LogFormat format_;
};

}  // namespace gate
