#include "mock-mc/behaviour/pattern.h"

#include <regex>
#include <utility>

namespace mock_mc {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

Error Invalid(std::string message) {
  return Error{ErrorCode::kInvalidArgument, std::move(message)};
}

}  // namespace

struct TextPattern::Compiled {
  std::regex regex;
};

Result<TextPattern> TextPattern::Parse(std::string_view text) {
  TextPattern pattern;
  pattern.text_ = std::string(text);
  if (!text.starts_with('~')) return pattern;
  try {
    pattern.regex_ = std::make_shared<const Compiled>(
        Compiled{std::regex(pattern.text_.substr(1), std::regex::ECMAScript)});
  } catch (const std::regex_error& error) {
    return Invalid("\"" + pattern.text_.substr(1) +
                   "\" is not a regular expression: " + error.what());
  }
  return pattern;
}

bool TextPattern::Matches(std::string_view value) const {
  if (!regex_) return value == text_;
  if (value.size() > kLongestForRegex) return false;
  try {
    return std::regex_search(value.begin(), value.end(), regex_->regex);
  } catch (const std::regex_error&) {
    return false;  // libstdc++ gives up on patterns that explode
  }
}

Result<PathPattern> PathPattern::Parse(std::string_view text) {
  PathPattern pattern;
  pattern.text_ = std::string(text);
  if (text.starts_with('~')) {
    auto regex = TextPattern::Parse(text);
    if (!regex) return std::move(regex).error();
    pattern.regex_ = *std::move(regex);
    return pattern;
  }
  if (!text.starts_with('/'))
    return Invalid("a path starts with \"/\" (or with \"~\" for a regex)");
  std::string_view rest = text.substr(1);
  for (bool more = true; more;) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    more = slash != std::string_view::npos;
    if (more) rest.remove_prefix(slash + 1);
    if (segment == "**") {
      if (more) return Invalid("\"**\" must be the last segment");
      pattern.open_end_ = true;
    } else if (segment.starts_with('{') && segment.ends_with('}') && segment.size() > 2) {
      pattern.segments_.push_back({std::string(segment.substr(1, segment.size() - 2)), true});
    } else if (segment.find_first_of("{}*?") != std::string_view::npos) {
      return Invalid("\"" + std::string(segment) +
                     "\" is neither a literal segment nor {name} nor **");
    } else {
      pattern.segments_.push_back({std::string(segment), false});
    }
  }
  return pattern;
}

std::optional<Fields> PathPattern::Match(const Target& target) const {
  if (regex_) return regex_->Matches(target.path) ? std::optional<Fields>(Fields()) : std::nullopt;
  if (target.segments.size() < segments_.size()) return std::nullopt;
  if (target.segments.size() > segments_.size() && !open_end_) return std::nullopt;
  Fields parameters;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const std::string& actual = target.segments[i];
    if (!segments_[i].is_parameter) {
      if (actual != segments_[i].text) return std::nullopt;
      continue;
    }
    if (actual.empty()) return std::nullopt;
    parameters.emplace_back(segments_[i].text, actual);
  }
  return parameters;
}

bool PathPattern::HasParameter(std::string_view name) const {
  for (const Segment& segment : segments_) {
    if (segment.is_parameter && segment.text == name) return true;
  }
  return false;
}

}  // namespace mock_mc
