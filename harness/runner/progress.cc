#include "harness/runner/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/encoding.h"
#include "reports/text.h"

namespace drill {
namespace {

constexpr gate::Nanos kRedrawEvery = std::chrono::milliseconds(250);
constexpr std::size_t kMostLiveLines = 20;  // a terminal is rarely lower

std::string Seconds(gate::Nanos time) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(time).count());
}

// Lines hold text from anywhere, which must not steer the terminal: each is cleaned.
std::string EndLine(const reports::ScenarioResult& result) {
  return reports::OneLine(fmt::format("{:<12} {:<10} {:>8}  {}", reports::ToString(result.outcome),
                                      result.id, Seconds(result.duration),
                                      result.reason.empty() ? result.title : result.reason));
}

}  // namespace

void PlainProgress::Write(const std::string& line) {
  const std::string stamped =
      fmt::format("[{:>8}] {}\n", Seconds(runtime_.Now() - start_), reports::OneLine(line));
  const std::lock_guard lock(mutex_);
  out_(stamped);
}

void PlainProgress::OnRun(std::string_view phase) { Write(std::string(phase)); }

void PlainProgress::OnScenario(const std::string& id, std::string_view phase) {
  Write(fmt::format("{}: {}", id, phase));
}

void PlainProgress::OnScenarioEnd(const reports::ScenarioResult& result) { Write(EndLine(result)); }

LiveProgress::LiveProgress(TextSink out, gate::Runtime& runtime, std::function<int()> columns)
    : out_(std::move(out)), runtime_(runtime), columns_(std::move(columns)) {
  ticker_ = runtime_.Spawn("progress", [this, stop = stop_.get_token()] { Tick(stop); });
}

LiveProgress::~LiveProgress() {
  stop_.request_stop();
  ticker_->Join();
  const std::lock_guard lock(mutex_);
  running_.clear();
  run_.phase.clear();
  Redraw(gate::Instant(), 0, "");
}

void LiveProgress::OnRun(std::string_view phase) {
  const gate::Instant now = runtime_.Now();
  const int columns = columns_();
  const std::lock_guard lock(mutex_);
  run_ = {reports::OneLine(phase), now};
  Redraw(now, columns, "");
}

void LiveProgress::OnScenario(const std::string& id, std::string_view phase) {
  const gate::Instant now = runtime_.Now();
  const int columns = columns_();
  const std::lock_guard lock(mutex_);
  running_.emplace(id, Line{"", now}).first->second.phase = reports::OneLine(phase);
  Redraw(now, columns, "");
}

void LiveProgress::OnScenarioEnd(const reports::ScenarioResult& result) {
  const gate::Instant now = runtime_.Now();
  const int columns = columns_();
  const std::lock_guard lock(mutex_);
  running_.erase(result.id);
  Redraw(now, columns, EndLine(result) + "\n");
}

void LiveProgress::Tick(const std::stop_token& stop) {
  while (runtime_.Sleep({runtime_.Now() + kRedrawEvery, stop}) == gate::WaitResult::kElapsed) {
    const gate::Instant now = runtime_.Now();
    const int columns = columns_();
    const std::lock_guard lock(mutex_);
    Redraw(now, columns, "");
  }
}

std::vector<std::string> LiveProgress::LiveLines(gate::Instant now) const {
  std::vector<std::string> lines;
  for (const auto& [id, line] : running_) {
    if (lines.size() == kMostLiveLines) break;
    lines.push_back(
        fmt::format("{:<12} {:<10} {:>8}  {}", "...", id, Seconds(now - line.since), line.phase));
  }
  if (running_.size() > kMostLiveLines) {
    lines.push_back(fmt::format("... and {} more", running_.size() - kMostLiveLines));
  }
  if (running_.empty() && !run_.phase.empty()) {
    lines.push_back(fmt::format("{:<12} {} ({})", "...", run_.phase, Seconds(now - run_.since)));
  }
  return lines;
}

// Called with the lock held; `lasting` is a whole line to stay above the live ones, or "".
void LiveProgress::Redraw(gate::Instant now, int columns, const std::string& lasting) {
  std::string text;
  // Up to the first live line, and clear from there.
  if (drawn_ > 0) text += fmt::format("\x1b[{}A\x1b[J", drawn_);
  text += lasting;
  const auto lines = LiveLines(now);
  for (const std::string& line : lines) {
    // A line that wraps would not be cleared as a whole.
    text += gate::Truncate(line, static_cast<std::size_t>(std::max(20, columns - 4))) + "\n";
  }
  drawn_ = lines.size();
  if (!text.empty()) out_(text);
}

}  // namespace drill
