#include "harness/expect/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "gate/base/check.h"
#include "gate/base/encoding.h"
#include "harness/expect/matcher.h"

namespace drill {
namespace {

using gate::Instant;
using gate::Nanos;
using reports::ExpectationResult;
using reports::Interval;
using reports::MeasureResult;
using reports::Outcome;

constexpr std::size_t kMostEvents = 5;      // shown per expectation
constexpr std::size_t kLongestValue = 200;  // bytes of a field's value in a sentence

// The fields that `pattern` looks at, as the event has them.
std::string TestedFields(const EventPattern& pattern, const TraceEvent& event) {
  std::vector<std::string> texts;
  for (const EventPattern::FieldTest& test : pattern.fields) {
    texts.push_back(fmt::format("{} = \"{}\"", test.field,
                                gate::Truncate(FieldText(event, test.field), kLongestValue)));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// The part of a trace that is judged, with what evaluation needs to know about its end.
class Evidence {
 public:
  Evidence(const Trace& trace, const Ending& ending) : ending_(ending) {
    const auto deployed = std::find_if(trace.begin(), trace.end(), [](const TraceEvent& event) {
      return event.name == "deployed";
    });
    // The order of the trace tells what was found before the deployment at the same instant.
    for (auto event = deployed; event != trace.end(); ++event) events_.push_back(&*event);
  }

  // The first event from index `from` on that matches and did not certainly happen before
  // `earliest`; the size if there is none.
  std::size_t Find(const Matcher& matcher, std::size_t from, Instant earliest) const {
    for (std::size_t i = from; i < events_.size(); ++i) {
      if (events_[i]->at >= earliest && matcher.Matches(*events_[i])) return i;
    }
    return events_.size();
  }
  std::size_t Find(const Matcher& matcher) const { return Find(matcher, 0, Instant::min()); }

  std::size_t size() const { return events_.size(); }
  const TraceEvent& at(std::size_t index) const { return *events_[index]; }
  bool complete() const { return ending_.IsComplete(); }
  Outcome OutcomeOfMissing() const { return complete() ? Outcome::kFail : Outcome::kInconclusive; }

  reports::TraceEntry Entry(std::size_t index) const { return ToEntry(at(index), ending_.start); }

  // What of that name was seen instead, and what of it mattered.
  void AddNearMisses(const EventPattern& pattern, ExpectationResult& result) const {
    result.events.clear();
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (at(i).name != pattern.event) continue;
      if (result.events.size() < kMostEvents) result.events.push_back(Entry(i));
      seen.push_back(fmt::format("({})", TestedFields(pattern, at(i))));
    }
    if (seen.empty()) {
      result.observed += fmt::format("no event \"{}\" was seen", pattern.event);
    } else {
      const std::size_t more = seen.size() - std::min(seen.size(), kMostEvents);
      seen.resize(seen.size() - more);
      result.observed += fmt::format("seen instead: {} {}", pattern.event, fmt::join(seen, ", "));
      if (more > 0) result.observed += fmt::format(" and {} more", more);
    }
    if (!complete()) result.observed += "; the observation broke off";
  }

 private:
  const Ending& ending_;
  std::vector<const TraceEvent*> events_;
};

std::string Offset(const TraceEvent& event, const TraceEvent& zero) {
  return gate::FormatSeconds(event.at - zero.at) + " s";
}

// How much later `to` happened than `from`.
Interval Between(const TraceEvent& from, const TraceEvent& to) {
  return Interval{std::max(Nanos(0), to.at - to.uncertainty - from.at),
                  to.at - (from.at - from.uncertainty)};
}

Instant EarliestOf(const TraceEvent& event) { return event.at - event.uncertainty; }

// The first event that matches and did not certainly happen before `from`, other than it.
std::size_t FindAfter(const Evidence& evidence, const Matcher& matcher, std::size_t from) {
  const Instant earliest = EarliestOf(evidence.at(from));
  std::size_t found = evidence.Find(matcher, 0, earliest);
  if (found == from) found = evidence.Find(matcher, from + 1, earliest);
  return found;
}

void EvaluateNever(const Evidence& evidence, const EventPattern& pattern,
                   ExpectationResult& result) {
  const std::size_t found = evidence.Find(Matcher(pattern));
  if (found < evidence.size()) {
    const TraceEvent& event = evidence.at(found);
    const std::string fields = TestedFields(pattern, event);
    result.outcome = Outcome::kFail;
    result.observed =
        fmt::format("it happened {} after the deployment{}", Offset(event, evidence.at(0)),
                    fields.empty() ? "" : ": " + fields);
    result.events.push_back(evidence.Entry(found));
    return;
  }
  if (evidence.size() == 0 || !evidence.complete()) {
    result.outcome = Outcome::kInconclusive;
    result.observed = "not seen, but the observation broke off";
    return;
  }
  result.outcome = Outcome::kPass;
  result.observed = "it did not happen";
}

// Not twice, and not again before the end.
void EvaluateOnce(const Evidence& evidence, const EventPattern& pattern,
                  ExpectationResult& result) {
  const Matcher matcher(pattern);
  std::size_t times = 0;
  for (std::size_t found = evidence.Find(matcher); found < evidence.size();
       found = evidence.Find(matcher, found + 1, Instant::min())) {
    if (++times <= kMostEvents) result.events.push_back(evidence.Entry(found));
  }
  if (times == 0) {
    result.outcome = evidence.OutcomeOfMissing();
    evidence.AddNearMisses(pattern, result);
  } else if (times > 1) {
    result.outcome = Outcome::kFail;
    result.observed = fmt::format("it happened {} times", times);
  } else {
    result.outcome = evidence.complete() ? Outcome::kPass : Outcome::kInconclusive;
    result.observed = fmt::format(
        "{} after the deployment, {}", Offset(evidence.at(evidence.Find(matcher)), evidence.at(0)),
        evidence.complete() ? "and not again" : "but then the observation broke off");
  }
}

void EvaluateEventually(const Evidence& evidence, const EventPattern& pattern,
                        ExpectationResult& result) {
  const std::size_t found = evidence.Find(Matcher(pattern));
  if (found == evidence.size()) {
    result.outcome = evidence.OutcomeOfMissing();
    evidence.AddNearMisses(pattern, result);
    return;
  }
  result.outcome = Outcome::kPass;
  result.observed =
      fmt::format("{} after the deployment", Offset(evidence.at(found), evidence.at(0)));
  result.events.push_back(evidence.Entry(found));
}

void EvaluateWithin(const Evidence& evidence, const Expectation& expectation,
                    ExpectationResult& result) {
  const EventPattern of = expectation.of.value_or(EventPattern{"deployed", {}});
  const std::size_t start = evidence.Find(Matcher(of));
  if (start == evidence.size()) {
    result.outcome = evidence.OutcomeOfMissing();
    result.observed = "what it counts from did not happen: ";
    evidence.AddNearMisses(of, result);
    return;
  }
  const EventPattern& pattern = expectation.patterns.front();
  const std::size_t found = FindAfter(evidence, Matcher(pattern), start);
  if (found == evidence.size()) {
    result.outcome = evidence.OutcomeOfMissing();
    evidence.AddNearMisses(pattern, result);
    return;
  }
  const Interval after = Between(evidence.at(start), evidence.at(found));
  const bool in_time = after.upper <= *expectation.within;
  result.outcome = in_time ? Outcome::kPass : Outcome::kFail;
  result.observed = fmt::format("{} after it, at most {}", reports::FormatInterval(after),
                                reports::FormatUpperBound(after.upper));
  result.events = {evidence.Entry(start), evidence.Entry(found)};
}

void EvaluateSequence(const Evidence& evidence, const Expectation& expectation,
                      ExpectationResult& result) {
  std::vector<bool> used(evidence.size(), false);
  Instant earliest = Instant::min();
  for (std::size_t step = 0; step < expectation.patterns.size(); ++step) {
    const Matcher matcher(expectation.patterns[step]);
    // Events with the same `at` count as being in either order.
    std::size_t found = evidence.Find(matcher, 0, earliest);
    while (found < evidence.size() && used[found]) {
      found = evidence.Find(matcher, found + 1, earliest);
    }
    if (found == evidence.size()) {
      result.outcome = evidence.OutcomeOfMissing();
      result.observed =
          fmt::format("step {} of {} ({}) did not follow: ", step + 1, expectation.patterns.size(),
                      Describe(expectation.patterns[step]));
      evidence.AddNearMisses(expectation.patterns[step], result);
      return;
    }
    used[found] = true;
    earliest = evidence.at(found).at;
    result.events.push_back(evidence.Entry(found));
  }
  result.outcome = Outcome::kPass;
  result.observed = "seen in this order";
}

ExpectationResult Evaluate(const Evidence& evidence, const Expectation& expectation) {
  ExpectationResult result;
  result.id = expectation.id;
  result.demand = Describe(expectation);
  switch (expectation.kind) {
    case Expectation::Kind::kNever:
      EvaluateNever(evidence, expectation.patterns.front(), result);
      return result;
    case Expectation::Kind::kOnce:
      EvaluateOnce(evidence, expectation.patterns.front(), result);
      return result;
    case Expectation::Kind::kSequence:
      EvaluateSequence(evidence, expectation, result);
      return result;
    case Expectation::Kind::kEventually:
      if (expectation.within) {
        EvaluateWithin(evidence, expectation, result);
      } else {
        EvaluateEventually(evidence, expectation.patterns.front(), result);
      }
      return result;
  }
  GATE_CHECK(false);
}

MeasureResult Evaluate(const Evidence& evidence, const Measure& measure) {
  MeasureResult result;
  result.id = measure.id;
  result.demand = fmt::format("from {} to {}", Describe(measure.from), Describe(measure.to));
  result.limit = measure.max;
  const std::size_t from = evidence.Find(Matcher(measure.from));
  const std::size_t to =
      from < evidence.size() ? FindAfter(evidence, Matcher(measure.to), from) : evidence.size();
  if (to == evidence.size()) {
    result.outcome = evidence.OutcomeOfMissing();
    result.observed = fmt::format("not measured: {} was not seen",
                                  Describe(from == evidence.size() ? measure.from : measure.to));
    return result;
  }
  result.measured = Between(evidence.at(from), evidence.at(to));
  const bool in_time = result.measured->upper <= measure.max;
  result.outcome = in_time ? Outcome::kPass : Outcome::kFail;
  result.observed = fmt::format("{}, at most {}", reports::FormatInterval(*result.measured),
                                reports::FormatUpperBound(result.measured->upper));
  return result;
}

// One line: the first thing that makes the scenario's outcome what it is.
std::string ReasonFor(const reports::ScenarioResult& result, const Ending& ending) {
  if (result.outcome == Outcome::kPass) return "";
  if (result.outcome == Outcome::kFail) {
    for (const ExpectationResult& each : result.expectations) {
      if (each.outcome == Outcome::kFail) {
        return fmt::format("{}: expected {}; {}", each.id, each.demand, each.observed);
      }
    }
    for (const MeasureResult& each : result.measures) {
      if (each.outcome == Outcome::kFail) {
        return fmt::format("{}: {}; limit {} s", each.id, each.observed,
                           gate::FormatSeconds(each.limit));
      }
    }
  }
  return ending.reason;
}

}  // namespace

reports::TraceEntry ToEntry(const TraceEvent& event, Instant start) {
  return {event.name, event.at - start, event.wall, event.uncertainty, event.fields};
}

reports::ScenarioResult ResultHead(const Scenario& scenario) {
  reports::ScenarioResult result;
  result.id = scenario.id;
  result.title = scenario.title;
  result.hypothesis = scenario.hypothesis;
  result.file = scenario.file;
  result.sha256 = scenario.sha256;
  result.required = scenario.required;
  result.requirements = scenario.requirements;
  result.backends = scenario.backends;
  return result;
}

reports::ScenarioResult Evaluate(const Scenario& scenario, const Trace& trace,
                                 const Ending& ending) {
  GATE_CHECK(std::is_sorted(trace.begin(), trace.end(),
                            [](const TraceEvent& a, const TraceEvent& b) { return a.at < b.at; }));
  const Evidence evidence(trace, ending);
  reports::ScenarioResult result = ResultHead(scenario);
  result.outcome = ending.IsComplete() ? Outcome::kPass : Outcome::kInconclusive;
  for (const Expectation& expectation : scenario.expectations) {
    result.expectations.push_back(Evaluate(evidence, expectation));
    result.outcome = reports::Worse(result.outcome, result.expectations.back().outcome);
  }
  for (const Measure& measure : scenario.measures) {
    result.measures.push_back(Evaluate(evidence, measure));
    result.outcome = reports::Worse(result.outcome, result.measures.back().outcome);
  }
  result.reason = ReasonFor(result, ending);
  return result;
}

}  // namespace drill
