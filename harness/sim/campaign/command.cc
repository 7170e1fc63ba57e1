#include "harness/sim/campaign/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "harness/runner/timeline_view.h"
#include "harness/scenario/load.h"
#include "harness/sim/campaign/case_file.h"
#include "harness/sim/campaign/replay.h"
#include "harness/sim/campaign/shrink.h"
#include "reports/file_io.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

constexpr std::uint64_t kMostReplays = 2000;  // for shrinking one failure
constexpr std::size_t kMostShrunk = 3;        // of the failures of one command
// So many generated cases must have reached everything.
constexpr std::uint64_t kEnoughForMarks = 5000;
constexpr const char* kResultFile = "/campaign.json";

ExitCode Complain(const CommandPlace& place, const Error& error, ExitCode code) {
  place.err(error.message + "\n");
  return code;
}

double Seconds(gate::Nanos time) { return std::chrono::duration<double>(time).count(); }

// Says how far it is; lines for logs come seldom.
class ProgressLine {
 public:
  explicit ProgressLine(const CommandPlace& place)
      : place_(place), start_(place.runtime.Now()), last_(start_) {}

  void Tell(const Tally& tally, const RunRange& range) {
    const gate::Instant now = place_.runtime.Now();
    const bool live = place_.progress == CommandPlace::Progress::kOneLine;
    if (!live && now - last_ < std::chrono::seconds(10)) return;
    last_ = now;
    const std::uint64_t all = range.end - range.begin;
    const double rate = static_cast<double>(tally.runs()) / std::max(1e-9, Seconds(now - start_));
    const double left = rate > 0 ? static_cast<double>(all - tally.runs()) / rate : 0;
    const std::string text = fmt::format("{} of {} runs, {} failed, {:.0f}/s, {:.0f} s left",
                                         tally.runs(), all, tally.failed, rate, left);
    place_.out(live ? "\r\x1b[K" + text : text + "\n");
  }

  gate::Nanos Done() {
    if (place_.progress == CommandPlace::Progress::kOneLine) place_.out("\r\x1b[K");
    return place_.runtime.Now() - start_;
  }

 private:
  const CommandPlace& place_;
  const gate::Instant start_;
  gate::Instant last_;
};

std::string Lines(const Case& one, std::string_view indent) {
  std::string text;
  for (const std::string& line : Describe(one)) text += fmt::format("{}{}\n", indent, line);
  return text;
}

std::string Outcome(const CaseResult& result) {
  if (!result.violation) return result.trouble.empty() ? "passed" : "trouble: " + result.trouble;
  return fmt::format(
      "{} broken {} after the deployment: {}", NameOf(result.violation->invariant),
      gate::FormatDuration(std::chrono::floor<std::chrono::milliseconds>(result.violation->at)),
      result.violation->detail);
}

Result<void> WriteCase(const std::string& folder, const std::string& path,
                       const std::string& text) {
  if (auto made = reports::MakeFolder(folder); !made) return made;
  return reports::WriteFileAtomically(path, text);
}

std::string CasePath(const std::string& folder, const std::string& name, std::uint64_t run) {
  return fmt::format("{}/{}-{}.yaml", folder, name, run);
}

