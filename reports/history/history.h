#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/time.h"
#include "reports/history/run_summary.h"

// Past runs, in an SQLite file.
namespace reports {

// A head of a run, for lists.
struct RunHead {
  std::string run_id;
  gate::WallTime started;
  std::string backend;
  std::string decision;
  std::string git_commit;
  std::string trace_hash;
  std::string worst_scenario;
  std::optional<Interval> worst;
};

struct HistoryDatabase;  // an open SQLite file

// One file is safely used by several processes at a time: each call is a transaction, waits up to
// half a minute for others, and is on disk when it returns. It has a plain rollback journal and no
// write-ahead log, so that it also works on network file systems, and is one file when nobody uses
// it.
//
// Errors: kInvalidArgument if the file is no history, or of a newer version; kProtocol if it is
// damaged; kUnavailable if it cannot be opened, written, or is locked by others for too long. Every
// message names the file.
class History {
 public:
  enum class Missing { kCreate, kRefuse };

  // `kRefuse`: kNotFound if there is no such file.
  static gate::Result<std::unique_ptr<History>> Open(const std::string& path, Missing missing);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // Remembers a run; false if it is remembered already. kConflict if another one is remembered
  // under its id.
  gate::Result<bool> Record(const RunSummary& run);

  // The newest `most` runs, on any backend if that is empty; newest first.
  gate::Result<std::vector<RunHead>> Runs(const std::string& backend, std::size_t most);

  // The run whose id begins with `prefix`. kNotFound, or kInvalidArgument if there are several.
  gate::Result<RunSummary> Load(const std::string& prefix);

  // What became of each row that the newest run on `backend` has; by id.
  gate::Result<std::vector<RowHistory>> Rows(const std::string& backend);

  // The backends that there are runs on.
  gate::Result<std::vector<std::string>> Backends();

  // For drawing: the newest `most` runs on `backend`, oldest first.
  gate::Result<std::vector<TrendPoint>> Trend(const std::string& backend, std::size_t most);

  // The version of the tables that this program writes.
  static constexpr int kSchema = 1;

 private:
  explicit History(std::unique_ptr<HistoryDatabase> database);
  std::unique_ptr<HistoryDatabase> database_;
};

}  // namespace reports
