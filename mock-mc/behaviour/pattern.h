#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "mock-mc/behaviour/request.h"

namespace mock_mc {

// What a value must be: "text" is equal to it, "~regex" (ECMAScript) is found anywhere in it.
// Values longer than kLongestForRegex bytes match no regex.
class TextPattern {
 public:
  static constexpr std::size_t kLongestForRegex = 2048;

  // kInvalidArgument if the regex is none.
  static gate::Result<TextPattern> Parse(std::string_view text);

  bool Matches(std::string_view value) const;

  const std::string& text() const { return text_; }  // as written

 private:
  struct Compiled;
  std::string text_;
  std::shared_ptr<const Compiled> regex_;  // shared by copies, as compiling is dear
};

// What a path must be: literal segments, "{name}" for any one non-empty segment, and "**" at the
// end for any rest: "/v1/evidence/{releaseId}", "/hooks/**". "~regex" looks at the whole path.
class PathPattern {
 public:
  static gate::Result<PathPattern> Parse(std::string_view text);

  // The values of the named segments, or nothing if the path does not match.
  std::optional<Fields> Match(const Target& target) const;

  bool HasParameter(std::string_view name) const;

  const std::string& text() const { return text_; }  // as written

 private:
  struct Segment {
    std::string text;  // the literal, or the parameter's name
    bool is_parameter;
  };
  std::string text_;
  std::vector<Segment> segments_;
  bool open_end_ = false;
  std::optional<TextPattern> regex_;
};

}  // namespace mock_mc
