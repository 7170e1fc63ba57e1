#include "reports/codec.h"

#include <fmt/format.h>

#include <utility>

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

constexpr int kFractionDigits = 9;

// Reads each element of an array with `read` until one is wrong.
template <typename T>
Result<std::vector<T>> ReadAll(const Json& array, Result<T> (*read)(const Json&)) {
  std::vector<T> values;
  for (const Json& element : array) {
    auto value = read(element);
    if (!value) return std::move(value).error();
    values.push_back(*std::move(value));
  }
  return values;
}

template <typename T>
Json WriteAll(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(ToJson(value));
  return array;
}

const Json& Nothing() {
  static const Json kNothing = Json::object();
  return kNothing;
}

}  // namespace

const Json* FieldReader::Find(const char* key) {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

void FieldReader::Complain(const char* key, std::string_view expected) {
  if (mistake_.empty()) mistake_ = fmt::format("\"{}\" is not {}", key, expected);
}

std::string FieldReader::String(const char* key) {
  const Json* value = Find(key);
  if (value != nullptr && value->is_string()) return value->get<std::string>();
  Complain(key, "a text");
  return "";
}

std::string FieldReader::OptionalString(const char* key) {
  return Find(key) == nullptr ? "" : String(key);
}

std::int64_t FieldReader::Int(const char* key) {
  const Json* value = Find(key);
  if (value != nullptr && value->is_number_integer()) return value->get<std::int64_t>();
  Complain(key, "a whole number");
  return 0;
}

bool FieldReader::Bool(const char* key) {
  const Json* value = Find(key);
  if (value != nullptr && value->is_boolean()) return value->get<bool>();
  Complain(key, "true or false");
  return false;
}

gate::WallTime FieldReader::Time(const char* key) {
  const auto time = gate::ParseRfc3339(String(key));
  if (time) return *time;
  Complain(key, "an RFC 3339 time");
  return {};
}

const Json& FieldReader::Object(const char* key) {
  const Json* value = Find(key);
  if (value != nullptr && value->is_object()) return *value;
  Complain(key, "an object");
  return Nothing();
}

const Json& FieldReader::Array(const char* key) {
  const Json* value = Find(key);
  if (value != nullptr && value->is_array()) return *value;
  Complain(key, "a list");
  return Nothing();
}

std::vector<std::string> FieldReader::Strings(const char* key) {
  std::vector<std::string> texts;
  for (const Json& element : Array(key)) {
    if (!element.is_string()) Complain(key, "a list of texts");
    if (element.is_string()) texts.push_back(element.get<std::string>());
  }
  return texts;
}

Outcome FieldReader::OutcomeField(const char* key) {
  if (const auto outcome = ParseOutcome(String(key))) return *outcome;
  Complain(key, "an outcome");
  return Outcome::kInconclusive;
}

Result<void> FieldReader::Finish() const {
  if (mistake_.empty()) return {};
  return Error{ErrorCode::kProtocol, mistake_};
}

Json ToJson(const TraceEntry& entry) {
  return {{"name", entry.name},
          {"atNs", entry.at.count()},
          {"wall", gate::FormatRfc3339(entry.wall, kFractionDigits)},
          {"uncertaintyNs", entry.uncertainty.count()},
          {"fields", entry.fields}};
}

Result<TraceEntry> TraceEntryFromJson(const Json& json) {
  FieldReader reader(json);
  TraceEntry entry{reader.String("name"), reader.Duration("atNs"), reader.Time("wall"),
                   reader.Duration("uncertaintyNs"), reader.Object("fields")};
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return entry;
}

Json ToJson(const ExpectationResult& result) {
  return {{"id", result.id},
          {"demand", result.demand},
          {"outcome", ToString(result.outcome)},
          {"observed", result.observed},
          {"events", WriteAll(result.events)}};
}

Result<ExpectationResult> ExpectationFromJson(const Json& json) {
  FieldReader reader(json);
  ExpectationResult result;
  result.id = reader.String("id");
  result.demand = reader.String("demand");
  result.outcome = reader.OutcomeField("outcome");
  result.observed = reader.String("observed");
  auto events = ReadAll(reader.Array("events"), TraceEntryFromJson);
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  if (!events) return std::move(events).error();
  result.events = *std::move(events);
  return result;
}

Json ToJson(const MeasureResult& result) {
  Json json = {{"id", result.id},
               {"demand", result.demand},
               {"limitNs", result.limit.count()},
               {"outcome", ToString(result.outcome)},
               {"observed", result.observed}};
  if (result.measured) {
    json["lowerNs"] = result.measured->lower.count();
    json["upperNs"] = result.measured->upper.count();
  }
  return json;
}

Result<MeasureResult> MeasureFromJson(const Json& json) {
  FieldReader reader(json);
  MeasureResult result;
  result.id = reader.String("id");
  result.demand = reader.String("demand");
  result.limit = reader.Duration("limitNs");
  result.outcome = reader.OutcomeField("outcome");
  result.observed = reader.String("observed");
  if (json.is_object() && json.contains("upperNs")) {
    result.measured = Interval{reader.Duration("lowerNs"), reader.Duration("upperNs")};
  }
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return result;
}

Json ToJson(const ChecklistRow& row) {
  return {{"id", row.id}, {"text", row.text}, {"scenarios", row.scenarios}};
}

Result<ChecklistRow> ChecklistRowFromJson(const Json& json) {
  FieldReader reader(json);
  ChecklistRow row{reader.String("id"), reader.String("text"), reader.Strings("scenarios")};
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return row;
}

Json ScenarioHeadToJson(const ScenarioResult& scenario) {
  Json json = {{"id", scenario.id},
               {"title", scenario.title},
               {"hypothesis", scenario.hypothesis},
               {"file", scenario.file},
               {"sha256", scenario.sha256},
               {"required", scenario.required},
               {"requirements", scenario.requirements},
               {"selected", scenario.selected},
               {"reason", scenario.reason}};
  if (!scenario.applies) json["applies"] = false;
  return json;
}

Result<ScenarioResult> ScenarioHeadFromJson(const Json& json) {
  FieldReader reader(json);
  ScenarioResult scenario;
  scenario.id = reader.String("id");
  scenario.title = reader.String("title");
  scenario.hypothesis = reader.String("hypothesis");
  scenario.file = reader.String("file");
  scenario.sha256 = reader.String("sha256");
  scenario.required = reader.Bool("required");
  scenario.requirements = reader.Strings("requirements");
  scenario.selected = reader.Bool("selected");
  scenario.reason = reader.OptionalString("reason");
  if (json.is_object() && json.contains("applies")) scenario.applies = reader.Bool("applies");
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return scenario;
}

Json ScenarioEndToJson(const ScenarioResult& scenario) {
  Json json = {
      {"outcome", ToString(scenario.outcome)},           {"reason", scenario.reason},
      {"durationNs", scenario.duration.count()},         {"droppedEvents", scenario.dropped_events},
      {"expectations", WriteAll(scenario.expectations)}, {"measures", WriteAll(scenario.measures)}};
  if (!scenario.trace_hash.empty()) json["traceHash"] = scenario.trace_hash;
  return json;
}

Result<void> ReadScenarioEnd(const Json& json, ScenarioResult& scenario) {
  FieldReader reader(json);
  scenario.outcome = reader.OutcomeField("outcome");
  scenario.reason = reader.String("reason");
  scenario.duration = reader.Duration("durationNs");
  scenario.dropped_events = reader.Int("droppedEvents");
  scenario.trace_hash = reader.OptionalString("traceHash");
  auto expectations = ReadAll(reader.Array("expectations"), ExpectationFromJson);
  auto measures = ReadAll(reader.Array("measures"), MeasureFromJson);
  if (auto good = reader.Finish(); !good) return good;
  if (!expectations) return std::move(expectations).error();
  if (!measures) return std::move(measures).error();
  scenario.expectations = *std::move(expectations);
  scenario.measures = *std::move(measures);
  return {};
}

}  // namespace reports
