#include "reports/swimlanes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <vector>

#include "gate/base/encoding.h"
#include "reports/digest.h"
#include "reports/moments.h"
#include "reports/text.h"

namespace reports {
namespace {

using gate::Nanos;

// All lengths in units of the drawing, which is 1000 wide.
constexpr double kRight = kLaneLeft + kLaneWidth;
constexpr int kMomentLine = 13;
// Below it the lanes; above, the names of the moments, a line for each if all are near each other.
constexpr int kTop = 7 + kMomentLine * static_cast<int>(kMomentNames.size());
constexpr int kLane = 34;
constexpr int kTallLane = 62;
constexpr std::size_t kMostMarks = 120;     // of one lane; the journal has them all
constexpr std::size_t kLongestTitle = 160;  // bytes of what a mark says

std::int64_t Number(const TraceEntry& entry, const char* key) {
  const auto found = entry.fields.find(key);
  const bool whole = found != entry.fields.end() && found->is_number_integer();
  return whole ? found->get<std::int64_t>() : 0;
}

std::string Clean(std::string_view text) { return EscapeXml(gate::Truncate(text, kLongestTitle)); }

// One lane's place.
struct Band {
  int top;
  int height;
  int Middle() const { return top + height / 2; }
  int Bottom() const { return top + height; }
};

class Drawing {
 public:
  Drawing(const ScenarioResult& scenario, const Moments& moments);
  std::string Render() &&;

 private:
  // --- scale
  double Seconds(Nanos at) const { return static_cast<double>((at - zero_).count()) / 1e9; }
  double X(Nanos at) const {
    const double share = static_cast<double>((at - zero_).count()) /
                         static_cast<double>(std::max<std::int64_t>(1, span_.count()));
    return kLaneLeft + std::clamp(share, 0.0, 1.0) * kLaneWidth;
  }
  bool IsShown(const TraceEntry& entry) const { return entry.at >= zero_; }

  // --- parts
  Band Lane(std::string_view name, int height);
  template <typename... T>
  void Put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(body_), format, std::forward<T>(values)...);
  }
  void Bar(const Band& band, Nanos from, Nanos to, std::string_view style, std::string_view label,
           std::string_view title);
  void Mark(const Band& band, const TraceEntry& entry, std::string_view style,
            std::string_view glyph, std::string_view title);
  struct Level {
    Nanos at;
    std::int64_t value;
  };
  void Curve(const Band& band, const std::vector<Level>& levels, std::int64_t most,
             std::string_view style, std::string_view title);

  // --- lanes
  void FaultLane();
  void PhaseLane();
  void WeightLane();
  void ReplicaLane();
  void AnalysisLane();
  void VerdictLane();
  void NoticeLane();
  void Axis();
  void MomentLines();

  const ScenarioResult& scenario_;
  const Moments& moments_;
  Nanos zero_{0};  // the deployment
  Nanos span_{1};
  int bottom_ = kTop;
  std::string body_;
};

Drawing::Drawing(const ScenarioResult& scenario, const Moments& moments)
    : scenario_(scenario), moments_(moments), zero_(moments.deployed->at) {
  Nanos end = zero_ + std::chrono::seconds(1);
  for (const TraceEntry& entry : scenario.timeline) end = std::max(end, entry.at);
  span_ = (end - zero_) + (end - zero_) / 50;  // a margin, so that the last mark is seen
}

Band Drawing::Lane(std::string_view name, int height) {
  const Band band{bottom_, height};
  bottom_ += height;
  Put("<text class=\"ln\" x=\"0\" y=\"{}\">{}</text>", band.Middle() + 4, name);
  Put("<path class=\"gr\" d=\"M0 {}H1000\"/>", band.Bottom());
  return band;
}

void Drawing::Bar(const Band& band, Nanos from, Nanos to, std::string_view style,
                  std::string_view label, std::string_view title) {
  const double x = X(from);
  const double width = std::max(2.0, X(to) - x);
  Put("<g><title>{}</title><rect class=\"{}\" data-t=\"{:.3f}\" data-end=\"{:.3f}\" x=\"{:.1f}\" "
      "y=\"{}\" width=\"{:.1f}\" height=\"{}\" rx=\"3\"/>",
      Clean(title), style, Seconds(from), Seconds(to), x, band.top + 6, width, band.height - 12);
  constexpr double kLetter = 6.4;
  if (static_cast<double>(label.size()) * kLetter + 8 < width) {
    Put("<text class=\"bl\" x=\"{:.1f}\" y=\"{}\">{}</text>", x + 5, band.Middle() + 4,
        Clean(label));
  }
  body_ += "</g>";
}

