#pragma once

#include <string>
#include <string_view>

#include "gate/base/result.h"

namespace gate {

// Lower-case hexadecimal.
std::string HexEncode(std::string_view bytes);

// RFC 4648 base64: the standard alphabet with padding (section 4), or URL-safe without (section 5).
std::string Base64Encode(std::string_view bytes);
std::string Base64UrlEncode(std::string_view bytes);

// Strict: no white space, no missing or superfluous padding, no non-zero trailing bits.
Result<std::string> Base64Decode(std::string_view text);
Result<std::string> Base64UrlDecode(std::string_view text);

// True if `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool IsValidUtf8(std::string_view text);

// ASCII letters only; all other bytes stay.
std::string LowerCase(std::string_view text);

// Without spaces, tabs and line breaks at both ends.
std::string_view Trimmed(std::string_view text);

// As text and as attributes of XML and HTML want it: &, <, > and " as entities.
std::string EscapeMarkup(std::string_view text);

// At most `limit` bytes of `text`, cut at a character boundary, with "…" appended if cut.
std::string Truncate(std::string_view text, std::size_t limit);

}  // namespace gate
