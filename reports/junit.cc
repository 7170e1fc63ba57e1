#include <fmt/format.h>

#include <iterator>

#include "gate/base/encoding.h"
#include "reports/assess.h"
#include "reports/render.h"
#include "reports/text.h"

namespace reports {
namespace {

// Consumers refuse or truncate large files; report.json has everything.
constexpr std::size_t kLongestJUnitMessage = 1000;
constexpr std::size_t kLongestBody = 20000;
// GitLab takes no file of 30 MB: beyond this, cases have a message and no more.
constexpr std::size_t kFullUntil = std::size_t{16} << 20U;

enum class Element { kNone, kFailure, kError, kSkipped };

Element ElementOf(const RunResult& run, const Assessment& assessment,
                  const ScenarioResult& scenario) {
  switch (scenario.outcome) {
    case Outcome::kPass:
      return Element::kNone;
    case Outcome::kFail:
      return Element::kFailure;
    case Outcome::kInconclusive:
      return Element::kError;
    case Outcome::kNotRun:
      break;
  }
  return assessment.Requires(run, scenario) ? Element::kError : Element::kSkipped;
}

// Without a zone, as the schema wants it; always UTC.
std::string ZonelessTime(gate::WallTime time) { return gate::FormatRfc3339(time, 0).substr(0, 19); }

void Property(std::string& out, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "      <property name=\"{}\" value=\"{}\"/>\n", name,
                 EscapeXml(value));
}

std::string Body(const ScenarioResult& scenario) {
  std::string body;
  for (const ExpectationResult& each : scenario.expectations) {
    if (each.outcome == Outcome::kPass) continue;
    body += fmt::format("{} {}: expected {}; {}\n", each.id, ToString(each.outcome), each.demand,
                        each.observed);
  }
  for (const MeasureResult& each : scenario.measures) {
    if (each.outcome == Outcome::kPass) continue;
    body +=
        fmt::format("{} {}: {}; {}\n", each.id, ToString(each.outcome), each.demand, each.observed);
  }
  for (const std::string& note : scenario.notes) body += "note: " + note + "\n";
  return gate::Truncate(body.empty() ? scenario.reason : body, kLongestBody);
}

std::string SystemOut(const ScenarioResult& scenario) {
  std::string text;
  for (const MeasureResult& each : scenario.measures) {
    if (!each.measured) continue;
    text += fmt::format("{}: {}, limit {} s\n", each.id, FormatInterval(*each.measured),
                        gate::FormatSeconds(each.limit));
  }
  return gate::Truncate(text, kLongestBody);
}

void TestCase(std::string& out, const RunResult& run, const Assessment& assessment,
              const ScenarioResult& scenario) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "    <testcase name=\"{}\" classname=\"drill.{}\" file=\"{}\" time=\"{}\"",
                 EscapeXml(scenario.id + " " + scenario.title), EscapeXml(run.backend),
                 EscapeXml(scenario.file), gate::FormatSeconds(scenario.duration));
  const Element element = ElementOf(run, assessment, scenario);
  const bool full = out.size() < kFullUntil;
  const std::string system_out = full ? SystemOut(scenario) : "";
  if (element == Element::kNone && system_out.empty()) {
    out += "/>\n";
    return;
  }
  out += ">\n";
  const std::string message = EscapeXml(gate::Truncate(scenario.reason, kLongestJUnitMessage));
  if (element == Element::kSkipped) {
    fmt::format_to(to, "      <skipped message=\"{}\"/>\n", message);
  } else if (element != Element::kNone) {
    const std::string_view name = element == Element::kFailure ? "failure" : "error";
    fmt::format_to(to, "      <{} type=\"{}\" message=\"{}\">{}</{}>\n", name,
                   ToString(scenario.outcome), message,
                   full ? EscapeXml(Body(scenario)) : "see report.json", name);
  }
  if (!system_out.empty()) {
    fmt::format_to(to, "      <system-out>{}</system-out>\n", EscapeXml(system_out));
  }
  out += "    </testcase>\n";
}

std::string Totals(const RunResult& run, const Assessment& assessment) {
  int failures = 0;
  int errors = 0;
  int skipped = 0;
  gate::Nanos time{0};
  for (const ScenarioResult& scenario : run.scenarios) {
    const Element element = ElementOf(run, assessment, scenario);
    failures += element == Element::kFailure ? 1 : 0;
    errors += element == Element::kError ? 1 : 0;
    skipped += element == Element::kSkipped ? 1 : 0;
    time += scenario.duration;
  }
  return fmt::format(
      "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\" timestamp=\"{}\"",
      run.scenarios.size(), failures, errors, skipped, gate::FormatSeconds(time),
      ZonelessTime(run.started));
}

}  // namespace

std::string RenderJUnit(const RunResult& run) {
  const Assessment assessment = Assess(run);
  const std::string totals = Totals(run, assessment);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"gate-drill\" {}>\n", totals);
  out += fmt::format("  <testsuite name=\"gate-drill.{}\" {}>\n    <properties>\n",
                     EscapeXml(run.backend), totals);
  Property(out, "runId", run.run_id);
  Property(out, "decision", ToString(assessment.decision));
  Property(out, "program", run.program);
  Property(out, "programSha256", run.program_sha256);
  Property(out, "profile", ToString(run.profile));
  Property(out, "gitCommit", run.git_commit);
  Property(out, "seed", std::to_string(run.seed));
  if (const std::string trace = TraceHashOf(run); !trace.empty()) Property(out, "traceHash", trace);
  Property(out, "journalHead", run.journal_head);
  if (!run.trouble.empty()) Property(out, "trouble", run.trouble);
  out += "    </properties>\n";
  for (const ScenarioResult& scenario : run.scenarios) TestCase(out, run, assessment, scenario);
  out += "  </testsuite>\n</testsuites>\n";
  return out;
}

}  // namespace reports
