#include "harness/runner/play.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/expect/matcher.h"
#include "harness/runner/actions.h"
#include "harness/runner/inbox.h"
#include "harness/runner/timeline_clock.h"
#include "harness/runner/watches.h"
#include "harness/trace/observer.h"

namespace drill {
namespace {

using gate::Deadline;
using gate::Instant;
using gate::Nanos;
using gate::WaitResult;

// One scenario on its stage, from Prepare to Collect.
class Performance {
 public:
  Performance(const Scenario& scenario, Stage& stage, gate::Runtime& runtime, Recorder& recorder,
              const PlayLimits& limits, std::stop_token stop)
      : scenario_(scenario),
        stage_(stage),
        runtime_(runtime),
        recorder_(recorder),
        limits_(limits),
        stop_(std::move(stop)),
        start_(runtime.Now()),
        inbox_(runtime),
        watches_(
            stage.kube(), runtime, stage.ns(), inbox_,
            [this](const std::string& trouble) { recorder_.ScenarioNote(scenario_.id, trouble); }),
        observer_({.rollout = stage.rollout(),
                   .clock_skew = stage.clock_skew(),
                   .start = start_,
                   .most_events = reports::kMostEvents}),
        actions_(stage),
        timeline_(scenario.timeline) {
    for (const EventPattern& pattern : scenario.until) until_.emplace_back(pattern);
  }

  // How it went; what was seen is in trace().
  Ending Run();

  // Ordered by `at`.
  const Trace& trace() const { return trace_; }
  std::int64_t dropped() const { return observer_.dropped(); }
  Instant start() const { return start_; }
  // What of the timeline was not done, and why.
  std::optional<std::string> undone() const { return timeline_.Undone(); }

 private:
  Ending RunSteps();
  std::optional<Ending> Prepare();
  std::optional<Ending> StartWatching();
  std::optional<Ending> DeployCanary();
  Ending Observe();
  std::optional<Ending> DoWhatIsDue();
  std::optional<Ending> Do(const Action& action);
  std::optional<Ending> Settle();
  std::optional<Ending> Collect();
  void FinishTrace();

  void Drain();
  void RecordNew();
  Deadline In(Nanos time) { return {runtime_.Now() + time, stop_}; }
  Ending Over(Ending::Kind kind, std::string reason = "") const {
    return {kind, std::move(reason), start_};
  }
  // A failed step: the stop explains it if there was one.
  Ending Trouble(std::string_view step, const gate::Error& error) const {
    if (stop_.stop_requested()) return Stopped();
    return Over(Ending::Kind::kTrouble, std::string(step) + ": " + error.message);
  }
  Ending Stopped() const { return Over(Ending::Kind::kStopped, "the run was stopped"); }

