#include "harness/cli/complain.h"

#include <fmt/format.h>

#include <cstdio>

namespace drill::cli {

ExitCode Complain(const gate::Error& error, ExitCode code) {
  fmt::print(stderr, "{}\n", error.message);
  return code;
}

ExitCode Complain(const gate::Error& error) {
  const bool wrong =
      error.code == gate::ErrorCode::kProtocol || error.code == gate::ErrorCode::kConflict;
  return Complain(error, wrong ? ExitCode::kFail : ExitCode::kInvalidInput);
}

}  // namespace drill::cli
