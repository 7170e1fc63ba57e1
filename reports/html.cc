#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "reports/assess.h"
#include "reports/digest.h"
#include "reports/html_page.h"
#include "reports/moments.h"
#include "reports/render.h"
#include "reports/swimlanes.h"
#include "reports/text.h"
#include "reports/trend.h"

namespace reports {
namespace {

using gate::Nanos;

// A page must open in a blink: report.json has everything.
constexpr std::size_t kMostDetails = 200;  // scenarios shown in full; the worst come first
constexpr std::size_t kMostEvents = 60;    // of one scenario
constexpr std::size_t kLongestFields = 200;
constexpr std::size_t kLongestReason = 600;
constexpr std::size_t kShownKey = 16;  // of a key's id, in hex
constexpr std::size_t kShownCommit = 12;

std::string Text(std::string_view text) { return EscapeXml(text); }

std::string Day(gate::WallTime time) { return gate::FormatRfc3339(time, 0).substr(0, 10); }

std::string SecondsText(Nanos duration) { return gate::FormatSeconds(duration) + " s"; }

// "300 s", as limits are written.
std::string Limit(Nanos limit) {
  const bool whole = limit % std::chrono::seconds(1) == Nanos(0);
  return whole ? fmt::format("{} s", limit / std::chrono::seconds(1)) : SecondsText(limit);
}

class Page {
 public:
  explicit Page(const RunResult& run);
  std::string Render() &&;

 private:
  template <typename... T>
  void Put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }

  // --- the parts of the page, in their order
  void Head();
  void Decision();
  void Facts();
  void Checklist();
  void Scenarios();
  void OverTime();
  void TrendTable(const std::vector<TrendPoint>& trend);
  void Comparison();
  void Differences(const BackendComparison& row);
  void People();
  void OtherRuns();
  void Provenance();
  void Foot();

  // --- a row of the checklist
  void Row(const ChecklistRow& row, const RowJudgement& judgement);
  void RowProofs(const ChecklistRow& row);
  void RowSide(const ChecklistRow& row, const RowJudgement& judgement);

  // --- a scenario
  void Scenario(const ScenarioResult& scenario);
  void Timeline(const ScenarioResult& scenario);
  void MomentTable(const Moments& moments);
  void Expectations(const ScenarioResult& scenario);
  void Measures(const ScenarioResult& scenario);
  void Distributions(const ScenarioResult& scenario);
  void Notes(const ScenarioResult& scenario);
  void Origin(const ScenarioResult& scenario);
  void Events(const ScenarioResult& scenario);

  bool IsGreen(const ScenarioResult& scenario) const {
    const bool harmless =
        scenario.outcome == Outcome::kNotRun && !assessment_.Requires(run_, scenario);
    return scenario.outcome == Outcome::kPass || harmless;
  }
  std::string Chip(Outcome outcome) const;
  std::string ChipOf(const ScenarioResult& scenario) const;
  std::string Anchor(std::string_view id) const;

  const RunResult& run_;
  const Assessment assessment_;
  std::map<std::string_view, std::string> anchors_;  // of scenarios, by id
  std::string out_;
};

// Ids are words, which can be seen in the address; others get a number.
Page::Page(const RunResult& run) : run_(run), assessment_(Assess(run)) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  for (std::size_t i = 0; i < run.scenarios.size(); ++i) {
    const std::string& id = run.scenarios[i].id;
    const bool plain = !id.empty() && std::all_of(id.begin(), id.end(), is_plain);
    anchors_.emplace(id, plain ? "s-" + id : fmt::format("s_{}", i));
  }
}

std::string Page::Anchor(std::string_view id) const {
  const auto found = anchors_.find(id);
  return found == anchors_.end() ? "" : found->second;
}

std::string Page::Chip(Outcome outcome) const {
  const std::string_view style = outcome == Outcome::kPass           ? "c-pass"
                                 : outcome == Outcome::kFail         ? "c-fail"
                                 : outcome == Outcome::kInconclusive ? "c-mid"
                                                                     : "c-fail";
  const std::string_view glyph = outcome == Outcome::kPass ? "✓" : "✗";
  return fmt::format("<span class=\"chip {}\">{} {}</span>", style, glyph, ToString(outcome));
}

std::string Page::ChipOf(const ScenarioResult& scenario) const {
  const bool harmless = scenario.outcome == Outcome::kNotRun && IsGreen(scenario);
  return harmless ? "<span class=\"chip\">not run here</span>" : Chip(scenario.outcome);
}

