#include "reports/history/history.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include "gate/base/check.h"

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

constexpr int kApplicationId = 0x64726c6c;  // "drll"
constexpr int kBusyMilliseconds = 30'000;
constexpr int kTimeDigits = 9;  // so that times sort as texts

constexpr const char* kTables = R"(
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, started TEXT NOT NULL, program TEXT NOT NULL, backend TEXT NOT NULL,
  decision TEXT NOT NULL, git_commit TEXT NOT NULL, trace_hash TEXT NOT NULL,
  journal_head TEXT NOT NULL, worst_scenario TEXT NOT NULL, worst_lower INTEGER,
  worst_upper INTEGER, worst_limit INTEGER) WITHOUT ROWID;
CREATE INDEX runs_by_time ON runs (backend, started);
CREATE TABLE rows (
  run_id TEXT NOT NULL REFERENCES runs, row_id TEXT NOT NULL, text TEXT NOT NULL,
  outcome TEXT NOT NULL, PRIMARY KEY (run_id, row_id)) WITHOUT ROWID;
CREATE TABLE scenarios (
  run_id TEXT NOT NULL REFERENCES runs, scenario TEXT NOT NULL, title TEXT NOT NULL,
  sha256 TEXT NOT NULL, required INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (run_id, scenario)) WITHOUT ROWID;
CREATE TABLE measures (
  run_id TEXT NOT NULL REFERENCES runs, scenario TEXT NOT NULL, measure TEXT NOT NULL,
  outcome TEXT NOT NULL, lower INTEGER, upper INTEGER, most INTEGER NOT NULL,
  PRIMARY KEY (run_id, scenario, measure)) WITHOUT ROWID;
)";

struct FreeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

struct HistoryDatabase {
  explicit HistoryDatabase(std::string file) : path(std::move(file)) {}
  ~HistoryDatabase() { sqlite3_close_v2(handle); }
  HistoryDatabase(const HistoryDatabase&) = delete;
  HistoryDatabase& operator=(const HistoryDatabase&) = delete;

  // The error of the call that just failed.
  Error Failure() const {
    const int code = sqlite3_errcode(handle) & 0xFF;
    ErrorCode mapped = ErrorCode::kUnavailable;
    std::string what = sqlite3_errmsg(handle);
    if (code == SQLITE_CORRUPT) mapped = ErrorCode::kProtocol;
    if (code == SQLITE_NOTADB) {
      mapped = ErrorCode::kInvalidArgument;
      what = "is no history of gate-drill: it is not an SQLite file";
    }
    if (code == SQLITE_BUSY) what = "other programs keep it locked";
    return {mapped, path + ": " + what};
  }

  Result<void> Run(const char* sql) const {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return Failure();
  }

  std::string path;
  sqlite3* handle = nullptr;
};

namespace {

// A statement with its values, stepped through row by row. The first failure is kept until Finish.
class Query {
 public:
  Query(const HistoryDatabase& database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database.handle, sql, -1, &statement, nullptr) != SQLITE_OK) {
      failure_ = database.Failure();
    }
    statement_.reset(statement);
    fail_ = [&database] { return database.Failure(); };
  }

  Query& Bind(std::string_view text) {
    if (!failure_) {
      sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8);
    }
    return *this;
  }
  Query& Bind(std::int64_t number) {
    if (!failure_) sqlite3_bind_int64(statement_.get(), ++bound_, number);
    return *this;
  }
  Query& BindNull() {
    ++bound_;  // as it is from the start
    return *this;
  }

  // True if there is a row to read.
  bool Step() {
    if (failure_) return false;
    const int code = sqlite3_step(statement_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) failure_ = fail_();
    return code == SQLITE_ROW;
  }

  Result<void> Finish() const {
    if (failure_) return *failure_;
    return {};
  }

  std::string Text(int column) const {
    const auto* bytes = sqlite3_column_text(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    if (bytes == nullptr) return "";
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  }
  std::int64_t Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

  // These complain about what this program has not written.
  gate::WallTime Time(int column) {
    const auto time = gate::ParseRfc3339(Text(column));
    if (time) return *time;
    Complain();
    return {};
  }
  Outcome OutcomeAt(int column) {
    if (const auto outcome = ParseOutcome(Text(column))) return *outcome;
    Complain();
    return Outcome::kInconclusive;
  }
  std::optional<Interval> IntervalAt(int lower) const {
    if (sqlite3_column_type(statement_.get(), lower + 1) == SQLITE_NULL) return std::nullopt;
    return Interval{gate::Nanos(Int(lower)), gate::Nanos(Int(lower + 1))};
  }

 private:
  void Complain() {
    if (!failure_) {
      failure_ = Error{ErrorCode::kProtocol, "a history that was not written by gate-drill"};
    }
  }

  std::unique_ptr<sqlite3_stmt, FreeStatement> statement_;
  std::optional<Error> failure_;
  std::function<Error()> fail_;
  int bound_ = 0;
};

