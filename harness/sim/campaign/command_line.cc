#include "harness/sim/campaign/command_line.h"

#include <CLI/CLI.hpp>

namespace drill::sim {

void AddCampaignOptions(CLI::App& command, CampaignOptions& options) {
  command.add_option("--seeds", options.runs, "how many cases to play")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "what all cases are drawn from")
      ->capture_default_str();
  command.add_option("--jobs", options.jobs, "threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--shard", options.shard, "play only piece I of N of the cases")
      ->option_text("I/N");
  command.add_option("--shards", options.shards, "play only one of N pieces of the cases")
      ->option_text("N")
      ->check(CLI::Range(1, 1'000'000))
      ->excludes("--shard");
  command
      .add_option("--shard-index", options.shard_index,
                  "with --shards: which one, from 0 (an Indexed Job says it)")
      ->option_text("I")
      ->envname("JOB_COMPLETION_INDEX");
  command.add_flag_callback(
      "--print-result", [&options] { options.result = CampaignOptions::Result::kAlsoPrinted; },
      "print the result as the last line, as JSON");
  command
      .add_option("--scenarios", options.scenarios,
                  "use these scenarios' worlds (default: generated ones)")
      ->option_text("PATH...");
  command.add_option("--out", options.out, "folder for the result and the cases that failed");
  command.add_option("--most-failures", options.most_failures, "end early after so many")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command.add_option("--merge", options.merge, "add up the results in these folders, play nothing")
      ->option_text("DIR...");
}

void AddReplayOptions(CLI::App& command, ReplayOptions& options) {
  command.add_option("file", options.file, "a scenario that a campaign has written")->required();
  command.add_flag_callback(
      "--logs", [&options] { options.logs = ReplayOptions::Logs::kShown; },
      "show what the pods of gate and mock-mc logged");
  command.add_flag_callback(
      "--timeline", [&options] { options.timeline = ReplayOptions::Timeline::kShown; },
      "show what happened when");
}

}  // namespace drill::sim