// --- Head ---------------------------------------------------------------------------------------

std::string HashOf(std::string_view text) {
  return "'sha256-" + gate::Base64Encode(gate::Sha256(text)) + "'";
}

// The policy lets nothing in that is not in this file, and runs no script but its own.
void Page::Head() {
  Put("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {}; "
      "script-src {}; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>{}: readiness report of {}</title>\n<style>{}</style></head>\n<body>\n",
      HashOf(PageStyle()), HashOf(PageScript()), ToString(assessment_.decision), Text(run_.run_id),
      PageStyle());
  out_ +=
      "<a class=\"skip\" href=\"#checklist\">Skip to the checklist</a>\n"
      "<header class=\"top\"><div class=\"bar\"><nav aria-label=\"Parts of the report\">"
      "<a href=\"#checklist\">Checklist</a><a href=\"#scenarios\">Scenarios</a>"
      "<a href=\"#provenance\">Provenance</a></nav>"
      "<button id=\"theme\" type=\"button\" hidden>Light / dark</button></div></header>\n<main>\n";
}

std::string_view Tone(reports::Decision decision) {
  switch (decision) {
    case reports::Decision::kReady:
      return "t-ok";
    case reports::Decision::kNotReady:
      return "t-bad";
    case reports::Decision::kIncomplete:
      break;
  }
  return "t-mid";
}

void Page::Decision() {
  const std::string_view decision = ToString(assessment_.decision);
  Put("<section class=\"hero {}\" aria-labelledby=\"title\"><h1 id=\"title\">Readiness report of "
      "the release gate</h1>\n<div class=\"word\" id=\"decision\">{}</div>\n"
      "<p class=\"lead\">{}.</p>\n<p class=\"soft\">{}</p>\n",
      Tone(assessment_.decision), decision, Text(Sentence(run_, assessment_)),
      Text(Scope(run_, assessment_)));
  Facts();
  out_ += "</section>\n";
  if (IsSimulated(run_)) {
    Put("<section class=\"sim\" aria-label=\"Simulated\"><b>SIMULATED</b>{} {}</section>\n",
        kSimulatedMeans, Text(FidelityOf(run_)));
  }
  if (!run_.trouble.empty()) Put("<p class=\"warn\">Trouble: {}</p>\n", Text(run_.trouble));
  if (run_.journal_torn) {
    out_ +=
        "<p class=\"warn\">The journal's last line was only half written; it is ignored here.</p>"
        "\n";
  }
}

void Page::Facts() {
  out_ += "<dl class=\"facts\">";
  if (const auto found = WorstMeasure(run_)) {
    const MeasureResult* worst = found->measure;
    Put("<div><dt>Worst measured time</dt><dd>{}<small>at most {} of {} allowed</small></dd></div>",
        FormatInterval(*worst->measured), FormatUpperBound(worst->measured->upper),
        Limit(worst->limit));
  }
  Put("<div><dt>Checklist</dt><dd>{} of {}<small>rows are green</small></dd></div>",
      assessment_.rows_green, assessment_.rows_asked);
  Put("<div><dt>Required scenarios</dt><dd>{} of {}<small>passed, on {}</small></dd></div>",
      assessment_.scenarios.passed, assessment_.scenarios.required, Text(run_.backend));
  Put("<div><dt>Played</dt><dd>{}<small>{}</small></dd></div>", Day(run_.started),
      assessment_.valid_until ? "valid until " + Day(*assessment_.valid_until)
                              : Text(run_.program));
  out_ += "</dl>\n";
}

// --- Checklist ----------------------------------------------------------------------------------

void Page::Checklist() {
  out_ += "<section aria-labelledby=\"checklist\"><h2 id=\"checklist\">Checklist</h2>\n";
  if (run_.checklist.empty()) out_ += "<p class=\"soft\">The run had no checklist.</p>\n";
  if (!run_.checklist.empty()) {
    out_ += "<ul class=\"rows\">\n";
    for (std::size_t i = 0; i < run_.checklist.size(); ++i) {
      Row(run_.checklist[i], assessment_.rows[i]);
    }
    out_ += "</ul>\n";
  }
  out_ += "</section>\n";
}