  const Scenario& scenario_;
  Stage& stage_;
  gate::Runtime& runtime_;
  Recorder& recorder_;
  const PlayLimits& limits_;
  const std::stop_token stop_;
  const Instant start_;
  Inbox inbox_;
  Watches watches_;
  Observer observer_;
  Actions actions_;
  TimelineClock timeline_;
  std::vector<Matcher> until_;
  std::set<std::string> snapshots_;  // plural of the resources whose first snapshot has come
  std::optional<Instant> deployed_;
  bool until_seen_ = false;
  Trace trace_;
};

Ending Performance::Run() {
  Ending ending = RunSteps();
  // What can still be learnt helps to understand a failure, too.
  if (ending.kind != Ending::Kind::kStopped && deployed_) {
    if (auto end = Collect(); end && ending.IsComplete()) ending = *std::move(end);
  }
  FinishTrace();
  if (dropped() > 0 && ending.IsComplete()) {
    ending = Over(Ending::Kind::kTrouble, "more events were seen than are kept");
  }
  return ending;
}

Ending Performance::RunSteps() {
  if (auto end = Prepare()) return *end;
  if (auto end = StartWatching()) return *end;
  if (auto end = DeployCanary()) return *end;
  return Observe();
}

std::optional<Ending> Performance::Prepare() {
  recorder_.ScenarioPhase(scenario_.id, "preparing");
  const Progress progress = [&](std::string_view phase) {
    recorder_.ScenarioPhase(scenario_.id, "preparing: " + std::string(phase));
  };
  const auto prepared = stage_.Prepare(progress, In(limits_.prepare));
  if (prepared) return std::nullopt;
  return Trouble("preparing", prepared.error());
}

// Everything that exists must be known before the canary comes, to tell new from old.
std::optional<Ending> Performance::StartWatching() {
  recorder_.ScenarioPhase(scenario_.id, "starting watches");
  const auto resources = Observer::Resources();
  const Deadline deadline = In(limits_.first_snapshots);
  const Nanos longest = limits_.first_snapshots + limits_.action + scenario_.horizon +
                        limits_.settle + limits_.collect;
  watches_.Start(resources, runtime_.Now() + 2 * longest);
  for (;;) {
    Drain();
    if (const auto failure = inbox_.failure()) {
      return Over(Ending::Kind::kTrouble, *failure);
    }
    if (snapshots_.size() == resources.size()) break;
    switch (inbox_.Wait(deadline)) {
      case WaitResult::kSignalled:
        continue;
      case WaitResult::kStopped:
        return Stopped();
      case WaitResult::kElapsed:
        return Over(Ending::Kind::kTrouble, "starting watches: not all answered within " +
                                                gate::FormatDuration(limits_.first_snapshots));
    }
  }
  if (observer_.KnowsStable()) return std::nullopt;
  return Over(Ending::Kind::kTrouble, "the stage was said to be prepared, but Rollout " +
                                          stage_.rollout() + " has no stable ReplicaSet");
}

std::optional<Ending> Performance::DeployCanary() {
  if (stop_.stop_requested()) return Stopped();
  recorder_.ScenarioPhase(scenario_.id, "deploying the canary");
  const Sighting began{runtime_.Now(), runtime_.WallNow()};
  const Deploy deploy{scenario_.canary_release, scenario_.canary_image,
                      scenario_.release_label ? Deploy::Label::kPresent : Deploy::Label::kAbsent};
  const auto deployed = actions_.Do(deploy, In(limits_.action));
  if (!deployed) return Trouble("deploying the canary", deployed.error());
  observer_.OnDeployed(scenario_.canary_release, began);
  deployed_ = began.at;
  RecordNew();
  return std::nullopt;
}

Ending Performance::Observe() {
  recorder_.ScenarioPhase(scenario_.id, "observing");
  const Deadline horizon{*deployed_ + scenario_.horizon, stop_};
  for (;;) {
    Drain();
    if (const auto failure = inbox_.failure()) return Over(Ending::Kind::kTrouble, *failure);
    if (until_seen_) return Settle().value_or(Over(Ending::Kind::kUntil));
    if (auto end = DoWhatIsDue()) return *end;
    const auto due = timeline_.NextDue();
    const bool acts_next = due && *due < horizon.at;
    switch (inbox_.Wait(acts_next ? Deadline{*due, stop_} : horizon)) {
      case WaitResult::kSignalled:
        continue;
      case WaitResult::kStopped:
        return Stopped();
      case WaitResult::kElapsed:
        if (acts_next) continue;
        Drain();
        return Over(until_seen_ ? Ending::Kind::kUntil : Ending::Kind::kHorizon);
    }
  }
}

std::optional<Ending> Performance::DoWhatIsDue() {
  while (const TimelineEntry* entry = timeline_.TakeDue(runtime_.Now())) {
    if (auto end = Do(entry->action)) return end;
  }
  return std::nullopt;
}

std::optional<Ending> Performance::Do(const Action& action) {
  const std::string_view name = NameOf(action);
  const Sighting began{runtime_.Now(), runtime_.WallNow()};
  const auto done = actions_.Do(action, In(limits_.action));
  const Sighting ended{runtime_.Now(), runtime_.WallNow()};
  if (!done) {
    observer_.OnAction(name, false, done.error().message, began, ended);
    RecordNew();
    return Trouble("timeline", done.error());
  }
  if (done->deployed) observer_.OnDeployed(*done->deployed, began);
  observer_.OnAction(name, true, done->detail, began, ended);
  RecordNew();
  return std::nullopt;
}

std::optional<Ending> Performance::Settle() {
  recorder_.ScenarioPhase(scenario_.id, "settling");
  const Deadline deadline = In(limits_.settle);
  for (;;) {
    const WaitResult result = inbox_.Wait(deadline);
    Drain();
    if (const auto failure = inbox_.failure()) return Over(Ending::Kind::kTrouble, *failure);
    if (result == WaitResult::kStopped) return Stopped();
    if (result == WaitResult::kElapsed) return std::nullopt;
  }
}

std::optional<Ending> Performance::Collect() {
  recorder_.ScenarioPhase(scenario_.id, "collecting");
  const auto collected = stage_.Collect(In(limits_.collect));
  if (!collected) {
    recorder_.ScenarioNote(scenario_.id, "collecting: " + collected.error().message);
    return Trouble("collecting", collected.error());
  }
  observer_.OnCollected(*collected);
  return std::nullopt;
}

void Performance::FinishTrace() {
  watches_.Stop();
  Drain();
  if (deployed_) observer_.Finish({runtime_.Now(), runtime_.WallNow()});
  RecordNew();
  std::stable_sort(trace_.begin(), trace_.end(),
                   [](const TraceEvent& a, const TraceEvent& b) { return a.at < b.at; });
}

void Performance::Drain() {
  for (const Delivery& delivery : inbox_.Take()) {
    if (const auto* list = std::get_if<gate::KubeList>(&delivery.what)) {
      observer_.OnSnapshot(delivery.resource, *list, delivery.seen);
      snapshots_.insert(delivery.resource.plural);
    } else {
      observer_.OnEvent(delivery.resource, std::get<gate::KubeEvent>(delivery.what), delivery.seen);
    }
  }
  RecordNew();
}

void Performance::RecordNew() {
  std::vector<reports::TraceEntry> entries;
  for (TraceEvent& event : observer_.TakeNew()) {
    entries.push_back(ToEntry(event, start_));
    const bool counts = deployed_ && event.at >= *deployed_;
    if (counts) timeline_.OnEvent(event);
    until_seen_ = until_seen_ ||
                  (counts && std::any_of(until_.begin(), until_.end(), [&](const Matcher& matcher) {
                     return matcher.Matches(event);
                   }));
    trace_.push_back(std::move(event));
  }
  recorder_.ScenarioEvents(scenario_.id, entries);
}

// The end of both ways to play a scenario.
void FinishResult(const Trace& trace, Instant start, std::string trace_hash,
                  reports::ScenarioResult& result) {
  for (const TraceEvent& event : trace) result.timeline.push_back(ToEntry(event, start));
  result.trace_hash = std::move(trace_hash);
}

// A run of a campaign: the backend plays it as a whole.
reports::ScenarioResult PlayAgain(const Scenario& scenario, Backend& backend, Recorder& recorder) {
  recorder.ScenarioPhase(scenario.id, "replaying");
  auto replayed = backend.Replay(scenario);
  if (!replayed) {
    return Evaluate(scenario, {}, {Ending::Kind::kTrouble, replayed.error().message, Instant()});
  }
  reports::ScenarioResult result = Evaluate(scenario, replayed->trace, replayed->ending);
  result.started = replayed->started;
  result.duration = replayed->duration;
  FinishResult(replayed->trace, replayed->ending.start, std::move(replayed->trace_hash), result);
  recorder.ScenarioEvents(scenario.id, result.timeline);
  return result;
}

// Takes a token of its own: what was created is removed also after a stop.
std::optional<std::string> Remove(Stage& stage, gate::Runtime& runtime, Nanos limit) {
  const auto removed = stage.Remove({runtime.Now() + limit});
  if (removed) return std::nullopt;
  return "removing the stage: " + removed.error().message;
}

// Something that is no failure of what is under test, but for which this is no pass either.
void NotePassSpoiler(const std::optional<std::string>& trouble, reports::ScenarioResult& result) {
  if (!trouble) return;
  result.outcome = reports::Worse(result.outcome, reports::Outcome::kInconclusive);
  result.reason += (result.reason.empty() ? "" : "; ") + *trouble;
}

}  // namespace

reports::ScenarioResult Play(const Scenario& scenario, Backend& backend, Recorder& recorder,
                             const PlayLimits& limits, const std::stop_token& stop) {
  recorder.ScenarioStart(scenario.id);
  if (scenario.replay) {
    reports::ScenarioResult result = PlayAgain(scenario, backend, recorder);
    recorder.ScenarioEnd(result);
    return result;
  }
  const std::unique_ptr<Stage> stage = backend.NewStage(scenario);
  gate::Runtime& runtime = stage->runtime();
  const gate::WallTime started = runtime.WallNow();
  Performance performance(scenario, *stage, runtime, recorder, limits, stage->StopFor(stop));
  Ending ending{Ending::Kind::kTrouble, "", performance.start()};
  std::optional<std::string> left_behind;
  const auto ran = stage->Run([&] {
    ending = performance.Run();
    recorder.ScenarioPhase(scenario.id, "removing");
    left_behind = Remove(*stage, runtime, limits.remove);
  });
  if (!ran) ending = {Ending::Kind::kTrouble, ran.error().message, performance.start()};
  reports::ScenarioResult result = Evaluate(scenario, performance.trace(), ending);
  if (ending.IsComplete()) NotePassSpoiler(performance.undone(), result);
  NotePassSpoiler(left_behind, result);
  result.started = started;
  result.duration = runtime.Now() - performance.start();
  result.dropped_events = performance.dropped();
  FinishResult(performance.trace(), performance.start(), stage->trace_hash(), result);
  recorder.ScenarioEnd(result);
  return result;
}

}  // namespace drill