void Drawing::Mark(const Band& band, const TraceEntry& entry, std::string_view style,
                   std::string_view glyph, std::string_view title) {
  const double x = X(entry.at);
  Put("<g class=\"{}\" data-t=\"{:.3f}\" data-x=\"{:.1f}\"><title>{}</title>", style,
      Seconds(entry.at), x, Clean(title));
  if (const double earliest = X(std::max(zero_, entry.at - entry.uncertainty)); x - earliest > 1) {
    Put("<path class=\"wh\" d=\"M{:.1f} {}H{:.1f}\"/>", earliest, band.Middle(), x);
  }
  Put("<circle cx=\"{:.1f}\" cy=\"{}\" r=\"8\"/><text x=\"{:.1f}\" y=\"{}\">{}</text></g>", x,
      band.Middle(), x, band.Middle() + 4, glyph);
}

void Drawing::Curve(const Band& band, const std::vector<Level>& levels, std::int64_t most,
                    std::string_view style, std::string_view title) {
  if (levels.empty()) return;
  const auto y = [&](std::int64_t value) {
    const double share = static_cast<double>(std::clamp<std::int64_t>(value, 0, most)) /
                         static_cast<double>(std::max<std::int64_t>(1, most));
    return band.Bottom() - 6 - share * (band.height - 14);
  };
  Put("<path class=\"{}\" d=\"M{:.1f} {:.1f}", style, kLaneLeft, y(levels.front().value));
  for (std::size_t i = 1; i < levels.size(); ++i) {
    Put("H{:.1f}V{:.1f}", X(levels[i].at), y(levels[i].value));
  }
  Put("H{:.1f}\"><title>{}</title></path>", kRight, Clean(title));
}

void Drawing::FaultLane() {
  const Band band = Lane("Faults", kLane);
  std::map<std::string, const TraceEntry*> open;  // by kind and detail
  std::size_t drawn = 0;
  for (const TraceEntry& entry : scenario_.timeline) {
    if (!IsShown(entry) || drawn >= kMostMarks) continue;
    if (entry.name == "action") {
      const bool ok = FieldText(entry, "ok") == "true";
      Mark(band, entry, ok ? "ma" : "mb", "!",
           fmt::format("{} {} {}", FieldText(entry, "do"), ok ? "" : "FAILED",
                       FieldText(entry, "detail")));
      ++drawn;
      continue;
    }
    if (entry.name != "fault") continue;
    const std::string kind = FieldText(entry, "kind");
    if (FieldText(entry, "state") == "began") {
      open.insert_or_assign(kind, &entry);
      continue;
    }
    const auto began = open.find(kind);
    const Nanos from = began == open.end() ? zero_ : began->second->at;
    const std::string detail =
        began == open.end() ? FieldText(entry, "detail") : FieldText(*began->second, "detail");
    Bar(band, from, entry.at, "bf", kind, kind + " " + detail);
    ++drawn;
    if (began != open.end()) open.erase(began);
  }
  for (const auto& [kind, entry] : open) {
    Bar(band, entry->at, zero_ + span_, "bf", kind, kind + " " + FieldText(*entry, "detail"));
  }
}

std::string_view PhaseStyle(const std::string& phase) {
  if (phase == "Healthy") return "bg";
  if (phase == "Degraded") return "br";
  return phase == "Paused" ? "by" : "bb";
}

void Drawing::PhaseLane() {
  const Band band = Lane("Phase, step", kLane);
  const TraceEntry* now = nullptr;
  const auto close = [&](Nanos until) {
    if (now == nullptr || until <= zero_) return;
    const std::string phase = FieldText(*now, "phase");
    Bar(band, std::max(zero_, now->at), until, PhaseStyle(phase), phase,
        phase + " " + FieldText(*now, "message"));
  };
  std::size_t drawn = 0;
  for (const TraceEntry& entry : scenario_.timeline) {
    if (entry.name != "rollout.phase") continue;
    const bool same = now != nullptr && FieldText(*now, "phase") == FieldText(entry, "phase");
    if (same || ++drawn > kMostMarks) continue;
    close(entry.at);
    now = &entry;
  }
  close(zero_ + span_);
  std::size_t steps = 0;
  for (const TraceEntry& entry : scenario_.timeline) {
    if (entry.name != "rollout.step" || !IsShown(entry) || ++steps > kMostMarks) continue;
    Put("<path class=\"st\" data-t=\"{:.3f}\" d=\"M{:.1f} {}v-5\"><title>step {}, weight {} "
        "%</title></path>",
        Seconds(entry.at), X(entry.at), band.Bottom(), Clean(FieldText(entry, "index")),
        Clean(FieldText(entry, "weight")));
  }
}

