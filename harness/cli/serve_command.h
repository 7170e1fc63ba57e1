#pragma once

#include "harness/cli/chosen.h"

namespace CLI {
class App;
}

namespace drill::cli {

// `gate-drill serve`: docs/report-history.md.
void AddServeCommand(CLI::App& app, Chosen& chosen);

}  // namespace drill::cli
