#pragma once

#include <string>
#include <string_view>

namespace gate {

// SHA-256 (FIPS 180-4): 32 raw bytes, or 64 lower-case hex digits.
std::string Sha256(std::string_view bytes);
std::string Sha256Hex(std::string_view bytes);

}  // namespace gate
