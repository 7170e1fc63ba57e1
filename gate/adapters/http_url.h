#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gate/base/result.h"

namespace gate {

// An absolute http or https URL (RFC 3986), taken apart for sending.
struct HttpUrl {
  bool https = false;
  std::string host;  // lower case; an IPv6 literal without its brackets
  bool host_is_ip = false;
  std::uint16_t port = 0;
  std::string target;  // path and query as they are sent, at least "/"

  // "host:port", an IPv6 literal in brackets; the port is always there.
  std::string Authority() const;
  // For the Host header: without the scheme's default port (RFC 9110 section 7.2).
  std::string HostHeader() const;
  // "https://host:port": what connections are kept by.
  std::string Origin() const;
};

// kInvalidArgument for anything that is not such a URL: other schemes, user info, a fragment, a bad
// port, characters that must be percent-encoded, more than 16 KiB. The message never repeats the
// URL, which may hold a secret.
Result<HttpUrl> ParseHttpUrl(std::string_view url);

}  // namespace gate