void Drawing::WeightLane() {
  const Band band = Lane("Weight %", kTallLane);
  std::vector<Level> levels = {{zero_, 0}};
  for (const TraceEntry& entry : scenario_.timeline) {
    if (entry.name == "rollout.step" && IsShown(entry)) {
      levels.push_back({entry.at, Number(entry, "weight")});
    }
    if (entry.name == "rollout.aborted") levels.push_back({entry.at, 0});
  }
  constexpr std::int64_t kAll = 100;
  Curve(band, levels, kAll, "cw", "weight of the canary as its step asks for, 0 to 100 %");
  Put("<text class=\"sc\" x=\"{}\" y=\"{}\">100</text><text class=\"sc\" x=\"{}\" "
      "y=\"{}\">0</text>",
      kLaneLeft - 4, band.top + 14, kLaneLeft - 4, band.Bottom() - 4);
}

void Drawing::ReplicaLane() {
  const Band band = Lane("Replicas", kTallLane);
  std::vector<Level> stable;
  std::vector<Level> canary;
  std::int64_t most = 1;
  for (const TraceEntry& entry : scenario_.timeline) {
    if (entry.name != "replicas") continue;
    if (entry.at <= zero_) {  // only the last of them, as it stands when the canary comes
      stable.clear();
      canary.clear();
    }
    const Nanos at = std::max(zero_, entry.at);
    stable.push_back({at, Number(entry, "stableAvailable")});
    canary.push_back({at, Number(entry, "canaryAvailable")});
    most = std::max({most, stable.back().value, canary.back().value});
  }
  Curve(band, stable, most, "cs", "available pods of the stable release");
  Curve(band, canary, most, "cc", "available pods of the canary");
  Put("<text class=\"sc\" x=\"{}\" y=\"{}\">{}</text>", kLaneLeft - 4, band.top + 14, most);
}

void Drawing::AnalysisLane() {
  const Band band = Lane("Analysis", kLane);
  std::map<std::string, const TraceEntry*> open;
  std::size_t drawn = 0;
  const auto style = [](const std::string& phase) -> std::string_view {
    if (phase == "Successful") return "bg";
    return phase == "Running" || phase == "Pending" ? "bb" : "br";
  };
  for (const TraceEntry& entry : scenario_.timeline) {
    if (entry.name != "analysisrun.phase" || !IsShown(entry)) continue;
    const std::string name = FieldText(entry, "name");
    const std::string phase = FieldText(entry, "phase");
    const bool goes_on = phase == "Running" || phase == "Pending";
    const auto began = open.try_emplace(name, &entry).first;
    if (goes_on || ++drawn > kMostMarks) continue;
    Bar(band, began->second->at, entry.at, style(phase), phase,
        fmt::format("{}: {} {}", name, phase, FieldText(entry, "message")));
    open.erase(began);
  }
  for (const auto& [name, entry] : open) {
    Bar(band, entry->at, zero_ + span_, "bb", "Running", name + ": goes on");
  }
}

void Drawing::VerdictLane() {
  const Band band = Lane("Verdicts", kLane);
  std::size_t drawn = 0;
  for (const TraceEntry& entry : scenario_.timeline) {
    if (entry.name != "verdict" || !IsShown(entry) || ++drawn > kMostMarks) continue;
    const std::string verdict = FieldText(entry, "verdict");
    const bool pass = verdict == "pass";
    const bool fail = verdict == "fail";
    Mark(band, entry,
         pass   ? "mg"
         : fail ? "mr"
                : "my",
         pass   ? "✓"
         : fail ? "×"
                : "?",
         fmt::format("verdict {} at {}: {} {}", verdict, FieldText(entry, "stage"),
                     FieldText(entry, "reason"), FieldText(entry, "message")));
  }
}

