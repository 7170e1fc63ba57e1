#pragma once

#include "harness/cli/chosen.h"

namespace CLI {
class App;
}

namespace drill::cli {

// `gate-drill trace` and `gate-drill compare`: docs/fidelity.md.
void AddFidelityCommands(CLI::App& app, Chosen& chosen);

}  // namespace drill::cli
