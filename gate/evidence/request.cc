#include "gate/evidence/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "gate/base/encoding.h"
#include "gate/evidence/text.h"
#include "gate/seams/http_client.h"

namespace gate::evidence {
namespace {

constexpr std::size_t kMaxReleaseIdBytes = 253;
constexpr std::size_t kMaxNameBytes = 63;
constexpr std::size_t kMinNonceBytes = 16;
constexpr std::size_t kMaxNonceBytes = 64;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool ConsistsOf(std::string_view text, std::string_view punctuation) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAlphanumeric(c) || punctuation.find(c) != std::string_view::npos;
  });
}

QueryMistake Invalid(std::string message) {
  return QueryMistake{Reason::kInvalidRequest, std::move(message)};
}

Result<void, QueryMistake> ValidateReleaseId(std::string_view id) {
  if (id.empty()) return QueryMistake{Reason::kReleaseIdMissing, "the release id is empty"};
  if (id.size() > kMaxReleaseIdBytes) {
    return Invalid(fmt::format("the release id has {} bytes, more than the {} allowed", id.size(),
                               kMaxReleaseIdBytes));
  }
  if (!IsValidUtf8(id)) return Invalid("the release id is not valid UTF-8");
  if (HasControlCharacters(id)) {
    return Invalid(fmt::format("the release id {} holds a control character", Quote(id)));
  }
  // As a path segment either would be resolved (RFC 3986 section 5.2.4) and ask something else.
  if (id == "." || id == "..") {
    return Invalid(fmt::format("the release id must not be {}", Quote(id)));
  }
  return {};
}

Result<void, QueryMistake> ValidateName(std::string_view what, std::string_view name) {
  if (!name.empty() && name.size() <= kMaxNameBytes && ConsistsOf(name, "._-")) return {};
  return Invalid(fmt::format("the {} {} is not 1 to {} letters, digits, \".\", \"_\" or \"-\"",
                             what, Quote(name), kMaxNameBytes));
}

Result<void, QueryMistake> ValidateNonce(std::string_view nonce) {
  if (nonce.size() >= kMinNonceBytes && nonce.size() <= kMaxNonceBytes && ConsistsOf(nonce, "_-")) {
    return {};
  }
  return Invalid(fmt::format("the nonce is not {} to {} letters, digits, \"_\" or \"-\"",
                             kMinNonceBytes, kMaxNonceBytes));
}

}  // namespace

std::string_view ToString(Scheme scheme) {
  switch (scheme) {
    case Scheme::kDsse:
      return "dsse";
    case Scheme::kJws:
      return "jws";
  }
  GATE_CHECK(false);
}

std::optional<Scheme> SchemeFromString(std::string_view name) {
  for (const Scheme scheme : {Scheme::kDsse, Scheme::kJws}) {
    if (name == ToString(scheme)) return scheme;
  }
  return std::nullopt;
}

Result<void, QueryMistake> Validate(const Query& query) {
  if (auto valid = ValidateReleaseId(query.release_id); !valid) return valid;
  if (auto valid = ValidateName("environment", query.environment); !valid) return valid;
  if (auto valid = ValidateName("stage", query.stage); !valid) return valid;
  return ValidateNonce(query.nonce);
}

std::string BuildUrl(std::string_view base_url, const Query& query) {
  GATE_CHECK(Validate(query).has_value());
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  return fmt::format("{}/v1/evidence/{}?environment={}&stage={}&nonce={}", base_url,
                     PercentEncode(query.release_id), PercentEncode(query.environment),
                     PercentEncode(query.stage), PercentEncode(query.nonce));
}

std::string_view AcceptedType(Scheme scheme) {
  switch (scheme) {
    case Scheme::kDsse:
      return "application/vnd.in-toto+dsse";
    case Scheme::kJws:
      return "application/json";
  }
  GATE_CHECK(false);
}

}  // namespace gate::evidence
