#include "gate/evidence/text.h"

#include <algorithm>
#include <bit>

#include "gate/base/encoding.h"

namespace gate::evidence {
namespace {

// Takes the first character off `utf8`, which is well-formed and not empty.
char32_t TakeCharacter(std::string_view& utf8) {
  const auto lead = static_cast<unsigned char>(utf8.front());
  const auto length = static_cast<std::size_t>(std::max(1, std::countl_one(lead)));
  char32_t character = length == 1 ? lead : lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    character = character << 6U | (static_cast<unsigned char>(utf8[i]) & 0x3fU);
  }
  utf8.remove_prefix(length);
  return character;
}

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c <= 0x9f); }

// U+2028, U+2029: line and paragraph separators. The others are the marks, embeddings, overrides
// and isolates of the bidirectional algorithm (UAX #9 section 2).
bool ChangesLayout(char32_t c) {
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

bool HasControlCharacters(std::string_view utf8) {
  while (!utf8.empty()) {
    if (IsControl(TakeCharacter(utf8))) return true;
  }
  return false;
}

std::string Sanitize(std::string_view text, std::size_t limit) {
  std::string ascii;
  if (!IsValidUtf8(text)) {
    ascii = text;
    std::replace_if(
        ascii.begin(), ascii.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; },
        '?');
    text = ascii;
  }
  std::string clean;
  std::string_view rest = text;
  // One byte more than the limit is enough for Truncate to see that something is missing.
  while (!rest.empty() && clean.size() <= limit) {
    const std::string_view before = rest;
    const char32_t character = TakeCharacter(rest);
    if (IsControl(character) || ChangesLayout(character)) {
      clean += ' ';
    } else {
      clean += before.substr(0, before.size() - rest.size());
    }
  }
  return Truncate(clean, limit);
}

std::string Quote(std::string_view text) {
  constexpr std::size_t kLimit = 80;
  std::string quoted = Sanitize(text, kLimit);
  std::replace(quoted.begin(), quoted.end(), '"', '\'');
  return '"' + quoted + '"';
}

}  // namespace gate::evidence
