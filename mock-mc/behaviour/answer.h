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

// Puts a breakage into the text of a JSON object; the others leave it as it is.
std::string BreakJson(Malformed how, std::string text);

// Breaks the body as scripted, unless that is to be done to evidence before it is signed.
void BreakBody(const Breakage& breakage, bool is_evidence, HttpAnswer& answer);

// HTTP/1.1 status line, the answer's headers, Date, Content-Length and, unless `keep_alive`,
// Connection: close; then the body, unless `method` is HEAD.
std::string Serialise(const HttpAnswer& answer, std::string_view method, bool keep_alive,
                      gate::WallTime now);

}  // namespace mock_mc
