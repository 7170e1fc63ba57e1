#include "mock-mc/behaviour/request.h"

#include <algorithm>
#include <optional>

#include "gate/base/digest.h"

namespace mock_mc {
namespace {

constexpr std::size_t kFingerprintDigits = 12;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = Lower(c);
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return std::nullopt;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

// Calls `each` with every piece of `text` between separators, until it returns false.
template <typename Each>
bool ForEachPiece(std::string_view text, char separator, Each each) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (!each(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

// "http://host/path" to "/path" (RFC 9112 section 3.2.2).
std::string_view StripAuthority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target;
}

}  // namespace

bool SameHeaderName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

const std::string* FindHeader(const Fields& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (SameHeaderName(key, name)) return &value;
  }
  return nullptr;
}

const std::string* FindField(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

void SetHeader(Fields& headers, std::string_view name, std::string_view value) {
  for (auto& [key, old] : headers) {
    if (!SameHeaderName(key, name)) continue;
    old = value;
    return;
  }
  headers.emplace_back(name, value);
}

std::string CredentialsFingerprint(const std::string& authorization) {
  const std::size_t space = authorization.find(' ');
  const std::size_t secret = space == std::string::npos ? 0 : space + 1;
  return authorization.substr(0, secret) +
         "sha256:" + gate::Sha256Hex(authorization.substr(secret)).substr(0, kFingerprintDigits);
}

gate::Result<Target> ParseTarget(std::string_view target) {
  const gate::Error malformed{gate::ErrorCode::kInvalidArgument, "the request target is malformed"};
  const std::string_view relative = StripAuthority(target.substr(0, target.find('#')));
  const std::size_t mark = relative.find('?');
  const std::string_view path = relative.substr(0, mark);
  if (!path.starts_with('/')) return malformed;

  Target parsed;
  const bool path_good = ForEachPiece(path.substr(1), '/', [&](std::string_view piece) {
    auto segment = PercentDecode(piece);
    if (!segment) return false;
    parsed.path += '/' + *segment;
    parsed.segments.push_back(*std::move(segment));
    return true;
  });
  if (!path_good) return malformed;
  if (mark == std::string_view::npos) return parsed;

  const bool query_good = ForEachPiece(relative.substr(mark + 1), '&', [&](std::string_view piece) {
    if (piece.empty()) return true;
    const std::size_t equals = piece.find('=');
    auto name = PercentDecode(piece.substr(0, equals));
    auto value = PercentDecode(equals == std::string_view::npos ? "" : piece.substr(equals + 1));
    if (!name || !value) return false;
    parsed.query.emplace_back(*std::move(name), *std::move(value));
    return true;
  });
  if (!query_good) return malformed;
  return parsed;
}

}  // namespace mock_mc
