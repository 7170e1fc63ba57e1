#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/seams/runtime.h"
#include "harness/runner/progress_view.h"
#include "reports/journal.h"
#include "reports/model.h"

namespace drill {

// Writes down what happens in a run as it happens, and shows it. A run that cannot be written down
// is worth nothing: the first failure of the journal requests a stop. Thread-safe.
class Recorder {
 public:
  // When a scenario is written down and shown. kAtItsEnd is for simulations, which are over before
  // anybody could look, and would otherwise spend their time waiting for the disk.
  enum class Pace { kAsItHappens, kAtItsEnd };

  // `stop` is what the run obeys. All references must outlive this object.
  Recorder(reports::Journal& journal, ProgressView& view, gate::Runtime& runtime,
           std::stop_source& stop, Pace pace = Pace::kAsItHappens)
      : journal_(journal), view_(view), runtime_(runtime), stop_(stop), pace_(pace) {}

  void RunStart(const reports::RunResult& head);
  void RunPhase(std::string_view phase) { view_.OnRun(phase); }
  void RunTrouble(std::string_view trouble);
  void BackendReady(const gate::Json& facts);
  void RunEnd();

  void ScenarioStart(const std::string& id);
  void ScenarioPhase(const std::string& id, std::string_view phase);
  // Troubles on the way; beyond kMostNotes per scenario they are not written down.
  void ScenarioNote(const std::string& id, std::string_view note);
  void ScenarioEvents(const std::string& id, const std::vector<reports::TraceEntry>& entries);
  void ScenarioEnd(const reports::ScenarioResult& result);

  std::optional<gate::Error> failure() const;

  static constexpr std::int64_t kMostNotes = 50;

 private:
  void AppendAll(std::vector<gate::Json> records);
  void Append(gate::Json record) { AppendAll({std::move(record)}); }
  void AppendOf(const std::string& id, std::vector<gate::Json> records);
  void Show(const std::string& id, std::string_view phase);

  reports::Journal& journal_;
  ProgressView& view_;
  gate::Runtime& runtime_;
  std::stop_source& stop_;
  const Pace pace_;
  mutable std::mutex mutex_;                             // guards what follows
  std::map<std::string, std::vector<gate::Json>> held_;  // kAtItsEnd: of scenarios that go on
  std::map<std::string, std::int64_t> notes_;
  std::optional<gate::Error> failure_;
};

}  // namespace drill
