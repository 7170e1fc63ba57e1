#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "reports/model.h"

// The JSON form of the model's parts, as journal and report.json hold them. Reading is tolerant
// towards absent optional parts and refuses wrong types (kProtocol, naming the field).
namespace reports {

class FieldReader;

// RFC 3339 in UTC, to the nanosecond.
std::string Timestamp(gate::WallTime time);

gate::Json ToJson(const TraceEntry& entry);
gate::Json ToJson(const ExpectationResult& result);
gate::Json ToJson(const MeasureResult& result);
gate::Json ToJson(const ChecklistRow& row);
gate::Json ToJson(const Repetition& repetition);
gate::Json ToJson(const Proof& proof);
gate::Json ToJson(const Approval& approval);
gate::Json ToJson(const IgnoredApproval& ignored);
gate::Json ToJson(const SignOff& sign_off);
gate::Json ToJson(const std::optional<Interval>& interval);
gate::Json ToJson(const TrendPoint& point);
gate::Json ToJson(const RowHistory& row);
gate::Json ToJson(const PastRuns& past);
gate::Json ToJson(const FidelityRow& row);

gate::Result<TraceEntry> TraceEntryFromJson(const gate::Json& json);
gate::Result<ExpectationResult> ExpectationFromJson(const gate::Json& json);
gate::Result<MeasureResult> MeasureFromJson(const gate::Json& json);
gate::Result<ChecklistRow> ChecklistRowFromJson(const gate::Json& json);
gate::Result<Repetition> RepetitionFromJson(const gate::Json& json);
gate::Result<Proof> ProofFromJson(const gate::Json& json);
gate::Result<Approval> ApprovalFromJson(const gate::Json& json);
gate::Result<IgnoredApproval> IgnoredApprovalFromJson(const gate::Json& json);
gate::Result<SignOff> SignOffFromJson(const gate::Json& json);
gate::Result<PastRuns> PastRunsFromJson(const gate::Json& json);
gate::Result<FidelityRow> FidelityRowFromJson(const gate::Json& json);

// Reads each element of an array with `read` until one is wrong.
template <typename T>
gate::Result<std::vector<T>> ReadAll(const gate::Json& array,
                                     gate::Result<T> (*read)(const gate::Json&)) {
  std::vector<T> values;
  for (const gate::Json& element : array) {
    auto value = read(element);
    if (!value) return std::move(value).error();
    values.push_back(*std::move(value));
  }
  return values;
}

template <typename T>
gate::Json WriteAll(const std::vector<T>& values) {
  gate::Json array = gate::Json::array();
  for (const T& value : values) array.push_back(ToJson(value));
  return array;
}

// The whole number that a text spells: JSON numbers are often read as doubles.
std::uint64_t ReadWholeNumber(FieldReader& reader, const char* key);

// What is known about a scenario before it runs (id to requirements), and the rest.
gate::Json ScenarioHeadToJson(const ScenarioResult& scenario);
gate::Result<ScenarioResult> ScenarioHeadFromJson(const gate::Json& json);

// Outcome, reason, expectations and measures are written to and read into `scenario`.
gate::Json ScenarioEndToJson(const ScenarioResult& scenario);
gate::Result<void> ReadScenarioEnd(const gate::Json& json, ScenarioResult& scenario);

// Reads the fields of one JSON object and remembers the first that is wrong.
class FieldReader {
 public:
  explicit FieldReader(const gate::Json& object) : object_(object) {}

  std::string String(const char* key);
  std::string OptionalString(const char* key);
  std::int64_t Int(const char* key);
  bool Bool(const char* key);
  gate::WallTime Time(const char* key);
  gate::Nanos Duration(const char* key) { return gate::Nanos(Int(key)); }
  const gate::Json& Object(const char* key);
  const gate::Json& Array(const char* key);
  std::vector<std::string> Strings(const char* key);
  // An empty list if it is absent, as in what was written before there was such a field.
  const gate::Json& OptionalArray(const char* key);
  std::vector<std::string> OptionalStrings(const char* key);
  gate::Nanos OptionalDuration(const char* key);
  bool Has(const char* key) { return Find(key) != nullptr; }
  Outcome OutcomeField(const char* key);

  // The first thing that was wrong, if any; the values read are then meaningless.
  gate::Result<void> Finish() const;
  void Complain(const char* key, std::string_view expected);

 private:
  const gate::Json* Find(const char* key);

  const gate::Json& object_;  // must outlive the reader
  std::string mistake_;
};

}  // namespace reports