void Drawing::NoticeLane() {
  const auto is_told = [](const TraceEntry& entry) {
    return entry.name == "notice" || entry.name == "alert";
  };
  if (std::none_of(scenario_.timeline.begin(), scenario_.timeline.end(), is_told)) return;
  const Band band = Lane("Told", kLane);
  std::size_t drawn = 0;
  for (const TraceEntry& entry : scenario_.timeline) {
    if (!is_told(entry) || !IsShown(entry) || ++drawn > kMostMarks) continue;
    if (entry.name == "alert") {
      Mark(band, entry, "mr", "!",
           fmt::format("alert {} {} is firing", FieldText(entry, "severity"),
                       FieldText(entry, "name")));
      continue;
    }
    const std::string to = FieldText(entry, "to");
    const bool alert = FieldText(entry, "action") == "trigger";
    const bool delivered = FieldText(entry, "status").starts_with("2");
    Mark(band, entry,
         !delivered ? "mb"
         : alert    ? "mr"
                    : "ma",
         to == "slack" ? "S" : "P",
         fmt::format("{} {} {}: {}", to, FieldText(entry, "action"), FieldText(entry, "kind"),
                     FieldText(entry, "text")));
  }
}

void Drawing::Axis() {
  constexpr std::array<double, 13> kSteps = {0.1, 0.2, 0.5, 1,   2,   5,   10,
                                             20,  60,  120, 300, 600, 1800};
  constexpr double kMostTicks = 11;
  const double span = static_cast<double>(span_.count()) / 1e9;
  double step = kSteps.back();
  for (const double each : kSteps) {
    if (span / each > kMostTicks) continue;
    step = each;
    break;
  }
  for (int i = 0; step * i <= span && i <= 100; ++i) {
    const double x = kLaneLeft + step * i / span * kLaneWidth;
    Put("<path class=\"tk\" d=\"M{:.1f} {}V{}\"/><text class=\"tt\" data-s=\"{:g}\" x=\"{:.1f}\" "
        "y=\"{}\">{:g} s</text>",
        x, kTop, bottom_ + 5, step * i, x, bottom_ + 18, step * i);
  }
  bottom_ += 24;
}

// Names of moments that are near each other are put on lines below each other.
void Drawing::MomentLines() {
  double last = -1000;
  int line = 0;
  for (std::size_t i = 0; i < kMomentNames.size(); ++i) {
    const TraceEntry* entry = moments_.at[i];
    if (entry == nullptr) continue;
    const double x = X(entry->at);
    constexpr double kLabel = 84;
    line = x - last < kLabel ? line + 1 : 0;
    last = x;
    const bool at_end = x > kRight - kLabel;
    Put("<g class=\"mo m{}\" data-moment=\"t{}\" data-t=\"{:.3f}\" data-x=\"{:.1f}\"><title>t{} "
        "{}: "
        "{} s after the deployment, at most {} s earlier; {}</title><path d=\"M{:.1f} {}V{}\"/>"
        "<text x=\"{:.1f}\" y=\"{}\"{}>t{} {}</text></g>",
        i, i, Seconds(entry->at), x, i, kMomentNames[i], gate::FormatSeconds(entry->at - zero_),
        gate::FormatSeconds(entry->uncertainty), Clean(entry->name), x, 4 + line * kMomentLine,
        bottom_ - 24, at_end ? x - 4 : x + 4, 12 + line * kMomentLine,
        at_end ? " text-anchor=\"end\"" : "", i, kMomentNames[i]);
  }
}

std::string Drawing::Render() && {
  FaultLane();
  PhaseLane();
  WeightLane();
  ReplicaLane();
  AnalysisLane();
  VerdictLane();
  NoticeLane();
  Axis();
  MomentLines();
  std::string svg = fmt::format(
      "<svg class=\"lanes\" viewBox=\"0 0 1000 {}\" role=\"img\" aria-label=\"Timeline of {}\" "
      "data-span=\"{:.6f}\" data-left=\"{}\" data-width=\"{}\">",
      bottom_, Clean(scenario_.id), static_cast<double>(span_.count()) / 1e9, kLaneLeft,
      kLaneWidth);
  svg += body_;
  return svg + "</svg>";
}

}  // namespace

std::string RenderSwimlanes(const ScenarioResult& scenario) {
  const Moments moments = FindMoments(scenario.timeline);
  if (moments.deployed == nullptr) return "";
  return Drawing(scenario, moments).Render();
}

}  // namespace reports
