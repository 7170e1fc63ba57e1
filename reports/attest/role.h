#pragma once

#include <cstddef>
#include <string_view>

namespace reports {

inline constexpr std::string_view kRoleRule =
    "a role has 1 to 64 letters, digits, dots, dashes and underscores";

inline bool IsRole(std::string_view role) {
  constexpr std::size_t kLongest = 64;
  return !role.empty() && role.size() <= kLongest &&
         role.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
             std::string_view::npos;
}

}  // namespace reports
