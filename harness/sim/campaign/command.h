#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "gate/seams/files.h"
#include "gate/seams/runtime.h"
#include "harness/runner/summary.h"
#include "harness/runner/timeline_view.h"
#include "harness/sim/campaign/campaign.h"

namespace drill::sim {

// `gate-drill campaign` and `gate-drill replay`, without the parsing of command lines.

struct CampaignOptions {
  std::uint64_t runs = 1000;
  std::uint64_t seed = 1;
  int jobs = 1;
  std::string shard = "1/1";
  // The same for a Kubernetes Indexed Job: how many shards there are, and which one it is, counted
  // from 0 (JOB_COMPLETION_INDEX). 0 shards: `shard` says it.
  std::uint64_t shards = 0;
  std::optional<std::uint64_t> shard_index;
  enum class Result { kInFile, kAlsoPrinted } result = Result::kInFile;  // the last line, as JSON
  std::vector<std::string> scenarios;  // paths; empty: generated worlds
  std::string out;                     // folder for result and cases; empty: none is written
  std::uint64_t most_failures = 10;
  std::vector<std::string> merge;  // folders: nothing is played, their results are added up
};

struct ReplayOptions {
  std::string file;
  enum class Timeline { kHidden, kShown } timeline = Timeline::kHidden;
  enum class Logs { kHidden, kShown } logs = Logs::kHidden;
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
  std::size_t columns = kTimelineColumns;  // of a line of a timeline
};

// Plays a campaign, shrinks what failed, and ends with "N passed, M failed". kFail if an invariant
// was broken, or if 5000 generated cases or more never reached something that they should;
// kInconclusive if a case could not be played; kAborted after a stop.
ExitCode RunCampaignCommand(const CampaignOptions& options, const CommandPlace& place);

// Plays one case from its file, a scenario with `replay`. kFail if an invariant is broken,
// kInternal if it went another way than when it was written (its trace).
ExitCode RunReplayCommand(const ReplayOptions& options, const CommandPlace& place);

// "2/4". kInvalidArgument if it is none.
gate::Result<Shard> ParseShard(std::string_view text);

// Which shard the options ask for. kInvalidArgument if there is none such.
gate::Result<Shard> ShardOf(const CampaignOptions& options);

}  // namespace drill::sim
