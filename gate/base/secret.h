#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gate {

// Text that must never be shown: it has no stream operator, no formatter and no JSON conversion.
// Whoever needs the text says so with Reveal(), which is easy to find in a review.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  std::string_view Reveal() const { return text_; }

 private:
  std::string text_;
};

}  // namespace gate
