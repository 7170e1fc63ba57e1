#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/evidence/reason.h"

namespace gate::evidence {

// The most that MC's answer may weigh, in bytes: the body_limit of the request.
inline constexpr std::size_t kMaxBodyBytes = std::size_t{1} << 20U;

// The response header that carries the detached JWS.
inline constexpr std::string_view kSignatureHeader = "X-Evidence-Signature";

// How MC signs. Configured, never taken from an answer.
enum class Scheme {
  kDsse,  // an in-toto Statement in a DSSE envelope
  kJws,   // plain JSON with a detached JWS in a header
};

// "dsse", "jws", as in the configuration.
std::string_view ToString(Scheme scheme);
std::optional<Scheme> SchemeFromString(std::string_view name);

// The question: may this release go past this stage in this environment?
struct Query {
  std::string release_id;   // 1 to 253 bytes of UTF-8, no control characters, not "." or ".."
  std::string environment;  // 1 to 63 of A-Z a-z 0-9 . _ -
  std::string stage;        // the same; the weight as text, such as "20"
  std::string nonce;        // 16 to 64 of A-Z a-z 0-9 _ -, fresh for every request
};

struct QueryMistake {
  Reason reason;  // kReleaseIdMissing or kInvalidRequest
  std::string message;
};

// The first thing wrong with a query, whose parts come from a template that people wrote.
Result<void, QueryMistake> Validate(const Query& query);

// The URL to GET. `base_url` is absolute, without query or fragment; a slash at its end does not
// matter. `query` must be valid.
std::string BuildUrl(std::string_view base_url, const Query& query);

// The value of the Accept header.
std::string_view AcceptedType(Scheme scheme);

}  // namespace gate::evidence
