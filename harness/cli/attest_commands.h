#pragma once

#include "harness/cli/chosen.h"

namespace CLI {
class App;
}

namespace drill::cli {

// `gate-drill keygen`, `sign`, `verify` and `approve`: docs/report-signing.md.
void AddAttestCommands(CLI::App& app, Chosen& chosen);

}  // namespace drill::cli
