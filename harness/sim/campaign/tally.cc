#include "harness/sim/campaign/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "harness/sim/world/trace_hash.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

std::optional<std::uint64_t> Number(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<std::uint64_t> Hex(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

// {"name": count, ...}; what is missing counts as 0.
template <typename Counts, typename Name>
Json NamedCounts(const Counts& counts, const Name& name) {
  Json json = Json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) json[std::string(name(i))] = counts[i];
  return json;
}

template <typename Counts, typename Name>
void ReadCounts(const Json& json, const char* key, const Name& name, Counts& counts) {
  const auto found = json.find(key);
  if (found == json.end()) return;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = Number(*found, std::string(name(i)).c_str()).value_or(0);
  }
}

std::string_view InvariantName(std::size_t i) { return NameOf(static_cast<Invariant>(i)); }
std::string_view MarkName(std::size_t i) { return NameOf(static_cast<Mark>(i)); }
std::string_view FaultName(std::size_t i) { return KnownFaults()[i].name; }

}  // namespace

std::string TraceText(std::uint64_t trace) { return fmt::format("{:016x}", trace); }

void Tally::Add(std::uint64_t run, const CaseResult& result) {
  TraceHash hash;
  hash.Add(run);
  hash.Add(result.trace);
  hash.Add(static_cast<std::uint64_t>(result.passed()));
  trace += hash.value();
  events += result.events;
  virtual_time += result.virtual_time;
  for (std::size_t i = 0; i < kInvariants; ++i) evaluated[i] += result.evaluated[i];
  for (std::size_t i = 0; i < kMarks; ++i) marks[i] += static_cast<std::uint64_t>(result.marks[i]);
  faults.resize(KnownFaults().size());
  for (std::size_t i = 0; i < result.faults.size(); ++i) faults[i] += result.faults[i];
  if (result.passed()) {
    ++passed;
    return;
  }
  ++failed;
  if (result.violation) {
    Add({run, std::string(NameOf(result.violation->invariant)), result.violation->detail,
         result.violation->at, ""});
  } else {
    Add({run, "trouble", result.trouble, gate::Nanos(0), ""});
  }
}

void Tally::Add(Failure failure) {
  const auto place =
      std::lower_bound(failures.begin(), failures.end(), failure.run,
                       [](const Failure& a, std::uint64_t run) { return a.run < run; });
  failures.insert(place, std::move(failure));
  if (failures.size() > kMostFailures) failures.pop_back();
}

void Tally::Merge(const Tally& other) {
  passed += other.passed;
  failed += other.failed;
  trace += other.trace;
  events += other.events;
  virtual_time += other.virtual_time;
  for (std::size_t i = 0; i < kInvariants; ++i) evaluated[i] += other.evaluated[i];
  for (std::size_t i = 0; i < kMarks; ++i) marks[i] += other.marks[i];
  faults.resize(KnownFaults().size());
  for (std::size_t i = 0; i < other.faults.size(); ++i) faults[i] += other.faults[i];
  for (const Failure& failure : other.failures) Add(failure);
}

std::vector<std::string> Tally::NeverReached() const {
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < kInvariants; ++i) {
    if (evaluated[i] == 0) missing.emplace_back(InvariantName(i));
  }
  for (std::size_t i = 0; i < kMarks; ++i) {
    if (marks[i] == 0 && !IsRare(static_cast<Mark>(i))) missing.emplace_back(MarkName(i));
  }
  for (std::size_t i = 0; i < KnownFaults().size(); ++i) {
    if (i >= faults.size() || faults[i] == 0) missing.emplace_back(FaultName(i));
  }
  return missing;
}

Json ToJson(const Tally& tally) {
  Json failures = Json::array();
  for (const Failure& failure : tally.failures) {
    failures.push_back({{"run", failure.run},
                        {"invariant", failure.invariant},
                        {"detail", failure.detail},
                        {"atNs", failure.at.count()},
                        {"file", failure.file},
                        {"scenario", failure.scenario}});
  }
  std::vector<std::uint64_t> faults = tally.faults;
  faults.resize(KnownFaults().size());
  return {{"passed", tally.passed},
          {"failed", tally.failed},
          {"trace", TraceText(tally.trace)},
          {"events", tally.events},
          {"virtualNs", tally.virtual_time.count()},
          {"evaluated", NamedCounts(tally.evaluated, InvariantName)},
          {"marks", NamedCounts(tally.marks, MarkName)},
          {"faults", NamedCounts(faults, FaultName)},
          {"failures", std::move(failures)}};
}

Result<Tally> TallyFromJson(const Json& json) {
  const auto passed = Number(json, "passed");
  const auto failed = Number(json, "failed");
  const auto trace = Hex(gate::JsonString(json, "/trace"));
  if (!passed || !failed || !trace) {
    return Error{ErrorCode::kProtocol, "it lacks \"passed\", \"failed\" or \"trace\""};
  }
  Tally tally;
  tally.passed = *passed;
  tally.failed = *failed;
  tally.trace = *trace;
  tally.events = Number(json, "events").value_or(0);
  tally.virtual_time = gate::Nanos(gate::JsonInt(json, "/virtualNs"));
  tally.faults.resize(KnownFaults().size());
  ReadCounts(json, "evaluated", InvariantName, tally.evaluated);
  ReadCounts(json, "marks", MarkName, tally.marks);
  ReadCounts(json, "faults", FaultName, tally.faults);
  const auto failures = json.find("failures");
  if (failures == json.end() || !failures->is_array()) return tally;
  for (const Json& each : *failures) {
    tally.Add({Number(each, "run").value_or(0), gate::JsonString(each, "/invariant"),
               gate::JsonString(each, "/detail"), gate::Nanos(gate::JsonInt(each, "/atNs")),
               gate::JsonString(each, "/file"), gate::JsonString(each, "/scenario")});
  }
  return tally;
}

}  // namespace drill::sim
