#include "harness/scenario/text_regex.h"

#include <regex>

namespace drill {

struct TextRegex::Rep {
  std::regex regex;
};

gate::Result<TextRegex> TextRegex::Compile(const std::string& pattern) {
  try {
    return TextRegex(std::make_shared<Rep>(Rep{std::regex(pattern, std::regex::ECMAScript)}));
  } catch (const std::regex_error& error) {
    return gate::Error{gate::ErrorCode::kInvalidArgument,
                       "\"" + pattern + "\" is not a regular expression: " + error.what()};
  }
}

bool TextRegex::Matches(std::string_view text) const {
  constexpr std::size_t kLongest = 2048;  // bytes; libstdc++ recurses once per character
  text = text.substr(0, kLongest);
  try {
    return std::regex_match(text.begin(), text.end(), rep_->regex);
  } catch (const std::regex_error&) {
    return false;
  }
}

}  // namespace drill