// All or nothing of what is written until Commit.
class Transaction {
 public:
  explicit Transaction(const HistoryDatabase& database)
      : database_(database), begun_(database.Run("BEGIN IMMEDIATE")) {}
  ~Transaction() {
    if (open_ && begun_) sqlite3_exec(database_.handle, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  const Result<void>& begun() const { return begun_; }
  Result<void> Commit() {
    auto done = database_.Run("COMMIT");
    open_ = !done;
    return done;
  }

 private:
  const HistoryDatabase& database_;
  const Result<void> begun_;
  bool open_ = true;
};

Result<std::int64_t> Number(const HistoryDatabase& database, const char* sql) {
  Query query(database, sql);
  const std::int64_t number = query.Step() ? query.Int(0) : 0;
  if (auto good = query.Finish(); !good) return std::move(good).error();
  return number;
}

// Creates the tables in an empty file; refuses what is no history of ours.
Result<void> Prepare(const HistoryDatabase& database) {
  const auto tables = Number(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  const auto application = Number(database, "PRAGMA application_id");
  if (!application) return application.error();
  const auto version = Number(database, "PRAGMA user_version");
  if (!version) return version.error();
  if (*tables == 0) {
    const std::string sql = fmt::format("{}PRAGMA application_id = {}; PRAGMA user_version = {};",
                                        kTables, kApplicationId, History::kSchema);
    return database.Run(sql.c_str());
  }
  if (*application != kApplicationId) {
    return Error{ErrorCode::kInvalidArgument,
                 database.path + ": is an SQLite file of another program"};
  }
  if (*version > History::kSchema) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("{}: has version {}, this gate-drill knows {} and older; use a newer one",
                    database.path, *version, History::kSchema)};
  }
  return {};
}

Result<void> CheckSound(const HistoryDatabase& database) {
  Query query(database, "PRAGMA quick_check(1)");
  const std::string found = query.Step() ? query.Text(0) : "ok";
  if (auto good = query.Finish(); !good) return good;
  if (found == "ok") return {};
  return Error{ErrorCode::kProtocol,
               fmt::format("{}: is damaged ({}); restore it, or remove it and record the reports "
                           "that are left again",
                           database.path, found)};
}

std::string TimeText(gate::WallTime time) { return gate::FormatRfc3339(time, kTimeDigits); }

void BindInterval(Query& query, const std::optional<Interval>& interval) {
  if (!interval) {
    query.BindNull().BindNull();
    return;
  }
  query.Bind(interval->lower.count()).Bind(interval->upper.count());
}

Result<void> Insert(Query& query) {
  query.Step();
  return query.Finish();
}

Result<void> InsertHead(const HistoryDatabase& database, const RunSummary& run) {
  Query query(database, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const MeasureSummary* worst = run.Worst();
  query.Bind(run.run_id).Bind(TimeText(run.started)).Bind(run.program).Bind(run.backend);
  query.Bind(run.decision).Bind(run.git_commit).Bind(run.trace_hash).Bind(run.journal_head);
  query.Bind(worst == nullptr ? "" : worst->scenario);
  BindInterval(query, worst == nullptr ? std::nullopt : worst->measured);
  if (worst != nullptr) query.Bind(worst->limit.count());
  return Insert(query);
}

// Of parts with the same id, which no sound report has, the last is kept.
Result<void> InsertParts(const HistoryDatabase& database, const RunSummary& run) {
  for (const RowSummary& row : run.rows) {
    Query query(database, "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)");
    query.Bind(run.run_id).Bind(row.id).Bind(row.text).Bind(ToString(row.outcome));
    if (auto done = Insert(query); !done) return done;
  }
  for (const ScenarioSummary& each : run.scenarios) {
    Query query(database, "INSERT OR REPLACE INTO scenarios VALUES (?, ?, ?, ?, ?, ?, ?)");
    query.Bind(run.run_id).Bind(each.id).Bind(each.title).Bind(each.sha256);
    query.Bind(std::int64_t{each.required ? 1 : 0}).Bind(ToString(each.outcome)).Bind(each.reason);
    if (auto done = Insert(query); !done) return done;
  }
  for (const MeasureSummary& each : run.measures) {
    Query query(database, "INSERT OR REPLACE INTO measures VALUES (?, ?, ?, ?, ?, ?, ?)");
    query.Bind(run.run_id).Bind(each.scenario).Bind(each.id).Bind(ToString(each.outcome));
    BindInterval(query, each.measured);
    query.Bind(each.limit.count());
    if (auto done = Insert(query); !done) return done;
  }
  return {};
}

// The run whose id begins with `prefix`, without its parts.
Result<RunSummary> LoadHead(const HistoryDatabase& database, const std::string& prefix) {
  Query query(database,
              "SELECT run_id, started, program, backend, decision, git_commit, trace_hash, "
              "journal_head FROM runs WHERE substr(run_id, 1, length(?1)) = ?1 "
              "ORDER BY run_id LIMIT 2");
  query.Bind(prefix);
  RunSummary run;
  const bool found = !prefix.empty() && query.Step();
  if (found) {
    run.run_id = query.Text(0);
    run.started = query.Time(1);
    run.program = query.Text(2);
    run.backend = query.Text(3);
    run.decision = query.Text(4);
    run.git_commit = query.Text(5);
    run.trace_hash = query.Text(6);
    run.journal_head = query.Text(7);
  }
  const bool several = found && run.run_id != prefix && query.Step();  // a whole id sorts first
  if (auto good = query.Finish(); !good) return std::move(good).error();
  if (several) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{}: several runs begin with \"{}\"", database.path, prefix)};
  }
  if (found) return run;
  return Error{ErrorCode::kNotFound,
               fmt::format("{}: there is no run \"{}\"", database.path, prefix)};
}

