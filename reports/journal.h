#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"

namespace reports {

// The append-only record of a run: one JSON object per line, each on disk (fsync) before Append
// returns, so that a killed run leaves everything that happened until then. Each record carries
// `seq` (1, 2, ...), `prev` (the hash of the record before; 64 zeros for the first) and `hash`, the
// SHA-256 in hex of the record's compact form, with sorted keys, without `hash` itself.
//
// Thread-safe.
class Journal {
 public:
  // Starts a new file; kAlreadyExists if there is one. Other errors as in reports/file_io.h.
  static gate::Result<std::unique_ptr<Journal>> Create(const std::string& path);

  virtual ~Journal() = default;

  // Adds seq, prev and hash to each record, which must not have them. After an error (disk full)
  // nothing more is written: every later call fails with that first error. Records that are known
  // together are appended together, as making them durable costs milliseconds.
  virtual gate::Result<void> AppendAll(std::vector<gate::Json> records) = 0;
  gate::Result<void> Append(gate::Json record) { return AppendAll({std::move(record)}); }
};

// Where a run's journal lies in its report folder.
std::string JournalPath(const std::string& folder);

// True while a run writes its journal in `folder`.
bool IsBeingWritten(const std::string& folder);

// Gives the journal of an earlier run in `folder`, if there is one, another name (journal.1.jsonl,
// journal.2.jsonl, ...), so that a new one can be started. kConflict if that run is still writing
// it; other errors as in reports/file_io.h.
gate::Result<void> SetJournalAside(const std::string& folder);

// The text of a journal with one more record at its end, which must not have seq, prev and hash.
// Errors as ParseJournal; kConflict if its last line is only half written.
gate::Result<std::string> ExtendJournal(std::string_view text, gate::Json record);

struct JournalContent {
  std::vector<gate::Json> records;
  bool torn = false;  // there was a last line without its newline; it is not among the records
  std::string head;   // hash of the last record; 64 zeros if there is none
};

// Reads the lines of a journal and checks the chain. A half-written last line is what a crash
// leaves; anything else out of order is kProtocol and names the line: a changed, missing, inserted
// or re-ordered record.
gate::Result<JournalContent> ParseJournal(std::string_view text);

}  // namespace reports
