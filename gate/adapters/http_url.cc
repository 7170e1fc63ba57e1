#include "gate/adapters/http_url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "gate/base/encoding.h"

namespace gate {
namespace {

constexpr std::size_t kLongestUrl = std::size_t{16} << 10U;
constexpr std::size_t kLongestHost = 253;  // RFC 1035 section 2.3.4, as text

Error BadUrl(std::string_view what) { return InvalidArgument(fmt::format("the URL {}", what)); }

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// Visible ASCII only: what is left after percent-encoding.
bool IsUrlCharacter(char c) { return c > ' ' && c < '\x7f'; }

bool IsAddress(int family, const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(family, host.c_str(), address) == 1;
}

// Splits the port off `authority`, which is then the host.
Result<std::optional<std::uint16_t>> TakePort(std::string_view& authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return std::optional<std::uint16_t>();
  }
  const std::string_view digits = authority.substr(colon + 1);
  authority = authority.substr(0, colon);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) {
    return BadUrl("has no valid port: expected 1 to 65535");
  }
  return std::optional<std::uint16_t>(port);
}

Result<void> ReadHost(std::string_view text, HttpUrl& url) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return BadUrl("has a bracket in its host that is not closed");
    url.host = LowerCase(text.substr(1, text.size() - 2));
    url.host_is_ip = IsAddress(AF_INET6, url.host);
    if (!url.host_is_ip) return BadUrl("has no valid IPv6 address between its brackets");
    return {};
  }
  url.host = LowerCase(text);
  if (url.host.empty()) return BadUrl("has no host");
  if (url.host.size() > kLongestHost) return BadUrl("has a host of more than 253 characters");
  if (!std::all_of(url.host.begin(), url.host.end(), IsHostCharacter)) {
    return BadUrl("has a host with characters other than letters, digits, '-', '.' and '_'");
  }
  url.host_is_ip = IsAddress(AF_INET, url.host);
  return {};
}

}  // namespace

std::string HttpUrl::Authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

std::string HttpUrl::HostHeader() const {
  std::string authority = Authority();
  if (port != (https ? 443 : 80)) return authority;
  return authority.substr(0, authority.rfind(':'));
}

std::string HttpUrl::Origin() const {
  return fmt::format("{}://{}", https ? "https" : "http", Authority());
}

Result<HttpUrl> ParseHttpUrl(std::string_view text) {
  if (text.size() > kLongestUrl) return BadUrl("is longer than 16 KiB");
  if (!std::all_of(text.begin(), text.end(), IsUrlCharacter)) {
    return BadUrl("contains white space, a control character or a non-ASCII character");
  }
  HttpUrl url;
  const std::size_t colon = text.find("://");
  const std::string scheme = LowerCase(text.substr(0, std::min(colon, text.size())));
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return BadUrl("does not start with http:// or https://");
  }
  url.https = scheme == "https";
  text.remove_prefix(colon + 3);
  if (text.find('#') != std::string_view::npos) return BadUrl("has a fragment (#)");
  const std::size_t path = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, path);
  if (authority.find('@') != std::string_view::npos) return BadUrl("holds user info (@)");
  if (!text.substr(path).starts_with('/')) url.target = '/';
  url.target += text.substr(path);
  const auto port = TakePort(authority);
  if (!port) return port.error();
  url.port = (*port).value_or(url.https ? 443 : 80);
  if (auto host = ReadHost(authority, url); !host) return std::move(host).error();
  return url;
}

}  // namespace gate