Result<void> LoadRows(const HistoryDatabase& database, RunSummary& run) {
  Query query(database, "SELECT row_id, text, outcome FROM rows WHERE run_id = ? ORDER BY 1");
  query.Bind(run.run_id);
  while (query.Step()) run.rows.push_back({query.Text(0), query.Text(1), query.OutcomeAt(2)});
  return query.Finish();
}

Result<void> LoadScenarios(const HistoryDatabase& database, RunSummary& run) {
  Query query(database,
              "SELECT scenario, title, sha256, required, outcome, reason FROM scenarios "
              "WHERE run_id = ? ORDER BY 1");
  query.Bind(run.run_id);
  while (query.Step()) {
    run.scenarios.push_back({query.Text(0), query.Text(1), query.Text(2), query.Int(3) != 0,
                             query.OutcomeAt(4), query.Text(5)});
  }
  return query.Finish();
}

Result<void> LoadMeasures(const HistoryDatabase& database, RunSummary& run) {
  Query query(database,
              "SELECT scenario, measure, outcome, lower, upper, most FROM measures "
              "WHERE run_id = ? ORDER BY 1, 2");
  query.Bind(run.run_id);
  while (query.Step()) {
    run.measures.push_back({query.Text(0), query.Text(1), query.OutcomeAt(2), query.IntervalAt(3),
                            gate::Nanos(query.Int(5))});
  }
  return query.Finish();
}

// The runs that agree about a row, newest first, folded into its history.
void Fold(RowHistory& row, Outcome outcome, const RunHead& run) {
  const bool conclusive = outcome == Outcome::kPass || outcome == Outcome::kFail;
  if (!conclusive || !row.before_run.empty()) return;
  if (row.proven && *row.proven != outcome) {
    row.before_run = run.run_id;
    row.before_commit = run.git_commit;
    return;
  }
  row.proven = outcome;
  row.since_run = run.run_id;
  row.since = run.started;
  row.since_commit = run.git_commit;
  ++row.runs;
}

}  // namespace

History::History(std::unique_ptr<HistoryDatabase> database) : database_(std::move(database)) {}
History::~History() = default;

Result<std::unique_ptr<History>> History::Open(const std::string& path, Missing missing) {
  std::error_code error;
  if (missing == Missing::kRefuse && !std::filesystem::exists(path, error)) {
    return Error{ErrorCode::kNotFound,
                 path + ": there is no history yet (gate-drill run --history)"};
  }
  auto database = std::make_unique<HistoryDatabase>(path);
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  if (sqlite3_open_v2(path.c_str(), &database->handle, kFlags, nullptr) != SQLITE_OK) {
    return database->Failure();
  }
  sqlite3_extended_result_codes(database->handle, 0);
  sqlite3_busy_timeout(database->handle, kBusyMilliseconds);
  if (auto done = database->Run("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"); !done) {
    return std::move(done).error();
  }
  Transaction transaction(*database);
  if (!transaction.begun()) return transaction.begun().error();
  if (auto done = Prepare(*database); !done) return std::move(done).error();
  if (auto done = transaction.Commit(); !done) return std::move(done).error();
  if (auto done = CheckSound(*database); !done) return std::move(done).error();
  return std::unique_ptr<History>(new History(std::move(database)));
}

