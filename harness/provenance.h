#pragma once

#include <optional>
#include <string>

#include "gate/seams/process_runner.h"
#include "gate/seams/runtime.h"
#include "harness/fidelity/compare.h"
#include "reports/model.h"

// Where a run comes from, as its report tells.
namespace drill {

// SHA-256 of this program's own file; "" if it cannot be read, or was built for debugging and is
// very large.
std::string ProgramDigest();

struct GitState {
  std::string commit;         // "": not known
  std::optional<bool> dirty;  // nothing: not known
};

// Of the work tree that holds `path`. Where there is no git, CI systems tell the commit.
GitState ReadGitState(gate::ProcessRunner& processes, gate::Runtime& runtime,
                      const std::string& path);

// This machine, and the CI job if there is one.
gate::Json DescribeEnvironment();

// Nothing if the scenario was not compared.
std::optional<reports::FidelityRow> FidelityRowOf(const Agreement& agreement);

}  // namespace drill
