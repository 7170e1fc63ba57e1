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
  // kOnlyItsEnd is for playing scenarios once more: of that only the result is written down.
  enum class Pace { kAsItHappens, kAtItsEnd, kOnlyItsEnd };

  // `stop` is what the run obeys. All references must outlive this object.
  Recorder(reports::Journal& journal, ProgressView& view, gate::Runtime& runtime,
           std::stop_source& stop, Pace pace = Pace::kAsItHappens, int number = 1)
      : journal_(journal),
        view_(view),
        runtime_(runtime),
        stop_(stop),
        pace_(pace),
        number_(number) {}

  void RunStart(const reports::RunResult& head);
  void RunPhase(std::string_view phase) { view_.OnRun(phase); }
  void RunTrouble(std::string_view trouble);
  void RunFidelity(const std::vector<reports::FidelityRow>& rows);
  void BackendReady(const gate::Json& facts);
  void RunEnd();

  void ScenarioStart(const std::string& id);
  void ScenarioPhase(const std::string& id, std::string_view phase);
  // Troubles on the way; beyond kMostNotes per scenario they are not written down.
  void ScenarioNote(const std::string& id, std::string_view note);
  void ScenarioEvents(const std::string& id, const std::vector<reports::TraceEntry>& entries);
  void ScenarioEnd(const reports::ScenarioResult& result);

  // For the scenarios that are played for time `number` now; shares everything with this one.
  Recorder ForRepetition(int number) const {
    return Recorder(journal_, view_, runtime_, stop_, Pace::kOnlyItsEnd, number);
  }

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
  int number_ = 1;                                       // kOnlyItsEnd: which time it is
  mutable std::mutex mutex_;                             // guards what follows
  std::map<std::string, std::vector<gate::Json>> held_;  // kAtItsEnd: of scenarios that go on
  std::map<std::string, std::int64_t> notes_;
  std::optional<gate::Error> failure_;
};

}  // namespace drill
