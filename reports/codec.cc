#include "reports/codec.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

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

const Json& FieldReader::OptionalArray(const char* key) {
  static const Json kNone = Json::array();
  return Has(key) ? Array(key) : kNone;
}

std::vector<std::string> FieldReader::OptionalStrings(const char* key) {
  return Has(key) ? Strings(key) : std::vector<std::string>();
}

gate::Nanos FieldReader::OptionalDuration(const char* key) {
  return Has(key) ? Duration(key) : gate::Nanos(0);
}

std::uint64_t ReadWholeNumber(FieldReader& reader, const char* key) {
  const std::string text = reader.String(key);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    reader.Complain(key, "a number as text");
  }
  return number;
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

std::string Timestamp(gate::WallTime time) { return gate::FormatRfc3339(time, 9); }

Json ToJson(const TraceEntry& entry) {
  return {{"name", entry.name},
          {"atNs", entry.at.count()},
          {"wall", Timestamp(entry.wall)},
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

namespace {

Json ToJson(const ChecklistFile& file) { return {{"path", file.path}, {"sha256", file.sha256}}; }

Result<ChecklistFile> ChecklistFileFromJson(const Json& json) {
  FieldReader reader(json);
  ChecklistFile file{reader.String("path"), reader.String("sha256")};
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return file;
}

}  // namespace

Json ToJson(const ChecklistRow& row) {
  Json json = {{"id", row.id}, {"text", row.text}, {"scenarios", row.scenarios}};
  if (!row.backends.empty()) json["backends"] = row.backends;
  if (!row.measure.empty()) {
    json["measure"] = row.measure;
    json["limitNs"] = row.limit.count();
  }
  if (row.max_age > gate::Nanos(0)) json["maxAgeNs"] = row.max_age.count();
  for (const ChecklistFile& file : row.files) json["files"].push_back(ToJson(file));
  if (!row.role.empty()) json["role"] = row.role;
  return json;
}

Result<ChecklistRow> ChecklistRowFromJson(const Json& json) {
  FieldReader reader(json);
  ChecklistRow row{reader.String("id"), reader.String("text"), reader.Strings("scenarios")};
  row.backends = reader.OptionalStrings("backends");
  row.measure = reader.OptionalString("measure");
  row.limit = reader.OptionalDuration("limitNs");
  row.max_age = reader.OptionalDuration("maxAgeNs");
  row.role = reader.OptionalString("role");
  auto files = ReadAll(reader.OptionalArray("files"), ChecklistFileFromJson);
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  if (!files) return std::move(files).error();
  row.files = *std::move(files);
  return row;
}

Json ToJson(const Repetition& repetition) {
  Json json = {{"number", repetition.number},
               {"outcome", ToString(repetition.outcome)},
               {"reason", repetition.reason},
               {"durationNs", repetition.duration.count()},
               {"measures", WriteAll(repetition.measures)}};
  if (!repetition.trace_hash.empty()) json["traceHash"] = repetition.trace_hash;
  return json;
}

Result<Repetition> RepetitionFromJson(const Json& json) {
  FieldReader reader(json);
  Repetition result;
  result.number = static_cast<int>(reader.Int("number"));
  result.outcome = reader.OutcomeField("outcome");
  result.reason = reader.String("reason");
  result.duration = reader.Duration("durationNs");
  result.trace_hash = reader.OptionalString("traceHash");
  auto measures = ReadAll(reader.Array("measures"), MeasureFromJson);
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  if (!measures) return std::move(measures).error();
  result.measures = *std::move(measures);
  return result;
}

namespace {

Json ToJson(const ProofScenario& scenario) {
  return {{"id", scenario.id},
          {"sha256", scenario.sha256},
          {"outcome", ToString(scenario.outcome)},
          {"reason", scenario.reason},
          {"measures", WriteAll(scenario.measures)}};
}

Result<ProofScenario> ProofScenarioFromJson(const Json& json) {
  FieldReader reader(json);
  ProofScenario result{reader.String("id"),
                       reader.String("sha256"),
                       reader.OutcomeField("outcome"),
                       reader.String("reason"),
                       {}};
  auto measures = ReadAll(reader.Array("measures"), MeasureFromJson);
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  if (!measures) return std::move(measures).error();
  result.measures = *std::move(measures);
  return result;
}

}  // namespace

Json ToJson(const Proof& proof) {
  Json json = {{"runId", proof.run_id},
               {"program", proof.program},
               {"programSha256", proof.program_sha256},
               {"gitCommit", proof.git_commit},
               {"backend", proof.backend},
               {"facts", proof.facts},
               {"seed", std::to_string(proof.seed)},
               {"finished", Timestamp(proof.finished)},
               {"journalHead", proof.journal_head},
               {"scenarios", Json::array()}};
  for (const ProofScenario& each : proof.scenarios) json["scenarios"].push_back(ToJson(each));
  return json;
}

Result<Proof> ProofFromJson(const Json& json) {
  FieldReader reader(json);
  Proof proof;
  proof.run_id = reader.String("runId");
  proof.program = reader.String("program");
  proof.program_sha256 = reader.String("programSha256");
  proof.git_commit = reader.String("gitCommit");
  proof.backend = reader.String("backend");
  proof.facts = reader.Object("facts");
  proof.seed = ReadWholeNumber(reader, "seed");
  proof.finished = reader.Time("finished");
  proof.journal_head = reader.String("journalHead");
  auto scenarios = ReadAll(reader.Array("scenarios"), ProofScenarioFromJson);
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  if (!scenarios) return std::move(scenarios).error();
  proof.scenarios = *std::move(scenarios);
  return proof;
}

Json ToJson(const Approval& approval) {
  return {{"row", approval.row},           {"role", approval.role},
          {"who", approval.who},           {"time", Timestamp(approval.time)},
          {"approved", approval.approved}, {"digest", approval.digest},
          {"comment", approval.comment},   {"key", approval.key},
          {"text", approval.text}};
}

Result<Approval> ApprovalFromJson(const Json& json) {
  FieldReader reader(json);
  Approval approval;
  approval.row = reader.String("row");
  approval.role = reader.String("role");
  approval.who = reader.String("who");
  approval.time = reader.Time("time");
  approval.approved = reader.Bool("approved");
  approval.digest = reader.String("digest");
  approval.comment = reader.String("comment");
  approval.key = reader.String("key");
  approval.text = reader.String("text");
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return approval;
}

Json ToJson(const IgnoredApproval& ignored) {
  return {{"file", ignored.file}, {"why", ignored.why}};
}

Result<IgnoredApproval> IgnoredApprovalFromJson(const Json& json) {
  FieldReader reader(json);
  IgnoredApproval ignored{reader.String("file"), reader.String("why")};
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return ignored;
}

Json ToJson(const SignOff& sign_off) {
  return {{"time", Timestamp(sign_off.time)},
          {"reportSha256", sign_off.report_sha256},
          {"key", sign_off.key}};
}

Result<SignOff> SignOffFromJson(const Json& json) {
  FieldReader reader(json);
  SignOff sign_off{reader.Time("time"), reader.String("reportSha256"), reader.String("key")};
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return sign_off;
}

Json ToJson(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {{"lowerNs", interval->lower.count()}, {"upperNs", interval->upper.count()}};
}

Json ToJson(const RowHistory& row) {
  Json json = {
      {"row", row.row}, {"text", row.text}, {"now", ToString(row.now)}, {"proven", nullptr}};
  if (!row.proven) return json;
  json["proven"] = ToString(*row.proven);
  json["since"] = {{"runId", row.since_run},
                   {"started", Timestamp(row.since)},
                   {"gitCommit", row.since_commit},
                   {"runs", row.runs}};
  json["before"] = nullptr;
  if (!row.before_run.empty()) {
    json["before"] = {{"runId", row.before_run}, {"gitCommit", row.before_commit}};
  }
  return json;
}

Json ToJson(const TrendPoint& point) {
  return {{"runId", point.run_id},         {"started", Timestamp(point.started)},
          {"gitCommit", point.git_commit}, {"decision", point.decision},
          {"scenario", point.scenario},    {"worst", ToJson(point.worst)},
          {"limitNs", point.limit.count()}};
}

Json ToJson(const PastRuns& past) {
  return {{"rows", WriteAll(past.rows)}, {"trend", WriteAll(past.trend)}};
}

Result<TrendPoint> TrendPointFromJson(const Json& json) {
  FieldReader reader(json);
  TrendPoint point;
  point.run_id = reader.String("runId");
  point.started = reader.Time("started");
  point.git_commit = reader.String("gitCommit");
  point.decision = reader.String("decision");
  point.scenario = reader.String("scenario");
  point.limit = reader.Duration("limitNs");
  if (!gate::JsonAt(json, "/worst").is_null()) {
    FieldReader worst(reader.Object("worst"));
    point.worst = Interval{worst.Duration("lowerNs"), worst.Duration("upperNs")};
    if (auto good = worst.Finish(); !good) return std::move(good).error();
  }
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return point;
}

Result<RowHistory> RowHistoryFromJson(const Json& json) {
  FieldReader reader(json);
  RowHistory row;
  row.row = reader.String("row");
  row.text = reader.String("text");
  row.now = reader.OutcomeField("now");
  if (gate::JsonAt(json, "/proven").is_string()) {
    row.proven = reader.OutcomeField("proven");
    FieldReader since(reader.Object("since"));
    row.since_run = since.String("runId");
    row.since = since.Time("started");
    row.since_commit = since.String("gitCommit");
    row.runs = since.Int("runs");
    if (auto good = since.Finish(); !good) return std::move(good).error();
    row.before_run = gate::JsonString(json, "/before/runId");
    row.before_commit = gate::JsonString(json, "/before/gitCommit");
  }
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return row;
}

Result<PastRuns> PastRunsFromJson(const Json& json) {
  FieldReader reader(json);
  auto rows = ReadAll(reader.Array("rows"), RowHistoryFromJson);
  if (!rows) return std::move(rows).error().Wrap("rows");
  auto trend = ReadAll(reader.Array("trend"), TrendPointFromJson);
  if (!trend) return std::move(trend).error().Wrap("trend");
  if (auto good = reader.Finish(); !good) return std::move(good).error();
  return PastRuns{*std::move(trend), *std::move(rows)};
}

Json ToJson(const FidelityRow& row) {
  return {{"scenario", row.scenario},
          {"agrees", row.agrees},
          {"compared", row.compared},
          {"differences", row.differences}};
}

Result<FidelityRow> FidelityRowFromJson(const Json& json) {
  FieldReader reader(json);
  FidelityRow row{reader.String("scenario"), reader.Bool("agrees"), reader.Int("compared"),
                  reader.Strings("differences")};
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
  if (!scenario.backends.empty()) json["backends"] = scenario.backends;
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
  if (reader.Has("applies")) scenario.applies = reader.Bool("applies");
  scenario.backends = reader.OptionalStrings("backends");
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
