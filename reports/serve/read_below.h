#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"

// Reading what a request names, and nothing else.
namespace reports {

// No line of a journal is longer, in bytes.
inline constexpr std::size_t kLongestJournalLine = std::size_t{17} << 20U;

// The segments of a path as it stands in a request ("runs/a%20b/files"), decoded; nothing if one is
// empty, "." or "..", begins with a dot, is wrongly encoded, or holds a slash, a backslash or a
// control character once it is decoded.
std::optional<std::vector<std::string>> SplitPath(std::string_view path);

// The file that `segments` name below `folder`. kNotFound also for whatever is reached through a
// symbolic link, wherever it leads; kInvalidArgument if it is larger than `limit` or no regular
// file.
gate::Result<std::string> ReadBelow(const std::string& folder,
                                    const std::vector<std::string>& segments, std::size_t limit);

// A piece of a file that is being appended to.
struct Piece {
  std::string lines;     // whole lines, at most about a megabyte unless one is longer
  std::string file_id;   // tells this file from one that took its place
  std::size_t next = 0;  // where the next piece begins
};

// The lines of `folder`/`name` from byte `after` on, if it is still the file `file_id`; from its
// start otherwise, or if `file_id` is empty. Errors as above.
gate::Result<Piece> ReadPiece(const std::string& folder, const std::string& name,
                              const std::string& file_id, std::size_t after);

}  // namespace reports