void Page::Row(const ChecklistRow& row, const RowJudgement& judgement) {
  Put("<li data-row=\"{}\">{}<div><p>{}</p>", Text(row.id),
      judgement.asked ? Chip(judgement.outcome) : "<span class=\"chip\">not asked</span>",
      Text(row.text));
  if (!judgement.open.empty()) {
    std::string why;
    for (const std::string& open : judgement.open) why += (why.empty() ? "" : "; ") + open;
    Put("<p class=\"{}\">{}</p>", judgement.asked ? "why" : "soft",
        Text(gate::Truncate(why, kLongestReason)));
  }
  Put("<p class=\"proof\"><span class=\"id\">{}</span>", Text(row.id));
  RowProofs(row);
  out_ += "</p></div>";
  RowSide(row, judgement);
  out_ += "</li>\n";
}

void Page::RowProofs(const ChecklistRow& row) {
  for (const std::string& id : row.scenarios) {
    const std::string anchor = Anchor(id);
    if (anchor.empty()) {
      Put(" · {}", Text(id));
    } else {
      Put(" · <a href=\"#{}\">{}</a>", anchor, Text(id));
    }
  }
  for (const ChecklistFile& file : row.files) {
    Put(" · <span title=\"sha256 {}\">{}</span>", Text(file.sha256), Text(file.path));
  }
  if (IsForPeople(row)) Put(" · approval by {}", Text(row.role));
}

void Page::RowSide(const ChecklistRow& row, const RowJudgement& judgement) {
  out_ += "<div class=\"side\">";
  if (judgement.worst && row.limit > Nanos(0)) {
    const double share = static_cast<double>(judgement.worst->upper.count()) /
                         static_cast<double>(row.limit.count());
    const bool near = share > 0.8;
    Put("<span>at most {} of {}, margin {:.0f} %{}</span>"
        "<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect "
        "class=\"bb\" x=\"0\" y=\"1\" width=\"100\" height=\"6\" fill-opacity=\".3\" "
        "stroke=\"none\"/><rect class=\"{}\" x=\"0\" y=\"1\" width=\"{:.1f}\" height=\"6\"/></svg>"
        "<span>worst: {}</span><br>",
        FormatUpperBound(judgement.worst->upper), Limit(row.limit), (1 - share) * 100,
        share > 1 ? ", over the limit"
        : near    ? ", near the limit"
                  : "",
        share > 1 ? "br"
        : near    ? "by"
                  : "bg",
        std::clamp(share, 0.005, 1.0) * 100, Text(judgement.worst_at));
  }
  if (judgement.approval != nullptr) {
    const Approval& approval = *judgement.approval;
    Put("<span>{} by {}, {}, key {}{}{}</span><br>", approval.approved ? "approved" : "refused",
        Text(approval.who), Day(approval.time), Text(gate::Truncate(approval.key, kShownKey)),
        approval.comment.empty() ? "" : ": ", Text(approval.comment));
  }
  if (!judgement.proven_on.empty()) {
    Put("<span>proven on {}</span><br>",
        Text(fmt::format("{}", fmt::join(judgement.proven_on, " and "))));
  }
  if (judgement.valid_until) {
    Put("<span>from {}, fresh until {}</span><br>", Day(*judgement.oldest),
        Day(*judgement.valid_until));
  }
  const std::string since = judgement.asked ? SinceWhen(run_, row.id, judgement.outcome) : "";
  if (!since.empty()) Put("<span>{}</span>", since);
  out_ += "</div>";
}

// --- Scenarios ----------------------------------------------------------------------------------

void Page::Scenarios() {
  out_ +=
      "<section aria-labelledby=\"scenarios\"><h2 id=\"scenarios\">Scenarios</h2>\n"
      "<p class=\"noprint\" hidden><label for=\"filter\">Show</label> <select id=\"filter\">"
      "<option value=\"all\">all</option><option value=\"open\">only what is not green</option>"
      "</select></p>\n";
  // Which of them are shown in full; their order on the page stays that of their ids.
  std::vector<std::size_t> order(run_.scenarios.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return !IsGreen(run_.scenarios[a]) && IsGreen(run_.scenarios[b]);
  });
  order.resize(std::min(order.size(), kMostDetails));
  std::sort(order.begin(), order.end());
  for (const std::size_t index : order) Scenario(run_.scenarios[index]);
  const std::size_t hidden = run_.scenarios.size() - order.size();
  if (hidden > 0) {
    Put("<p class=\"soft\" id=\"hidden\">{} more scenarios, none of them worse than those shown "
        "here; all are in report.json.</p>\n",
        hidden);
  }
  out_ += "</section>\n";
}

