#include "reports/trend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "reports/assess.h"
#include "reports/text.h"

namespace reports {
namespace {

using gate::Nanos;

// All lengths in units of the drawing.
constexpr double kWidth = 400;
constexpr double kTrendLeft = 46;
constexpr double kTrendRight = 394;
constexpr double kTrendTop = 24;
constexpr double kTrendBottom = 140;

std::string DayOf(gate::WallTime time) { return gate::FormatRfc3339(time, 0).substr(0, 10); }

double SecondsOf(Nanos time) { return static_cast<double>(time.count()) / 1e9; }

const TrendPoint* LastMeasured(const std::vector<TrendPoint>& trend) {
  const auto last = std::find_if(trend.rbegin(), trend.rend(),
                                 [](const TrendPoint& each) { return each.worst.has_value(); });
  return last == trend.rend() ? nullptr : &*last;
}

class TrendDrawing {
 public:
  TrendDrawing(const std::vector<TrendPoint>& trend, const std::string& run_id)
      : trend_(trend), run_id_(run_id) {
    const TrendPoint* last = LastMeasured(trend);
    limit_ = SecondsOf(last->limit);
    most_ = std::max(limit_, 1.0);
    for (const TrendPoint& each : trend) {
      if (each.worst) most_ = std::max(most_, SecondsOf(each.worst->upper));
    }
    most_ *= 1.5;
  }
  std::string Render() &&;

 private:
  // Below a tenth of a second nothing is told apart.
  double Y(double seconds) const {
    const double share =
        std::log10(std::max(seconds, kLeast) / kLeast) / std::log10(most_ / kLeast);
    return kTrendBottom - std::min(share, 1.0) * (kTrendBottom - kTrendTop);
  }
  double X(std::size_t index) const {
    const double share = trend_.size() < 2
                             ? 0.5
                             : static_cast<double>(index) / static_cast<double>(trend_.size() - 1);
    return kTrendLeft + 8 + share * (kTrendRight - kTrendLeft - 16);
  }
  template <typename... T>
  void Put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(body_), format, std::forward<T>(values)...);
  }
  void Scale();
  void Line();
  void Points();

  static constexpr double kLeast = 0.1;
  const std::vector<TrendPoint>& trend_;
  const std::string& run_id_;  // of the run that the report is about
  double limit_ = 0;
  double most_ = 1;
  std::string body_;
};

void TrendDrawing::Scale() {
  for (const double seconds : {0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0}) {
    const bool crowded = std::abs(Y(seconds) - Y(limit_)) < 14;
    if (seconds > most_ || crowded) continue;
    Put("<path class=\"gr\" d=\"M{} {:.1f}H{}\"/><text class=\"sc\" x=\"{}\" y=\"{:.1f}\">{} "
        "s</text>",
        kTrendLeft, Y(seconds), kTrendRight, kTrendLeft - 6, Y(seconds) + 3, seconds);
  }
  if (limit_ <= 0) return;
  Put("<path class=\"li\" d=\"M{} {:.1f}H{}\"/><text class=\"lt\" x=\"{}\" y=\"{:.1f}\">limit {:g} "
      "s</text>",
      kTrendLeft, Y(limit_), kTrendRight, kTrendLeft + 4, Y(limit_) - 5, limit_);
}

void TrendDrawing::Line() {
  std::string path;
  for (std::size_t i = 0; i < trend_.size(); ++i) {
    if (!trend_[i].worst) continue;
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', X(i),
                        Y(SecondsOf(trend_[i].worst->upper)));
  }
  Put("<path class=\"tl\" d=\"{}\"/>", path);
}

void TrendDrawing::Points() {
  for (std::size_t i = 0; i < trend_.size(); ++i) {
    const TrendPoint& each = trend_[i];
    if (!each.worst) continue;
    const bool over = each.limit > Nanos(0) && each.worst->upper > each.limit;
    const double upper = SecondsOf(each.worst->upper);
    Put("<g class=\"{}\" data-s=\"{:.3f}\"><title>{}</title><path class=\"wh\" d=\"M{:.1f} "
        "{:.1f}V{:.1f}\"/><circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/></g>",
        over ? "mr" : "mg", upper,
        EscapeXml(fmt::format("{} {}: at most {} at {}, {}", DayOf(each.started), each.run_id,
                              FormatUpperBound(each.worst->upper), each.scenario, each.decision)),
        X(i), Y(SecondsOf(each.worst->lower)), Y(upper), X(i), Y(upper),
        i + 1 == trend_.size() ? 5 : 3);
  }
}

std::string TrendDrawing::Render() && {
  Scale();
  Line();
  Points();
  const double y = kTrendBottom + 18;
  Put("<text x=\"{}\" y=\"{}\">{}</text>", kTrendLeft, y, DayOf(trend_.front().started));
  if (trend_.size() > 1) {
    const bool own = trend_.back().run_id == run_id_;
    Put("<text class=\"te\" x=\"{}\" y=\"{}\">{}{}</text>", kTrendRight, y,
        DayOf(trend_.back().started), own ? ", this run" : "");
  }
  return fmt::format(
      "<svg class=\"trend\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}</svg>", kWidth,
      y + 8, EscapeXml(TrendSentence(trend_)), body_);
}

std::string_view Colour(Outcome outcome) { return outcome == Outcome::kPass ? "green" : "red"; }

std::string Runs(std::int64_t count) {
  return fmt::format("{} run{}", count, count == 1 ? "" : "s");
}

}  // namespace

std::vector<TrendPoint> TrendOf(const RunResult& run) {
  std::vector<TrendPoint> trend;
  if (run.past) trend = run.past->trend;
  const auto worst = WorstMeasure(run);
  if (!worst) return trend;
  trend.push_back({run.run_id, run.started, run.git_commit, std::string(ToString(Decide(run))),
                   worst->scenario->id, worst->measure->measured, worst->measure->limit});
  return trend;
}

std::string TrendSentence(const std::vector<TrendPoint>& trend) {
  const TrendPoint* last = LastMeasured(trend);
  if (last == nullptr) return "";
  std::vector<Nanos> uppers;
  for (const TrendPoint& each : trend) {
    if (each.worst) uppers.push_back(each.worst->upper);
  }
  const auto [least, most] = std::minmax_element(uppers.begin(), uppers.end());
  return fmt::format("The worst time of {}: least {}, most {}, last {}; limit {:g} s",
                     Runs(static_cast<std::int64_t>(uppers.size())), FormatUpperBound(*least),
                     FormatUpperBound(*most), FormatUpperBound(uppers.back()),
                     SecondsOf(last->limit));
}

std::string RenderTrend(const RunResult& run) {
  const std::vector<TrendPoint> trend = TrendOf(run);
  return LastMeasured(trend) == nullptr ? "" : TrendDrawing(trend, run.run_id).Render();
}

std::string SinceWhen(const RunResult& run, std::string_view row, Outcome now) {
  if (!run.past) return "";
  const auto& rows = run.past->rows;
  const auto found =
      std::find_if(rows.begin(), rows.end(), [row](const auto& each) { return each.row == row; });
  if (found == rows.end() || !found->proven) return "";
  const std::string since = DayOf(found->since);
  if (now == *found->proven) {
    return fmt::format("{} since {} ({})", Colour(now), since, Runs(found->runs + 1));
  }
  return fmt::format("was {} from {} on ({})", Colour(*found->proven), since, Runs(found->runs));
}

}  // namespace reports
