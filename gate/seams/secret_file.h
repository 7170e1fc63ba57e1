#pragma once

#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/secret.h"
#include "gate/seams/files.h"

namespace gate {

// Reads what is kept secret: a token, a key, a webhook's URL. It is one word of printable ASCII;
// white space around it is dropped. Errors are those of Files, and kInvalidArgument if the file
// holds nothing, or something else; they name the file, and never what is in it.
Result<Secret> ReadSecret(Files& files, const std::string& path);

// Several, one a line; blank lines are skipped.
Result<std::vector<Secret>> ReadSecrets(Files& files, const std::string& path);

}  // namespace gate