void Page::Scenario(const ScenarioResult& scenario) {
  std::string time;
  for (const MeasureResult& measure : scenario.measures) {
    if (!measure.measured || !time.empty()) continue;
    time = measure.id + " " + FormatUpperBound(measure.measured->upper);
  }
  const bool green = IsGreen(scenario);
  Put("<details class=\"s\" id=\"{}\" data-scenario=\"{}\" data-green=\"{}\"{}><summary>{}<span "
      "class=\"mono\">{}</span><span class=\"t\">{}</span><span class=\"side\">{}</span></summary>"
      "<div class=\"in\">\n",
      Anchor(scenario.id), Text(scenario.id), green ? 1 : 0, green ? "" : " open", ChipOf(scenario),
      Text(scenario.id), Text(scenario.title), Text(time));
  if (!scenario.reason.empty()) {
    Put("<p class=\"{}\">{}</p>\n", green ? "soft" : "why",
        Text(gate::Truncate(scenario.reason, kLongestReason)));
  }
  if (!scenario.hypothesis.empty()) Put("<p>{}</p>\n", Text(scenario.hypothesis));
  if (scenario.started) {
    Timeline(scenario);
    Expectations(scenario);
    Measures(scenario);
    Distributions(scenario);
    Notes(scenario);
    Events(scenario);
  }
  Origin(scenario);
  out_ += "</div></details>\n";
}

void Page::Timeline(const ScenarioResult& scenario) {
  const std::string svg = RenderSwimlanes(scenario);
  if (svg.empty()) return;
  Put("<h3>Timeline{}</h3>\n<div class=\"x\" tabindex=\"0\" role=\"region\" aria-label=\"Timeline "
      "of {}\">{}</div>\n",
      IsSimulated(run_) ? " (simulated, virtual time)" : "", Text(scenario.id), svg);
  out_ +=
      "<p class=\"key\">Seconds since the deployment. Replicas: <i class=\"k-s\">stable</i>, <i "
      "class=\"k-c\">canary (dashed)</i>; <i class=\"k-w\">weight</i> that the step asks for. A "
      "mark's tail is its uncertainty.</p>\n";
  MomentTable(FindMoments(scenario.timeline));
}

void Page::MomentTable(const Moments& moments) {
  out_ +=
      "<div class=\"x\"><table class=\"m\"><thead><tr><th scope=\"col\">moment</th><th "
      "scope=\"col\" class=\"num\">seconds</th><th scope=\"col\" class=\"num\">±</th><th "
      "scope=\"col\">what was seen</th></tr></thead><tbody>";
  for (std::size_t i = 0; i < kMomentNames.size(); ++i) {
    const TraceEntry* entry = moments.at[i];
    if (entry == nullptr) continue;
    Put("<tr><th scope=\"row\">t{} {}</th><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{} "
        "<span class=\"soft\">{}</span></td></tr>",
        i, kMomentNames[i], gate::FormatSeconds(entry->at - moments.deployed->at),
        gate::FormatSeconds(entry->uncertainty), Text(entry->name),
        Text(gate::Truncate(FieldsText(*entry), kLongestFields)));
  }
  out_ += "</tbody></table></div>\n";
}

void Page::Expectations(const ScenarioResult& scenario) {
  if (scenario.expectations.empty()) return;
  out_ +=
      "<h3>Expected and observed</h3>\n<table class=\"k\"><thead><tr><th scope=\"col\">result</th>"
      "<th scope=\"col\">expectation</th><th scope=\"col\">expected</th><th "
      "scope=\"col\">observed</th></tr></thead><tbody>";
  for (const ExpectationResult& each : scenario.expectations) {
    Put("<tr><td>{}</td><td>{}</td><td data-l=\"expected\">{}</td><td data-l=\"observed\">{}</td>"
        "</tr>",
        Chip(each.outcome), Text(each.id), Text(each.demand),
        Text(gate::Truncate(each.observed, kLongestReason)));
  }
  out_ += "</tbody></table>\n";
}