Result<bool> History::Record(const RunSummary& run) {
  Transaction transaction(*database_);
  if (!transaction.begun()) return transaction.begun().error();
  {
    Query known(*database_, "SELECT journal_head FROM runs WHERE run_id = ?");
    known.Bind(run.run_id);
    if (known.Step()) {
      if (known.Text(0) == run.journal_head) return false;
      return Error{ErrorCode::kConflict,
                   fmt::format("{}: remembers another run {}", database_->path, run.run_id)};
    }
    if (auto good = known.Finish(); !good) return std::move(good).error();
  }
  if (auto done = InsertHead(*database_, run); !done) return std::move(done).error();
  if (auto done = InsertParts(*database_, run); !done) return std::move(done).error();
  if (auto done = transaction.Commit(); !done) return std::move(done).error();
  return true;
}

Result<std::vector<RunHead>> History::Runs(const std::string& backend, std::size_t most) {
  Query query(*database_,
              "SELECT run_id, started, backend, decision, git_commit, trace_hash, worst_scenario, "
              "worst_lower, worst_upper FROM runs WHERE ?1 = '' OR backend = ?1 "
              "ORDER BY started DESC, run_id DESC LIMIT ?2");
  query.Bind(backend).Bind(static_cast<std::int64_t>(most));
  std::vector<RunHead> runs;
  while (query.Step()) {
    runs.push_back({query.Text(0), query.Time(1), query.Text(2), query.Text(3), query.Text(4),
                    query.Text(5), query.Text(6), query.IntervalAt(7)});
  }
  if (auto good = query.Finish(); !good) return std::move(good).error();
  return runs;
}

Result<RunSummary> History::Load(const std::string& prefix) {
  auto run = LoadHead(*database_, prefix);
  if (!run) return run;
  if (auto done = LoadRows(*database_, *run); !done) return std::move(done).error();
  if (auto done = LoadScenarios(*database_, *run); !done) return std::move(done).error();
  if (auto done = LoadMeasures(*database_, *run); !done) return std::move(done).error();
  return run;
}

Result<std::vector<RowHistory>> History::Rows(const std::string& backend) {
  Query query(*database_,
              "SELECT rows.row_id, rows.text, rows.outcome, runs.run_id, runs.started, "
              "runs.git_commit FROM runs JOIN rows USING (run_id) WHERE runs.backend = ? "
              "ORDER BY runs.started DESC, runs.run_id DESC");
  query.Bind(backend);
  std::map<std::string, RowHistory> rows;
  std::string newest;
  while (query.Step()) {
    RunHead run;
    run.run_id = query.Text(3);
    run.started = query.Time(4);
    run.git_commit = query.Text(5);
    if (newest.empty()) newest = run.run_id;
    auto found = rows.find(query.Text(0));
    if (found == rows.end()) {
      if (run.run_id != newest) continue;  // a row that is no longer asked for
      found = rows.emplace(query.Text(0), RowHistory()).first;
      found->second.row = query.Text(0);
      found->second.text = query.Text(1);
      found->second.now = query.OutcomeAt(2);
    }
    Fold(found->second, query.OutcomeAt(2), run);
  }
  if (auto good = query.Finish(); !good) return std::move(good).error();
  std::vector<RowHistory> list;
  for (auto& [id, row] : rows) list.push_back(std::move(row));
  return list;
}

Result<std::vector<std::string>> History::Backends() {
  Query query(*database_, "SELECT DISTINCT backend FROM runs ORDER BY 1");
  std::vector<std::string> backends;
  while (query.Step()) backends.push_back(query.Text(0));
  if (auto good = query.Finish(); !good) return std::move(good).error();
  return backends;
}

Result<std::vector<TrendPoint>> History::Trend(const std::string& backend, std::size_t most) {
  Query query(*database_,
              "SELECT * FROM (SELECT run_id, started, git_commit, decision, worst_scenario, "
              "worst_lower, worst_upper, worst_limit FROM runs WHERE backend = ? "
              "ORDER BY started DESC, run_id DESC LIMIT ?) ORDER BY started, run_id");
  query.Bind(backend).Bind(static_cast<std::int64_t>(most));
  std::vector<TrendPoint> points;
  while (query.Step()) {
    points.push_back({query.Text(0), query.Time(1), query.Text(2), query.Text(3), query.Text(4),
                      query.IntervalAt(5), gate::Nanos(query.Int(7))});
  }
  if (auto good = query.Finish(); !good) return std::move(good).error();
  return points;
}

}  // namespace reports
