#include "harness/sim/argo/expression_tokens.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace drill::sim::argo {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

// `rest` begins with a digit.
Result<Token> ReadNumber(std::string_view& rest) {
  std::size_t end = 0;
  bool fraction = false;
  while (end < rest.size() && (IsDigit(rest[end]) || rest[end] == '.' || rest[end] == 'e' ||
                               (rest[end] == '-' && end > 0 && rest[end - 1] == 'e'))) {
    fraction = fraction || !IsDigit(rest[end]);
    ++end;
  }
  Token token{Token::Kind::kNumber, std::string(rest.substr(0, end)), Json()};
  rest.remove_prefix(end);
  const char* const first = token.text.data();
  const char* const last = first + token.text.size();
  std::from_chars_result read{};
  if (fraction) {
    double number = 0;
    read = std::from_chars(first, last, number);
    token.value = number;
  } else {
    std::int64_t number = 0;
    read = std::from_chars(first, last, number);
    token.value = number;
  }
  if (read.ec == std::errc() && read.ptr == last) return token;
  return Error{ErrorCode::kInvalidArgument, fmt::format("invalid number \"{}\"", token.text)};
}

// `rest` begins with a quote.
Result<Token> ReadText(std::string_view& rest) {
  const char quote = rest.front();
  Token token{Token::Kind::kText, "", Json()};
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != quote; ++at) {
    if (rest[at] != '\\' || quote == '`' || at + 1 == rest.size()) {
      token.text += rest[at];
      continue;
    }
    const char escaped = rest[++at];
    token.text += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped == 'r' ? '\r' : escaped;
  }
  if (at == rest.size()) return Error{ErrorCode::kInvalidArgument, "literal not terminated"};
  rest.remove_prefix(at + 1);
  token.value = token.text;
  return token;
}

Result<Token> ReadOperator(std::string_view& rest) {
  constexpr std::array<std::string_view, 26> kOperators = {
      "**", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "<", ">", "+", "-",
      "*",  "/",  "%",  "!",  "?",  ":",  "(",  ")",  "[",  "]", ",", ".", "|"};
  for (const std::string_view op : kOperators) {
    if (rest.substr(0, op.size()) != op) continue;
    rest.remove_prefix(op.size());
    return Token{Token::Kind::kOperator, std::string(op), Json()};
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("unrecognized character: U+{:04X}",
                           static_cast<unsigned>(static_cast<unsigned char>(rest.front())))};
}

Result<Token> ReadToken(std::string_view& rest) {
  const char c = rest.front();
  if (IsDigit(c)) return ReadNumber(rest);
  if (c == '"' || c == '\'' || c == '`') return ReadText(rest);
  if (!IsNameStart(c)) return ReadOperator(rest);
  std::size_t end = 1;
  while (end < rest.size() && (IsNameStart(rest[end]) || IsDigit(rest[end]))) ++end;
  Token token{Token::Kind::kName, std::string(rest.substr(0, end)), Json()};
  rest.remove_prefix(end);
  return token;
}

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view text) {
  std::vector<Token> tokens;
  while (true) {
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    auto token = ReadToken(text);
    if (!token) return std::move(token).error();
    tokens.push_back(std::move(*token));
  }
  tokens.push_back({Token::Kind::kEnd, "", Json()});
  return tokens;
}

}  // namespace drill::sim::argo