void Page::Measures(const ScenarioResult& scenario) {
  if (scenario.measures.empty()) return;
  out_ +=
      "<h3>Measured times</h3>\n<table class=\"k\"><thead><tr><th scope=\"col\">result</th><th "
      "scope=\"col\">measure</th><th scope=\"col\">measured ± uncertainty</th><th "
      "scope=\"col\">limit, on the upper bound</th></tr></thead><tbody>";
  for (const MeasureResult& each : scenario.measures) {
    Put("<tr><td>{}</td><td>{} <span class=\"soft\">{}</span></td><td data-l=\"measured\">{}</td>"
        "<td data-l=\"limit\">{}{}</td></tr>",
        Chip(each.outcome), Text(each.id), Text(each.demand),
        each.measured ? FormatInterval(*each.measured) : Text(each.observed),
        each.measured ? FormatUpperBound(each.measured->upper) + " of " : "", Limit(each.limit));
  }
  out_ += "</tbody></table>\n";
}

// Each time as a dot between 0 and the limit.
void Page::Distributions(const ScenarioResult& scenario) {
  const auto all = DistributionsOf(scenario);
  if (all.empty() && scenario.repetitions.empty()) return;
  const auto passed =
      std::count_if(scenario.repetitions.begin(), scenario.repetitions.end(),
                    [](const Repetition& each) { return each.outcome == Outcome::kPass; });
  Put("<h3>Over {} times, with other random choices each ({} of the {} repetitions passed)</h3>\n",
      scenario.repetitions.size() + 1, passed, scenario.repetitions.size());
  for (const Distribution& each : all) {
    const double most = static_cast<double>(std::max(each.uppers.back(), Nanos(1)).count()) * 1.05;
    Put("<p class=\"side\">{}: n {}, least {}, median {}, 95 % {}, most {}, limit {}"
        "<svg viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" role=\"img\" "
        "aria-label=\"distribution of {}\">",
        Text(each.measure), each.uppers.size(), FormatUpperBound(each.uppers.front()),
        FormatUpperBound(each.At(50)), FormatUpperBound(each.At(95)),
        FormatUpperBound(each.uppers.back()), Limit(each.limit), Text(each.measure));
    Put("<rect class=\"bb\" y=\"5\" width=\"1000\" height=\"2\" stroke=\"none\"/>");
    constexpr std::size_t kMostDots = 200;
    const std::size_t every = each.uppers.size() / kMostDots + 1;
    for (std::size_t i = 0; i < each.uppers.size(); i += every) {
      Put("<rect class=\"bg\" x=\"{:.1f}\" width=\"2\" height=\"12\"/>",
          static_cast<double>(each.uppers[i].count()) / most * 1000);
    }
    out_ += "</svg></p>\n";
  }
}

void Page::Notes(const ScenarioResult& scenario) {
  if (scenario.notes.empty()) return;
  out_ += "<h3>Troubles on the way</h3>\n<ul>";
  for (const std::string& note : scenario.notes) {
    Put("<li>{}</li>", Text(gate::Truncate(note, kLongestReason)));
  }
  out_ += "</ul>\n";
}

void Page::Events(const ScenarioResult& scenario) {
  const Moments moments = FindMoments(scenario.timeline);
  if (moments.deployed == nullptr) return;
  std::string rows;
  std::size_t shown = 0;
  for (const TraceEntry& entry : scenario.timeline) {
    // Kubernetes Events and audit records repeat what the others say.
    if (entry.name == "event" || entry.name == "audit" || ++shown > kMostEvents) continue;
    fmt::format_to(std::back_inserter(rows),
                   "<tr><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td><td>{}</td>"
                   "</tr>",
                   gate::FormatSeconds(entry.at - moments.deployed->at),
                   gate::FormatSeconds(entry.uncertainty), Text(entry.name),
                   Text(gate::Truncate(FieldsText(entry), kLongestFields)));
  }
  const std::size_t told = std::min(shown, kMostEvents);
  Put("<details><summary class=\"soft\">{} events; {} of them here, all in report.json</summary>"
      "<div class=\"x\" tabindex=\"0\" role=\"region\" aria-label=\"Events of {}\"><table><thead>"
      "<tr><th scope=\"col\" class=\"num\">seconds</th><th scope=\"col\" class=\"num\">±</th><th "
      "scope=\"col\">event</th><th scope=\"col\">fields</th></tr></thead><tbody>{}</tbody></table>"
      "</div></details>\n",
      scenario.timeline.size() + static_cast<std::size_t>(scenario.dropped_events), told,
      Text(scenario.id), rows);
}

