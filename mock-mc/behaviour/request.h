#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"

namespace mock_mc {

// Both clocks, read together: `at` for intervals, `wall` for what is written into answers.
struct Moment {
  gate::Instant at;
  gate::WallTime wall;
};

// Names and values in the order of the wire; names may repeat.
using Fields = std::vector<std::pair<std::string, std::string>>;

// Compares without regard to case (RFC 9110 section 5.1).
bool SameHeaderName(std::string_view a, std::string_view b);

// The first value of the header `name`, compared without regard to case; nullptr if absent.
const std::string* FindHeader(const Fields& headers, std::string_view name);

// The first value of `name`, compared exactly; nullptr if absent.
const std::string* FindField(const Fields& fields, std::string_view name);

// Replaces the first header of that name, or adds it.
void SetHeader(Fields& headers, std::string_view name, std::string_view value);

// What may be shown of the value of an Authorization header: "Bearer sha256:0123456789ab", the
// first digits of the SHA-256 of the credentials.
std::string CredentialsFingerprint(const std::string& authorization);

// One request as it came off the wire.
struct Request {
  std::string method;
  std::string target;  // as sent: "/v1/evidence/a%20b?stage=20", or in absolute form
  Fields headers;
  std::string body;
  bool keep_alive = true;  // what the client asked for, by version and Connection header
};

// A request target taken apart; everything is percent-decoded (RFC 3986; '+' stays '+').
struct Target {
  std::string path;  // decoded, for people
  std::vector<std::string> segments;
  Fields query;
};

// kInvalidArgument if there is no absolute path or a percent sign is not followed by two hex
// digits.
gate::Result<Target> ParseTarget(std::string_view target);

}  // namespace mock_mc
