#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gate/base/result.h"

namespace drill {

// An ECMAScript regular expression that has to match a text as a whole. `.` matches no line break.
class TextRegex {
 public:
  // kInvalidArgument with the reason.
  static gate::Result<TextRegex> Compile(const std::string& pattern);

  // Only the first 2 KiB of `text` are looked at, which bounds the matcher's recursion. A pattern
  // that the matcher gives up on (too complex) does not match.
  bool Matches(std::string_view text) const;

 private:
  struct Rep;
  explicit TextRegex(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
  std::shared_ptr<const Rep> rep_;  // shared: immutable, and copies are cheap
};

}  // namespace drill
