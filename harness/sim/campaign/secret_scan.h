#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/strict_json.h"

namespace drill::sim {

// Looks for texts that must not be seen.
class SecretScan {
 public:
  // Also finds it as base64. Nothing shorter than kShortest is looked for.
  static constexpr std::size_t kShortest = 16;
  void Add(std::string_view secret);

  bool IsInText(std::string_view text) const;
  // In any text or key of it.
  bool IsInJson(const gate::Json& json) const;

 private:
  std::vector<std::string> needles_;
};

// The secret part of a private key's PEM text.
std::string SecretPartOfPem(std::string_view pem);

}  // namespace drill::sim