// Prints a failure as it was found, then what is left of it, and writes both down.
Result<void> ExplainFailure(Failure& failure, const CampaignOptions& options,
                            const CaseWorlds& worlds, const CommandPlace& place) {
  const Case one = worlds.CaseFor(options.seed, failure.run);
  const StageTemplate& stage = worlds.TemplateFor(failure.run);
  ScriptCache scripts;
  const CaseResult result = PlayCase(one, stage, scripts);
  place.out(fmt::format("run {}: {}\n{}", failure.run, Outcome(result), Lines(one, "    ")));
  const auto write = [&](const std::string& name, const Case& what, const CaseResult& outcome,
                         const std::string& comment) -> Result<std::string> {
    const bool broken = outcome.violation.has_value();
    const CaseFile file{.id = fmt::format("{}-{}-of-{:x}", name, failure.run, options.seed),
                        .title = fmt::format("{}: run {} of campaign {}", failure.invariant,
                                             failure.run, options.seed),
                        .one = what,
                        .campaign_seed = options.seed,
                        .breaks = broken ? std::string(NameOf(outcome.violation->invariant)) : "",
                        .trace = outcome.trace};
    failure.scenario = FormatCase(file, comment + Outcome(outcome));
    if (options.out.empty()) return std::string();
    const std::string path = CasePath(options.out, name, failure.run);
    if (auto done = WriteCase(options.out, path, failure.scenario); !done) {
      return std::move(done).error();
    }
    return path;
  };
  const std::string origin = fmt::format("Run {} of campaign {}", failure.run, options.seed);
  auto unshrunk = write("run", one, result, origin + ".\n");
  if (!unshrunk) return std::move(unshrunk).error();
  const Shrunk shrunk = Shrink(one, result, stage, kMostReplays);
  place.out(fmt::format("  shrunk in {} replays: {}\n{}", shrunk.replays, Outcome(shrunk.result),
                        Lines(shrunk.smallest, "    ")));
  auto file = write("shrunk", shrunk.smallest, shrunk.result, origin + ", shrunk.\n");
  if (!file) return std::move(file).error();
  failure.file = *file;
  if (!file->empty()) place.out(fmt::format("  gate-drill replay {}\n", *file));
  return {};
}

std::string Count(std::uint64_t count, std::string_view name) {
  return fmt::format("  {:>12} {}\n", count, name);
}

void PrintTally(const Tally& tally, const CommandPlace& place) {
  std::string text = "invariants, how often evaluated:\n";
  for (std::size_t i = 0; i < kInvariants; ++i) {
    text += Count(tally.evaluated[i], NameOf(static_cast<Invariant>(i)));
  }
  text += "runs that reached:\n";
  for (std::size_t i = 0; i < kMarks; ++i) {
    text += Count(tally.marks[i], NameOf(static_cast<Mark>(i)));
  }
  std::uint64_t faults = 0;
  for (const std::uint64_t count : tally.faults) faults += count;
  text += fmt::format("{} faults, {} events, {:.0f} virtual hours, trace {}\n", faults,
                      tally.events, Seconds(tally.virtual_time) / 3600, TraceText(tally.trace));
  place.out(text);
}

// The last lines, and what they mean.
ExitCode Conclude(const Tally& tally, bool generated, const CommandPlace& place) {
  PrintTally(tally, place);
  for (const Failure& failure : tally.failures) {
    place.out(fmt::format("failed: run {}: {}: {}{}\n", failure.run, failure.invariant,
                          failure.detail, failure.file.empty() ? "" : "  " + failure.file));
  }
  const auto missing = tally.NeverReached();
  const bool vacuous = generated && tally.runs() >= kEnoughForMarks && !missing.empty();
  if (vacuous) place.out(fmt::format("never reached: {}\n", fmt::join(missing, ", ")));
  place.out(fmt::format("{} passed, {} failed\n", tally.passed, tally.failed));
  const bool broken =
      std::any_of(tally.failures.begin(), tally.failures.end(),
                  [](const Failure& failure) { return failure.invariant != "trouble"; });
  if (broken || vacuous) return ExitCode::kFail;
  return tally.failed > 0 ? ExitCode::kInconclusive : ExitCode::kPass;
}

Json Head(const CampaignOptions& options, const Shard& shard) {
  return {{"apiVersion", "drill/v1"},
          {"kind", "CampaignResult"},
          {"seed", fmt::format("{:x}", options.seed)},
          {"runs", options.runs},
          {"shard", shard.index},
          {"shards", shard.of},
          {"scenarios", options.scenarios}};
}

Result<void> WriteResult(const std::string& folder, const Json& result) {
  if (auto made = reports::MakeFolder(folder); !made) return made;
  return reports::WriteFileAtomically(folder + kResultFile, result.dump(1) + "\n");
}

// The shrunk cases of shards that were played elsewhere.
Result<void> WriteCasesOf(Tally& tally, const std::string& folder) {
  for (Failure& failure : tally.failures) {
    if (folder.empty() || failure.scenario.empty()) continue;
    failure.file = CasePath(folder, "shrunk", failure.run);
    if (auto written = WriteCase(folder, failure.file, failure.scenario); !written) return written;
  }
  return {};
}

