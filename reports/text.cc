#include "reports/text.h"

#include <cstdint>

#include "gate/base/encoding.h"

namespace reports {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

struct Character {
  std::size_t length;       // bytes; 1 if not valid
  std::uint32_t codepoint;  // 0xFFFD if not valid
};

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Decodes the first character of a text that is not empty (RFC 3629).
Character Decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {1, first};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {1, 0xFFFD};
  std::uint32_t codepoint = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return {1, 0xFFFD};
    codepoint = (codepoint << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const std::uint32_t least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
  const bool surrogate = codepoint >= 0xD800 && codepoint <= 0xDFFF;
  if (codepoint < least || codepoint > 0x10FFFF || surrogate) return {1, 0xFFFD};
  return {length, codepoint};
}

bool IsHarmful(std::uint32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  // Marks, embeddings, overrides and isolates that change the direction of what follows.
  const bool bidirectional = c == 0x061C || c == 0x200E || c == 0x200F ||
                             (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  const bool separator = c == 0x2028 || c == 0x2029;
  const bool noncharacter = (c & 0xFFFEU) == 0xFFFEU || (c >= 0xFDD0 && c <= 0xFDEF);
  return control || bidirectional || separator || noncharacter;
}

}  // namespace

std::string CleanText(std::string_view text, LineBreaks line_breaks) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const Character character = Decode(text);
    const char first = text.front();
    if (first == '\n') {
      clean += line_breaks == LineBreaks::kKept ? '\n' : ' ';
    } else if (first == '\t' || first == '\r') {
      clean += ' ';
    } else if (IsHarmful(character.codepoint) || character.codepoint == 0xFFFD) {
      clean += kReplacement;
    } else {
      clean += text.substr(0, character.length);
    }
    text.remove_prefix(character.length);
  }
  return clean;
}

std::string OneLine(std::string_view text) { return CleanText(text, LineBreaks::kAsSpaces); }

std::string EscapeMarkdown(std::string_view text) {
  std::string escaped;
  const std::string clean = OneLine(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const char c = clean[i];
    const std::string_view rest = std::string_view(clean).substr(i);
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '|') {
      escaped += "&#124;";  // a backslash would still split a cell inside a code span
    } else if (c == ':' && rest.starts_with("://")) {
      escaped += "&#58;";  // no autolinks
    } else if (c == '.' && (escaped.ends_with("www") || escaped.ends_with("WWW"))) {
      escaped += "&#46;";
    } else if (std::string_view("\\`*_[]~#$").find(c) != std::string_view::npos) {
      escaped += '\\';
      escaped += c;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (const char c : gate::EscapeMarkup(CleanText(text, LineBreaks::kKept))) {
    if (c == '\n') {
      escaped += "&#10;";  // as itself it would become a space in an attribute
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace reports
