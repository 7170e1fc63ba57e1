#include "reports/attest/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::size_t kLargestStatement = std::size_t{32} << 20U;

bool IsHex(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What the tests of a report came to, as test-result sorts them. What was required and did not pass
// failed, whatever it came to instead: the predicate knows nothing between.
struct Tests {
  std::vector<std::string> passed;
  std::vector<std::string> warned;
  std::vector<std::string> failed;

  void Add(std::string name, std::string_view outcome, bool required) {
    if (outcome == "passed") return passed.push_back(std::move(name));
    if (required) return failed.push_back(std::move(name));
    if (outcome != "not run") warned.push_back(std::move(name));
  }
};

Tests SortTests(const Json& report) {
  Tests tests;
  for (const Json& row : gate::JsonArray(report, "/checklist")) {
    tests.Add(gate::JsonString(row, "/id"), gate::JsonString(row, "/outcome"), /*required=*/true);
  }
  for (const Json& scenario : gate::JsonArray(report, "/scenarios")) {
    tests.Add(gate::JsonString(scenario, "/id"), gate::JsonString(scenario, "/outcome"),
              gate::JsonIsTrue(scenario, "/required"));
  }
  return tests;
}

std::string ResultOf(std::string_view decision, const Tests& tests) {
  if (decision != "READY") return "FAILED";
  return tests.warned.empty() ? "PASSED" : "WARNED";
}

// What was tested, as ResourceDescriptors. The first one names the suite.
Json Configuration(const Json& report) {
  Json list = Json::array(
      {{{"name", "readiness-" + gate::JsonString(report, "/backend")}, {"uri", kReadiness}}});
  if (const std::string commit = gate::JsonString(report, "/gitCommit"); IsHex(commit, 40)) {
    list.push_back({{"name", "git"}, {"digest", {{"gitCommit", commit}}}});
  }
  for (const Json& scenario : gate::JsonArray(report, "/scenarios")) {
    const std::string sha256 = gate::JsonString(scenario, "/sha256");
    if (!IsHex(sha256, 64)) continue;
    list.push_back(
        {{"name", gate::JsonString(scenario, "/file")}, {"digest", {{"sha256", sha256}}}});
  }
  for (const auto& [name, image] : gate::JsonAt(report, "/facts/images").items()) {
    constexpr std::string_view kPrefix = "sha256:";
    const std::string id = gate::JsonString(image, "/id");
    if (!id.starts_with(kPrefix) || !IsHex(id.substr(kPrefix.size()), 64)) continue;
    list.push_back(
        {{"name", "image/" + name}, {"digest", {{"sha256", id.substr(kPrefix.size())}}}});
  }
  return list;
}

// What the predicate has no field for.
Json Extension(const Json& report) {
  Json json = Json::object();
  for (const char* key : {"runId", "decision", "program", "backend", "simulated", "seed", "started",
                          "finished", "traceHash", "journal", "completeness"}) {
    if (const auto found = report.find(key); found != report.end()) json[key] = *found;
  }
  return json;
}

Json SubjectOf(const std::vector<SignedFile>& files) {
  Json list = Json::array();
  for (const SignedFile& file : files) {
    list.push_back({{"name", file.name}, {"digest", {{"sha256", file.sha256}}}});
  }
  return list;
}

}  // namespace

Result<std::string> StateReport(const std::vector<SignedFile>& files, const Json& report) {
  const std::string decision = gate::JsonString(report, "/decision");
  if (decision.empty() || gate::JsonString(report, "/journal/head").empty()) {
    return Error{ErrorCode::kInvalidArgument, "report.json is not a report of this program"};
  }
  const Tests tests = SortTests(report);
  const Json statement = {{"_type", kStatementType},
                          {"subject", SubjectOf(files)},
                          {"predicateType", kTestResult},
                          {"predicate",
                           {{"result", ResultOf(decision, tests)},
                            {"configuration", Configuration(report)},
                            {"passedTests", tests.passed},
                            {"warnedTests", tests.warned},
                            {"failedTests", tests.failed},
                            {kReadiness, Extension(report)}}}};
  return gate::DumpJson(statement);
}

Result<Json> ReadStatement(std::string_view payload, std::string_view predicate_type) {
  auto json = gate::ParseStrictJson(payload, {.max_bytes = kLargestStatement});
  if (!json) return gate::ProtocolError("the statement is not JSON: " + json.error().message);
  if (gate::JsonString(*json, "/_type") != kStatementType) {
    return gate::ProtocolError("what is signed is not an in-toto statement");
  }
  const std::string type = gate::JsonString(*json, "/predicateType");
  if (type != predicate_type) {
    return gate::ProtocolError(
        fmt::format("its predicate is of type \"{}\", not {}", type, predicate_type));
  }
  return json;
}

Result<ReportStatement> ReadReportStatement(std::string_view payload) {
  const auto json = ReadStatement(payload, kTestResult);
  if (!json) return json.error();
  ReportStatement statement;
  statement.subject = gate::JsonAt(*json, "/subject");
  for (const Json& subject : gate::JsonArray(*json, "/subject")) {
    SignedFile file{gate::JsonString(subject, "/name"),
                    gate::JsonString(subject, "/digest/sha256")};
    if (file.name.empty() || !IsHex(file.sha256, 64)) {
      return gate::ProtocolError("a subject has no name or no digest sha256");
    }
    statement.files.push_back(std::move(file));
  }
  const bool ascending = std::adjacent_find(statement.files.begin(), statement.files.end(),
                                            [](const SignedFile& a, const SignedFile& b) {
                                              return a.name >= b.name;
                                            }) == statement.files.end();
  if (statement.files.empty() || !ascending) {
    return gate::ProtocolError("its subjects are not a list of files");
  }
  const Json& extension = gate::JsonAt(*json, "/predicate/urn:rollout-gate:readiness:v1");
  statement.run_id = gate::JsonString(extension, "/runId");
  statement.decision = gate::JsonString(extension, "/decision");
  statement.journal_head = gate::JsonString(extension, "/journal/head");
  statement.journal_records = gate::JsonInt(extension, "/journal/records");
  if (statement.decision.empty()) {
    return gate::ProtocolError("its predicate is not about a readiness report");
  }
  return statement;
}

}  // namespace reports
