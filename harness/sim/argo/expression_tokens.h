#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"

namespace drill::sim::argo {

// A word of a condition (expression.h).
struct Token {
  enum class Kind { kName, kNumber, kText, kOperator, kEnd } kind = Kind::kEnd;
  std::string text;  // as written; of a text: what stands between the quotes, unescaped
  gate::Json value;  // of numbers and texts
};

// Ends with a kEnd. Errors: kInvalidArgument.
gate::Result<std::vector<Token>> Tokenize(std::string_view text);

}  // namespace drill::sim::argo
