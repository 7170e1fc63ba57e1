#include "gate/adapters/http_request_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gate {
namespace {

// RFC 9110 section 5.6.2.
bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// RFC 9110 section 5.5: no control characters but tabs.
bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
  });
}

Result<void> Check(const HttpRequest& request) {
  constexpr std::array kOwn = {"Host", "Content-Length", "Transfer-Encoding", "Connection"};
  if (!IsToken(request.method) || request.method == "CONNECT") {
    return InvalidArgument("unusable method");
  }
  for (const auto& [name, value] : request.headers.entries()) {
    if (!IsToken(name)) return InvalidArgument("a header name has characters that are not allowed");
    if (!IsFieldValue(value)) {
      return InvalidArgument(fmt::format("the value of header {} has control characters", name));
    }
  }
  for (const char* name : kOwn) {
    if (request.headers.Count(name) > 0) {
      return InvalidArgument(fmt::format("header {} is set by the client itself", name));
    }
  }
  if (!request.bearer_token.empty()) {
    if (request.headers.Count("Authorization") > 0) {
      return InvalidArgument("a bearer token and an Authorization header are both given");
    }
    if (!IsFieldValue(request.bearer_token.Reveal())) {
      return InvalidArgument("the bearer token has control characters, such as a line break");
    }
  }
  return {};
}

// RFC 9110 section 8.6: a length also for an empty body where one is expected.
bool NeedsContentLength(const HttpRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
         request.method == "PATCH";
}

}  // namespace

Result<std::string> WriteHttpRequest(const HttpRequest& request, const HttpUrl& url) {
  if (auto checked = Check(request); !checked) return std::move(checked).error();
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, url.target, url.HostHeader());
  for (const auto& [name, value] : request.headers.entries()) {
    text += fmt::format("{}: {}\r\n", name, value);
  }
  if (request.headers.Count("Accept-Encoding") == 0) text += "Accept-Encoding: identity\r\n";
  if (!request.bearer_token.empty()) {
    text += fmt::format("Authorization: Bearer {}\r\n", request.bearer_token.Reveal());
  }
  if (NeedsContentLength(request)) {
    text += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  text += "\r\n";
  text += request.body;
  return text;
}

}  // namespace gate
