#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "gate/seams/runtime.h"
#include "harness/runner/progress_view.h"

namespace drill {

// Takes text as it is to be written, line breaks included. Called from one thread at a time.
using TextSink = std::function<void(std::string_view)>;

// For logs of CI: a line for each change of phase and for each end.
class PlainProgress : public ProgressView {
 public:
  PlainProgress(TextSink out, gate::Runtime& runtime)
      : out_(std::move(out)), runtime_(runtime), start_(runtime.Now()) {}

  void OnRun(std::string_view phase) override;
  void OnScenario(const std::string& id, std::string_view phase) override;
  void OnScenarioEnd(const reports::ScenarioResult& result) override;

 private:
  void Write(const std::string& line);

  const TextSink out_;
  gate::Runtime& runtime_;
  const gate::Instant start_;
  std::mutex mutex_;
};

// For terminals: one line for each scenario that is running, with its phase and the time since it
// began, redrawn in place; when it ends, its last line stays above.
class LiveProgress : public ProgressView {
 public:
  // `columns` is asked for the terminal's width at every redraw.
  LiveProgress(TextSink out, gate::Runtime& runtime, std::function<int()> columns);
  ~LiveProgress() override;

  void OnRun(std::string_view phase) override;
  void OnScenario(const std::string& id, std::string_view phase) override;
  void OnScenarioEnd(const reports::ScenarioResult& result) override;

 private:
  struct Line {
    std::string phase;
    gate::Instant since;
  };

  void Tick(const std::stop_token& stop);
  void Redraw(gate::Instant now, int columns, const std::string& lasting);
  std::vector<std::string> LiveLines(gate::Instant now) const;

  const TextSink out_;
  gate::Runtime& runtime_;
  const std::function<int()> columns_;
  std::mutex mutex_;  // guards what follows
  Line run_;
  std::map<std::string, Line> running_;  // by scenario id
  std::size_t drawn_ = 0;                // live lines on the screen
  std::stop_source stop_;
  std::unique_ptr<gate::Task> ticker_;
};

}  // namespace drill
