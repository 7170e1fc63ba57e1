#pragma once

#include <string_view>

// What is the same on every page: its style and its script, both in the page itself.
namespace reports {

std::string_view PageStyle();

// Theme, filter, opening what a link points at, and all details when it is printed. Without it
// everything can be read, too.
std::string_view PageScript();

}  // namespace reports