void Page::Origin(const ScenarioResult& scenario) {
  out_ += "<h3>Where it comes from</h3>\n<dl class=\"p\">";
  Put("<dt>file</dt><dd class=\"mono\">{}</dd><dt>sha256</dt><dd class=\"mono\">{}</dd>",
      Text(scenario.file), Text(scenario.sha256));
  if (!scenario.requirements.empty()) {
    Put("<dt>requirements</dt><dd>{}</dd>",
        Text(fmt::format("{}", fmt::join(scenario.requirements, ", "))));
  }
  if (!scenario.trace_hash.empty()) {
    Put("<dt>trace hash</dt><dd class=\"mono\">{}</dd><dt>again, the same</dt><dd class=\"mono\">"
        "gate-drill run --backend {} --seed {} --only {}</dd>",
        Text(scenario.trace_hash), Text(run_.backend), run_.seed, Text(scenario.id));
  }
  out_ += "</dl>\n";
}

// --- Over time ----------------------------------------------------------------------------------

void Page::OverTime() {
  out_ += "<section aria-labelledby=\"time\"><h2 id=\"time\">Over time</h2>\n<div class=\"box\">";
  const std::vector<TrendPoint> trend = TrendOf(run_);
  if (!run_.past) {
    out_ +=
        "<p class=\"soft\">This run was given no history (<code>gate-drill run --history</code>), "
        "so earlier runs are not shown.</p>";
  } else if (run_.past->trend.empty()) {
    Put("<p class=\"soft\">The history knows no earlier run on {}.</p>", Text(run_.backend));
  } else if (const std::string drawing = RenderTrend(run_); drawing.empty()) {
    out_ += "<p class=\"soft\">No run in the history measured a time.</p>";
  } else {
    Put("<p>{}.</p>{}<p class=\"key\">The upper bound of the worst time of each run on {}, on a "
        "logarithmic scale. A mark's tail is its uncertainty.</p>\n",
        Text(TrendSentence(trend)), drawing, Text(run_.backend));
    TrendTable(trend);
  }
  out_ += "</div></section>\n";
}

void Page::TrendTable(const std::vector<TrendPoint>& trend) {
  out_ +=
      "<details><summary class=\"soft\">As a table</summary><table class=\"k\"><thead><tr><th "
      "scope=\"col\">run</th><th scope=\"col\">started</th><th scope=\"col\">commit</th><th "
      "scope=\"col\">decision</th><th scope=\"col\">worst time</th><th scope=\"col\">at</th></tr>"
      "</thead><tbody>";
  for (const TrendPoint& each : trend) {
    Put("<tr><td>{}</td><td data-l=\"started\">{}</td><td data-l=\"commit\" "
        "class=\"mono\">{}</td><td data-l=\"decision\">{}</td><td data-l=\"worst "
        "time\">{}</td><td data-l=\"at\">{}</td></tr>",
        Text(each.run_id), gate::FormatRfc3339(each.started, 0),
        Text(gate::Truncate(each.git_commit, kShownCommit)), Text(each.decision),
        each.worst ? fmt::format("{}, at most {} of {}", FormatInterval(*each.worst),
                                 FormatUpperBound(each.worst->upper), Limit(each.limit))
                   : "not measured",
        Text(each.scenario));
  }
  out_ += "</tbody></table></details>\n";
}

// --- What else ----------------------------------------------------------------------------------

void Page::Comparison() {
  const auto rows = CompareBackends(run_);
  if (rows.empty()) return;
  const bool one = std::all_of(rows.begin(), rows.end(), [&](const BackendComparison& row) {
    return row.backend == rows.front().backend;
  });
  Put("<section aria-labelledby=\"both\"><h2 id=\"both\">Simulated and real, side by side</h2>\n"
      "<div class=\"box\"><table class=\"k both\"><thead><tr><th scope=\"col\">scenario</th><th "
      "scope=\"col\">{}</th><th scope=\"col\">{}</th><th "
      "scope=\"col\">milestones</th></tr></thead><tbody>",
      Text(run_.backend), one ? Text(rows.front().backend) : "the other backend");
  for (const BackendComparison& row : rows) {
    Put("<tr><td><a href=\"#{}\">{}</a></td><td data-l=\"{}\">{} {}</td><td data-l=\"{}\">{} "
        "{}</td><td data-l=\"milestones\">{}{}",
        Anchor(row.scenario), Text(row.scenario), Text(run_.backend), Chip(row.here),
        Text(row.times_here), Text(row.backend), Chip(row.there), Text(row.times_there),
        row.same ? "" : "<span class=\"why\">✗ </span>", Text(row.milestones));
    Differences(row);
    out_ += "</td></tr>";
  }
  out_ += "</tbody></table></div></section>\n";
}

