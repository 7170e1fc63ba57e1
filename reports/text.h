#pragma once

#include <string>
#include <string_view>

// Free text in reports comes from anywhere: scenario files, MC's reasons, messages of pods. These
// functions make it harmless for the format it is put into.
namespace reports {

enum class LineBreaks { kAsSpaces, kKept };

// Valid UTF-8 that any viewer and parser can take: invalid bytes, control characters, characters
// that turn the direction of text and non-characters are replaced by U+FFFD; tabs become spaces.
std::string CleanText(std::string_view text, LineBreaks line_breaks);

// The same on one line.
std::string OneLine(std::string_view text);

// One line of GitHub-flavoured Markdown that shows exactly `text`, in a paragraph or a table cell:
// no markup, no HTML, no links.
std::string EscapeMarkdown(std::string_view text);

// Text for XML 1.0 attribute values (in double quotes) and content; line breaks are kept.
std::string EscapeXml(std::string_view text);

}  // namespace reports
