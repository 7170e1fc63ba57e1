#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gate::evidence {

// Text from the network on its way to people: terminals, chat, logs and Kubernetes objects.

// True if `utf8`, which must be well-formed, holds a control character (Unicode category Cc:
// U+0000 to U+001F, U+007F to U+009F).
bool HasControlCharacters(std::string_view utf8);

// At most `limit` bytes of well-formed UTF-8 on one line: each control character, line separator
// and change of writing direction becomes a space (one of the last could make a line read as
// something else). Of text that is not well-formed, every byte beyond ASCII becomes "?".
std::string Sanitize(std::string_view text, std::size_t limit);

// What somebody else said, to be put into a sentence: sanitized, at most 80 bytes, in double
// quotes, with those inside made single so that the end is where it seems to be.
std::string Quote(std::string_view text);

}  // namespace gate::evidence
