#include "gate/adapters/http_response_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <iterator>

#include "gate/base/check.h"

namespace gate {
namespace {

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' && byte != 0x7f;
  });
}

bool HasBody(int status) { return status != 204 && status != 304; }

}  // namespace

std::string WriteHttpResponse(const HttpResponse& response, AfterAnswer after, AnswerBody body) {
  GATE_CHECK(response.status >= 200 && response.status < 600);
  for (const char* own : {"Content-Length", "Connection", "Transfer-Encoding"}) {
    GATE_CHECK(response.headers.Count(own) == 0);
  }
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                 std::string_view(reason.data(), reason.size()));
  for (const auto& [name, value] : response.headers.entries()) {
    GATE_CHECK(IsPrintable(name) && IsPrintable(value));
    fmt::format_to(std::back_inserter(text), "{}: {}\r\n", name, value);
  }
  if (after == AfterAnswer::kClose) text += "Connection: close\r\n";
  if (after == AfterAnswer::kKeepAndSaySo) text += "Connection: keep-alive\r\n";
  if (!HasBody(response.status)) return text + "\r\n";
  fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n\r\n", response.body.size());
  if (body == AnswerBody::kSend) text += response.body;
  return text;
}

}  // namespace gate
