#include "mock-mc/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

namespace mock_mc {
namespace {

using gate::Nanos;
using gate::Result;

constexpr std::size_t kMostAnswers = 100'000;
constexpr std::size_t kColumns = 10;
using Row = std::array<std::string, kColumns>;

Result<Request> ParseRequest(const ExplainOptions& options) {
  Request request;
  request.method = "GET";
  std::string_view rest = options.request;
  if (!rest.starts_with('/')) {
    const std::size_t space = rest.find(' ');
    if (space == 0 || space == std::string_view::npos) {
      return gate::InvalidArgument("a request is \"METHOD /PATH?QUERY\" or \"/PATH?QUERY\"");
    }
    request.method = rest.substr(0, space);
    rest.remove_prefix(space + 1);
  }
  request.target = rest.substr(0, rest.find(' '));  // the version of HTTP does not matter
  for (const std::string& header : options.headers) {
    const std::size_t colon = header.find(':');
    if (colon == 0 || colon == std::string::npos) {
      return gate::InvalidArgument(fmt::format("\"{}\" is not \"Name: value\"", header));
    }
    const std::size_t value = header.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(header.substr(0, colon),
                                 value == std::string::npos ? "" : header.substr(value));
  }
  return request;
}

Result<std::vector<Nanos>> TimesOf(const ExplainOptions& options) {
  std::vector<Nanos> times;
  if (options.repeat < 1) return gate::InvalidArgument("--repeat must be at least 1");
  if (options.every < Nanos(0)) return gate::InvalidArgument("--every must not be negative");
  const std::vector<Nanos> starts = options.at.empty() ? std::vector{Nanos(0)} : options.at;
  if (starts.size() * static_cast<std::size_t>(options.repeat) > kMostAnswers) {
    return gate::InvalidArgument(fmt::format("more than {} answers", kMostAnswers));
  }
  for (const Nanos start : starts) {
    for (int i = 0; i < options.repeat; ++i) times.push_back(start + i * options.every);
  }
  if (times.front() < Nanos(0) || !std::is_sorted(times.begin(), times.end())) {
    return gate::InvalidArgument("time does not run backwards: put the times of --at in order");
  }
  return times;
}

// The clocks that the engine sees; answers of the same script and times are the same each time.
Moment MomentAt(Nanos since_start) {
  return {gate::Instant(since_start),
          gate::WallTime(std::chrono::hours(24) * 20'000) + since_start};
}

std::string Describe(const Explanation::RuleFinding& finding, const Explanation& explanation) {
  if (finding.answers) return "answers";
  if (!finding.why_not.empty()) return fmt::format("no: {}", fmt::join(finding.why_not, "; "));
  return explanation.before_rules.empty() ? "fits, too, but comes later" : "would fit";
}

void AppendRules(const Explanation& explanation, std::string& text) {
  std::size_t width = 0;
  for (const auto& finding : explanation.rules) width = std::max(width, finding.rule.size());
  text += "rules\n";
  if (explanation.rules.empty()) text += "  the script has none\n";
  if (!explanation.before_rules.empty()) {
    text += fmt::format("  none is asked: {}\n", explanation.before_rules);
  }
  for (const auto& finding : explanation.rules) {
    text += fmt::format("  {:<{}}  {}\n", finding.rule, width, Describe(finding, explanation));
  }
}

std::string OrDash(std::string text) { return text.empty() ? "-" : text; }

std::string Joined(const std::vector<std::pair<std::string, std::string>>& draws) {
  std::string text;
  for (const auto& [what, outcome] : draws) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", what, outcome);
  }
  return text;
}

Row RowOf(Nanos at, const Decision& decision) {
  return {gate::FormatDuration(at),
          decision.n == 0 ? "-" : std::to_string(decision.n),
          OrDash(decision.rule),
          OrDash(decision.response),
          std::to_string(decision.status),
          !decision.evidence_ok   ? "-"
          : *decision.evidence_ok ? "true"
                                  : "false",
          decision.delay == Nanos(0) ? "-" : gate::FormatDuration(decision.delay),
          OrDash(decision.fault),
          OrDash(fmt::format("{}", fmt::join(decision.deliberate, ","))),
          OrDash(Joined(decision.draws))};
}

void AppendTable(const std::vector<Row>& rows, std::string& text) {
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < kColumns; ++i) line += fmt::format(" {:<{}}", row[i], widths[i]);
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
}

}  // namespace

Result<std::string> ExplainRequest(Script script, FileReader read_file,
                                   const ExplainOptions& options) {
  const auto request = ParseRequest(options);
  if (!request) return request.error();
  const auto times = TimesOf(options);
  if (!times) return times.error();
  Engine engine(std::move(script), std::move(read_file), MomentAt(Nanos(0)));

  const Explanation explanation = engine.Explain(*request, MomentAt(times->front()));
  std::string text = fmt::format("{} {}\n", request->method, request->target);
  if (!explanation.space.empty()) text += fmt::format("space {}\n", explanation.space);
  AppendRules(explanation, text);

  std::vector<Row> rows = {{"at", "n", "rule", "response", "status", "evidence", "delay", "fault",
                            "deliberate", "draws"}};
  for (const Nanos at : *times) {
    rows.push_back(RowOf(at, engine.Handle(*request, MomentAt(at)).decision));
  }
  text += "answers\n";
  AppendTable(rows, text);
  return text;
}

}  // namespace mock_mc