ExitCode Merge(const CampaignOptions& options, const CommandPlace& place) {
  Tally tally;
  std::optional<Json> campaign;  // what all must have in common
  std::vector<std::int64_t> shards;
  for (const std::string& folder : options.merge) {
    constexpr std::size_t kLargest = std::size_t{64} << 20U;
    const std::string path = folder + kResultFile;
    auto text = reports::ReadWholeFile(path, kLargest);
    if (!text) return Complain(place, text.error(), ExitCode::kInvalidInput);
    auto json = gate::ParseStrictJson(*text, {kLargest});
    if (!json) return Complain(place, std::move(json).error().Wrap(path), ExitCode::kInvalidInput);
    auto part = TallyFromJson(json->value("result", Json::object()));
    if (!part) return Complain(place, std::move(part).error().Wrap(path), ExitCode::kInvalidInput);
    shards.push_back(gate::JsonInt(*json, "/shard"));
    const Json same = {json->value("seed", Json()), json->value("runs", Json()),
                       json->value("shards", Json()), json->value("scenarios", Json())};
    if (campaign && *campaign != same) {
      return Complain(place, {ErrorCode::kInvalidArgument, path + " is of another campaign"},
                      ExitCode::kInvalidInput);
    }
    campaign = same;
    tally.Merge(*part);
  }
  std::sort(shards.begin(), shards.end());
  if (std::adjacent_find(shards.begin(), shards.end()) != shards.end()) {
    return Complain(place, {ErrorCode::kInvalidArgument, "a shard is there twice"},
                    ExitCode::kInvalidInput);
  }
  if (auto written = WriteCasesOf(tally, options.out); !written) {
    return Complain(place, written.error(), ExitCode::kInternal);
  }
  const ExitCode code = Conclude(tally, campaign->at(3).empty(), place);
  const std::int64_t all =
      campaign->at(2).is_number_integer() ? campaign->at(2).get<std::int64_t>() : 0;
  if (static_cast<std::int64_t>(shards.size()) == all) return code;
  place.out(fmt::format("incomplete: {} of {} shards\n", shards.size(), all));
  return code == ExitCode::kPass ? ExitCode::kInconclusive : code;
}

Result<std::vector<Scenario>> LoadWorlds(const CampaignOptions& options) {
  if (options.scenarios.empty()) return std::vector<Scenario>();
  auto set = LoadScenarios(options.scenarios);
  if (!set) return std::move(set).error();
  std::erase_if(set->scenarios, [](const Scenario& scenario) {
    return std::find(scenario.backends.begin(), scenario.backends.end(), "sim") ==
           scenario.backends.end();
  });
  if (!set->scenarios.empty()) return std::move(set->scenarios);
  return Error{ErrorCode::kInvalidArgument, "no scenario there can be played in the simulator"};
}

}  // namespace

Result<Shard> ParseShard(std::string_view text) {
  const auto number = [](std::string_view digits, std::uint64_t& value) {
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && rest == digits.data() + digits.size() && !digits.empty();
  };
  Shard shard;
  const std::size_t slash = text.find('/');
  const bool good = slash != std::string_view::npos && number(text.substr(0, slash), shard.index) &&
                    number(text.substr(slash + 1), shard.of);
  if (good && shard.index >= 1 && shard.index <= shard.of) return shard;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("--shard: \"{}\": expected I/N with 1 <= I <= N, such as 2/4", text)};
}

Result<Shard> ShardOf(const CampaignOptions& options) {
  if (options.shards == 0) return ParseShard(options.shard);
  if (!options.shard_index) {
    return Error{ErrorCode::kInvalidArgument,
                 "--shards: which one? say --shard-index I, or set JOB_COMPLETION_INDEX"};
  }
  if (*options.shard_index < options.shards) {
    return Shard{*options.shard_index + 1, options.shards};
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("--shard-index {}: of {} shards the last is {}", *options.shard_index,
                           options.shards, options.shards - 1)};
}

