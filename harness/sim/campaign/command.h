#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "gate/seams/files.h"
#include "gate/seams/runtime.h"
#include "harness/runner/summary.h"
#include "harness/sim/campaign/campaign.h"

namespace drill::sim {

// `gate-drill campaign` and `gate-drill replay`, without the parsing of command lines.

struct CampaignOptions {
  std::uint64_t runs = 1000;
  std::uint64_t seed = 1;
  int jobs = 1;
  std::string shard = "1/1";
  std::vector<std::string> scenarios;  // paths; empty: generated worlds
  std::string out;                     // folder for result and cases; empty: none is written
  std::uint64_t most_failures = 10;
  std::vector<std::string> merge;  // folders: nothing is played, their results are added up
};

struct ReplayOptions {
  std::string file;
};

// Where commands run.
struct CommandPlace {
  gate::Runtime& runtime;
  gate::Files& files;
  std::string manifests;  // kind/scenario
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  enum class Progress { kLines, kOneLine } progress = Progress::kLines;  // kOneLine: a terminal
  std::stop_token stop;
};

// Plays a campaign, shrinks what failed, and ends with "N passed, M failed". kFail if an invariant
// was broken, or if 5000 generated cases or more never reached something that they should;
// kInconclusive if a case could not be played; kAborted after a stop.
ExitCode RunCampaignCommand(const CampaignOptions& options, const CommandPlace& place);

// Plays one case from its file. kFail if an invariant is broken, kInternal if it went another way
// than when it was written (its trace).
ExitCode RunReplayCommand(const ReplayOptions& options, const CommandPlace& place);

// "2/4". kInvalidArgument if it is none.
gate::Result<Shard> ParseShard(std::string_view text);

}  // namespace drill::sim
