#pragma once

#include <string>
#include <string_view>

namespace gate {

// A version 5 UUID (RFC 9562, section 5.5) of `name` within the namespace of URLs: always the same
// for the same name.
std::string UuidOf(std::string_view name);

}  // namespace gate
