#pragma once

#include <string>
#include <string_view>

#include "mock-mc/behaviour/request.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {

// An HTTP answer before it becomes bytes.
struct HttpAnswer {
  int status = 200;
  Fields headers;
  std::string body;
};

// "application/json" and {"error": "..."}.
HttpAnswer ErrorAnswer(int status, std::string_view error);

// Breaks the body as scripted; kDuplicateKeys and kNotUtf8 only for answers without evidence, whose
// builder breaks them before signing.
void BreakBody(Malformed malformed, bool is_evidence, HttpAnswer& answer);

// HTTP/1.1 status line, the answer's headers, Date, Content-Length and, unless `keep_alive`,
// Connection: close; then the body, unless `method` is HEAD.
std::string Serialise(const HttpAnswer& answer, std::string_view method, bool keep_alive,
                      gate::WallTime now);

}  // namespace mock_mc