void Page::Differences(const BackendComparison& row) {
  if (row.differences.empty()) return;
  out_ += "<details><summary class=\"soft\">the first of each</summary><ul>";
  for (const std::string& each : row.differences) {
    Put("<li>{}</li>", Text(gate::Truncate(each, kLongestReason)));
  }
  out_ += "</ul></details>";
}

void Page::People() {
  if (run_.approvals.empty() && run_.ignored_approvals.empty()) return;
  out_ +=
      "<section aria-labelledby=\"people\"><h2 id=\"people\">What people said</h2>\n<div "
      "class=\"box\">";
  if (!run_.approvals.empty()) {
    out_ +=
        "<table class=\"k\"><thead><tr><th scope=\"col\">row</th><th scope=\"col\">answer</th><th "
        "scope=\"col\">by</th><th scope=\"col\">when</th><th scope=\"col\">key</th><th "
        "scope=\"col\">comment</th></tr></thead><tbody>";
  }
  for (const Approval& each : run_.approvals) {
    Put("<tr><td>{}</td><td><span class=\"chip {}\">{}</span></td><td data-l=\"by\">{} "
        "({})</td><td data-l=\"when\">{}</td><td data-l=\"key\" class=\"mono\">{}</td><td "
        "data-l=\"comment\">{}</td></tr>",
        Text(each.row), each.approved ? "c-pass" : "c-fail",
        each.approved ? "✓ approved" : "✗ refused", Text(each.who), Text(each.role),
        gate::FormatRfc3339(each.time, 0), Text(gate::Truncate(each.key, kShownKey)),
        Text(each.comment));
  }
  if (!run_.approvals.empty()) out_ += "</tbody></table>\n";
  for (const IgnoredApproval& each : run_.ignored_approvals) {
    Put("<p class=\"why\">Does not count: {}: {}</p>\n", Text(each.file), Text(each.why));
  }
  out_ += "</div></section>\n";
}

void Page::OtherRuns() {
  if (run_.proofs.empty()) return;
  out_ +=
      "<section aria-labelledby=\"others\"><h2 id=\"others\">Other runs that count here</h2>\n<div "
      "class=\"box\">";
  for (const Proof& proof : run_.proofs) {
    Put("<dl class=\"p\"><dt>run</dt><dd>{} on {}, finished {}</dd><dt>program</dt><dd>{} <span "
        "class=\"mono\">{}</span></dd><dt>git commit</dt><dd "
        "class=\"mono\">{}</dd><dt>scenarios</dt>"
        "<dd>{}</dd><dt>environment</dt><dd class=\"mono\">{}</dd><dt>journal</dt><dd "
        "class=\"mono\">{}</dd></dl>",
        Text(proof.run_id), Text(proof.backend), gate::FormatRfc3339(proof.finished, 0),
        Text(proof.program), Text(proof.program_sha256), Text(proof.git_commit),
        proof.scenarios.size(), Text(gate::Truncate(gate::DumpJson(proof.facts), 1500)),
        Text(proof.journal_head));
  }
  out_ += "</div></section>\n";
}

void Page::Provenance() {
  out_ +=
      "<section aria-labelledby=\"provenance\"><h2 id=\"provenance\">Provenance</h2>\n<div "
      "class=\"box\"><dl class=\"p\">";
  for (const auto& [name, value] : ProvenanceOf(run_)) {
    Put("<dt>{}</dt><dd class=\"mono\">{}</dd>", Text(name), Text(value));
  }
  out_ += "</dl></div></section>\n";
}

void Page::Foot() {
  out_ +=
      "</main>\n<footer>Made from the run's journal alone: <code>gate-drill report</code> makes it "
      "again, byte for byte. Limits are asserted on the upper bound: measured plus uncertainty. "
      "report.json beside this page has everything.</footer>\n<script>";
  out_ += PageScript();
  out_ += "</script>\n</body></html>\n";
}

std::string Page::Render() && {
  Head();
  Decision();
  Checklist();
  OverTime();
  Comparison();
  Scenarios();
  People();
  OtherRuns();
  Provenance();
  Foot();
  return std::move(out_);
}

}  // namespace

std::string RenderHtml(const RunResult& run) { return Page(run).Render(); }

}  // namespace reports
