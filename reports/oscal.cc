#include <fmt/format.h>

#include <set>
#include <string_view>

#include "gate/base/encoding.h"
#include "gate/base/uuid.h"
#include "reports/assess.h"
#include "reports/digest.h"
#include "reports/render.h"
#include "reports/text.h"

namespace reports {
namespace {

using gate::Json;

constexpr std::size_t kLongest = 2000;

// OSCAL's texts of one line begin and end with something visible.
std::string Line(std::string_view text) {
  std::string line = OneLine(gate::Truncate(text, kLongest));
  const auto begin = line.find_first_not_of(' ');
  if (begin == std::string::npos) return "-";
  return line.substr(begin, line.find_last_not_of(' ') + 1 - begin);
}

// OSCAL's tokens: a letter or "_", then also digits, "." and "-".
std::string Token(std::string_view text) {
  std::string token;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool other = (c >= '0' && c <= '9') || c == '.' || c == '-';
    token += letter || (other && !token.empty()) ? c : '_';
  }
  return token.empty() ? "_" : token;
}

std::string TimeText(gate::WallTime time) { return gate::FormatRfc3339(time, 3); }

class Document {
 public:
  explicit Document(const RunResult& run)
      : run_(run), assessment_(Assess(run)), end_(run.finished.value_or(run.started)) {
    for (const ScenarioResult& each : run.scenarios) observed_.insert(each.id);
  }
  std::string Render() const;

 private:
  // The same for the same run and place.
  std::string Uuid(std::string_view place) const {
    return gate::UuidOf(fmt::format("gate-drill/oscal/{}/{}", run_.run_id, place));
  }
  std::string ObservationId(const std::string& scenario) const {
    return Uuid("observation/" + scenario);
  }
  Json Observation(const ScenarioResult& scenario) const;
  Json Finding(const ChecklistRow& row, const RowJudgement& judgement) const;
  Json Attestation(const Approval& approval) const;
  Json ResultWithoutObservations() const;

  const RunResult& run_;
  const Assessment assessment_;
  const gate::WallTime end_;
  std::set<std::string_view> observed_;
};

Json Document::Observation(const ScenarioResult& scenario) const {
  Json json = {
      {"uuid", ObservationId(scenario.id)},
      {"title", Line(scenario.id + " " + scenario.title)},
      {"description",
       Line(fmt::format("{}: {}. {}", scenario.id, ToString(scenario.outcome),
                        scenario.reason.empty() ? scenario.hypothesis : scenario.reason))},
      {"methods", Json::array({"TEST"})},
      {"collected", TimeText(end_)},
      {"relevant-evidence",
       Json::array({Json{
           {"href", "report.json"},
           {"description",
            Line(fmt::format("scenario {} of the file {}, sha256 {}, played on {}", scenario.id,
                             scenario.file, scenario.sha256, run_.backend))}}})}};
  return json;
}

Json Document::Finding(const ChecklistRow& row, const RowJudgement& judgement) const {
  const bool satisfied = judgement.outcome == Outcome::kPass;
  Json status = {{"state", satisfied ? "satisfied" : "not-satisfied"},
                 {"reason", satisfied                             ? "pass"
                            : judgement.outcome == Outcome::kFail ? "fail"
                                                                  : "other"}};
  if (!judgement.open.empty()) {
    status["remarks"] = Line(fmt::format("{}", fmt::join(judgement.open, "; ")));
  }
  Json json = {
      {"uuid", Uuid("finding/" + row.id)},
      {"title", Line(row.id)},
      {"description", Line(row.text)},
      {"target", {{"type", "objective-id"}, {"target-id", Token(row.id)}, {"status", status}}}};
  for (const std::string& id : row.scenarios) {
    if (!observed_.contains(id)) continue;
    json["related-observations"].push_back({{"observation-uuid", ObservationId(id)}});
  }
  return json;
}

Json Document::Attestation(const Approval& approval) const {
  return {{"parts",
           Json::array({Json{
               {"name", "approval"},
               {"title", Line(approval.row + ", " + approval.role)},
               {"prose", Line(fmt::format("{} by {} at {}, digest {}, key {}. {}",
                                          approval.approved ? "approved" : "refused", approval.who,
                                          TimeText(approval.time), approval.digest, approval.key,
                                          approval.comment))}}})}};
}

Json Document::ResultWithoutObservations() const {
  const std::string decision(ToString(assessment_.decision));
  Json json = {{"uuid", Uuid("result")},
               {"title", Line("Readiness: " + decision)},
               {"description", Line(Sentence(run_, assessment_))},
               {"start", TimeText(run_.started)},
               {"end", TimeText(end_)},
               {"remarks", Line(Scope(run_, assessment_))},
               {"props", Json::array({Json{{"name", "decision"}, {"value", decision}},
                                      Json{{"name", "profile"}, {"value", ToString(run_.profile)}},
                                      Json{{"name", "backend"}, {"value", Line(run_.backend)}},
                                      Json{{"name", "simulated"},
                                           {"value", IsSimulated(run_) ? "true" : "false"}}})}};
  Json controls = Json::array();
  for (std::size_t i = 0; i < run_.checklist.size(); ++i) {
    if (!assessment_.rows[i].asked) continue;
    controls.push_back({{"control-id", Token(run_.checklist[i].id)}});
    json["findings"].push_back(Finding(run_.checklist[i], assessment_.rows[i]));
  }
  Json selection = {{"description", "The rows of the readiness checklist"}};
  if (controls.empty()) {
    selection["include-all"] = Json::object();
  } else {
    selection["include-controls"] = controls;
  }
  json["reviewed-controls"] = {{"control-selections", Json::array({selection})}};
  for (const Approval& approval : run_.approvals) {
    json["attestations"].push_back(Attestation(approval));
  }
  return json;
}

std::string Document::Render() const {
  const std::string plan = Uuid("plan");
  const Json resource = {
      {"uuid", plan},
      {"title", "Scenarios and checklist of the run"},
      {"description",
       Line(fmt::format("{} scenarios and {} rows, as listed in the first record of the journal "
                        "whose last hash is {}",
                        run_.scenarios.size(), run_.checklist.size(), run_.journal_head))}};
  Json head = {{"uuid", Uuid("assessment-results")},
               {"metadata",
                {{"title", Line("Readiness report " + run_.run_id)},
                 {"last-modified", TimeText(end_)},
                 {"version", Line(run_.run_id)},
                 {"oscal-version", "1.1.2"}}},
               {"import-ap", {{"href", "#" + plan}}},
               {"back-matter", {{"resources", Json::array({resource})}}}};
  // Observation by observation, as in RenderJson.
  std::string observations;
  for (const ScenarioResult& scenario : run_.scenarios) {
    observations += (observations.empty() ? "\n" : ",\n") + gate::DumpJson(Observation(scenario));
  }
  std::string result = gate::DumpJson(ResultWithoutObservations());
  if (!observations.empty()) {
    result.back() = ',';
    result += "\"observations\":[" + observations + "\n]}";
  }
  std::string out = "{\"assessment-results\":" + gate::DumpJson(head);
  out.back() = ',';
  return out + "\"results\":[" + result + "]}}\n";
}

}  // namespace

std::string RenderOscal(const RunResult& run) { return Document(run).Render(); }

}  // namespace reports
