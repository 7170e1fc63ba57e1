#pragma once

#include "harness/sim/campaign/command.h"

namespace CLI {
class App;
}

namespace drill::sim {

// The options of `gate-drill campaign` and `gate-drill replay`, read into `options`, which must
// outlive the parsing.
void AddCampaignOptions(CLI::App& command, CampaignOptions& options);
void AddReplayOptions(CLI::App& command, ReplayOptions& options);

}  // namespace drill::sim