ExitCode RunCampaignCommand(const CampaignOptions& options, const CommandPlace& place) {
  if (!options.merge.empty()) return Merge(options, place);
  const auto shard = ShardOf(options);
  if (!shard) return Complain(place, shard.error(), ExitCode::kInvalidInput);
  const auto scenarios = LoadWorlds(options);
  if (!scenarios) return Complain(place, scenarios.error(), ExitCode::kInvalidInput);
  const auto worlds = CaseWorlds::Make(place.files, place.manifests, options.seed, *scenarios);
  if (!worlds) return Complain(place, worlds.error(), ExitCode::kInvalidInput);
  const CampaignPlan plan{options.seed, options.runs, *shard, options.jobs, options.most_failures};
  ProgressLine progress(place);
  Tally tally = RunCampaign(
      plan, *worlds, place.runtime,
      [&](const Tally& so_far, const RunRange& range) { progress.Tell(so_far, range); },
      place.stop);
  const double wall = std::max(1e-9, Seconds(progress.Done()));
  for (std::size_t i = 0; i < std::min(kMostShrunk, tally.failures.size()); ++i) {
    auto explained = ExplainFailure(tally.failures[i], options, *worlds, place);
    if (!explained) return Complain(place, explained.error(), ExitCode::kInternal);
  }
  Json result = Head(options, *shard);
  result["result"] = ToJson(tally);
  if (!options.out.empty()) {
    auto written = WriteResult(options.out, result);
    if (!written) return Complain(place, written.error(), ExitCode::kInternal);
  }
  place.out(fmt::format("campaign {}, shard {}/{}: {} runs in {:.1f} s, {:.0f}/s on {} threads\n",
                        options.seed, shard->index, shard->of, tally.runs(), wall,
                        static_cast<double>(tally.runs()) / wall, options.jobs));
  const ExitCode code = Conclude(tally, options.scenarios.empty(), place);
  if (options.result == CampaignOptions::Result::kAlsoPrinted) place.out(result.dump() + "\n");
  return place.stop.stop_requested() ? ExitCode::kAborted : code;
}

ExitCode RunReplayCommand(const ReplayOptions& options, const CommandPlace& place) {
  const auto text = reports::ReadWholeFile(options.file);
  if (!text) return Complain(place, text.error(), ExitCode::kInvalidInput);
  const auto scenario = ParseScenario(*text, options.file);
  if (!scenario) return Complain(place, scenario.error(), ExitCode::kInvalidInput);
  if (!scenario->replay) {
    return Complain(place,
                    {ErrorCode::kInvalidArgument,
                     options.file + ": is no run of a campaign (it has no \"replay\"); gate-drill "
                                    "run plays it"},
                    ExitCode::kInvalidInput);
  }
  const auto observed = ReplayCase(place.files, place.manifests, *scenario);
  if (!observed) return Complain(place, observed.error(), ExitCode::kInvalidInput);
  if (options.timeline == ReplayOptions::Timeline::kShown) {
    std::vector<reports::TraceEntry> timeline;
    for (const TraceEvent& event : observed->trace) {
      timeline.push_back(ToEntry(event, gate::Instant()));
    }
    place.out(RenderTimeline(scenario->id + ": " + scenario->title, timeline, place.columns) +
              "\n");
  }
  if (options.logs == ReplayOptions::Logs::kShown) {
    for (const auto& [pod, log] : observed->logs) place.out(pod + ":\n" + log + "\n");
  }
  const CaseResult& result = observed->result;
  place.out(fmt::format("{}{}\ntrace {}\n", Lines(CaseOf(*scenario), ""), Outcome(result),
                        TraceText(result.trace)));
  const auto& written = scenario->replay->trace;
  if (written && *written != result.trace) {
    place.out(fmt::format("it went another way than when it was written: trace {}\n",
                          TraceText(*written)));
    return ExitCode::kInternal;
  }
  if (result.violation) return ExitCode::kFail;
  return result.passed() ? ExitCode::kPass : ExitCode::kInconclusive;
}

}  // namespace drill::sim
