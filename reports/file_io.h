#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gate/base/result.h"

namespace reports {

// The whole file. kNotFound, kPermissionDenied, kInvalidArgument (no regular file, or larger than
// `limit` bytes), kUnavailable. The message names the path.
gate::Result<std::string> ReadWholeFile(const std::string& path,
                                        std::size_t limit = std::size_t{1} << 20U);

// Replaces `path` by `text` as a whole: readers see the old file or the new one, also after a
// crash. Errors as above; nothing half-written is left behind.
gate::Result<void> WriteFileAtomically(const std::string& path, std::string_view text);

// Adds `text` to the end of a file, which it creates if it is not there. Errors as above.
gate::Result<void> AppendToFile(const std::string& path, std::string_view text);

// Creates a folder and its parents; one that exists is fine.
gate::Result<void> MakeFolder(const std::string& path);

// Makes a new or renamed entry of the folder that holds `path` durable.
gate::Result<void> SyncFolderOf(const std::string& path);

// The error of a system call that failed with `error_number` on `path`.
gate::Error FileError(const std::string& path, int error_number);

}  // namespace reports
