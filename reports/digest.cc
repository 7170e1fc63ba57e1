#include "reports/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace reports {
namespace {

std::string TimesOf(const std::vector<MeasureResult>& measures) {
  std::string text;
  for (const MeasureResult& measure : measures) {
    if (!measure.measured) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", measure.id,
                        FormatInterval(*measure.measured));
  }
  return text;
}

// Nested facts become "kubernetes.version".
void Flatten(const std::string& name, const gate::Json& value,
             std::vector<std::pair<std::string, std::string>>& rows) {
  if (!value.is_structured()) {
    rows.emplace_back(name, gate::JsonText(value));
    return;
  }
  for (const auto& [key, inner] : value.items()) Flatten(name + "." + key, inner, rows);
}

void CompareMilestones(const RunResult& run, BackendComparison& row) {
  const auto found = std::lower_bound(
      run.fidelity.begin(), run.fidelity.end(), row.scenario,
      [](const FidelityRow& each, const std::string& id) { return each.scenario < id; });
  if (found == run.fidelity.end() || found->scenario != row.scenario) return;
  if (found->agrees) {
    row.milestones = fmt::format("all {} the same", found->compared);
    return;
  }
  row.differences = found->differences;
  row.milestones =
      fmt::format("{} track{} differ{}", row.differences.size(),
                  row.differences.size() == 1 ? "" : "s", row.differences.size() == 1 ? "s" : "");
  row.same = false;
}

}  // namespace

std::string Scope(const RunResult& run, const Assessment& assessment) {
  std::string text = run.profile == Profile::kRelease
                         ? "Profile release: every row is proven on each of its backends, and by "
                           "people where only they can tell."
                         : fmt::format("Profile commit: proven on backend {} alone.", run.backend);
  int not_asked = 0;
  for (std::size_t i = 0; i < run.checklist.size(); ++i) {
    not_asked += run.profile == Profile::kCommit && IsForPeople(run.checklist[i]) ? 1 : 0;
  }
  if (not_asked > 0) {
    text += fmt::format(
        " People were asked nothing: {} row{} that only they can answer {} open, and this is no "
        "sign-off of a release.",
        not_asked, not_asked == 1 ? "" : "s", not_asked == 1 ? "is" : "are");
  }
  if (run.sign_off) {
    text += fmt::format(" With what people answered until {}.",
                        gate::FormatRfc3339(run.sign_off->time, 0));
  }
  if (assessment.valid_until) {
    text += fmt::format(" Valid until {}.",
                        gate::FormatRfc3339(*assessment.valid_until, 0).substr(0, 10));
  }
  return text;
}

std::string FidelityOf(const RunResult& run) {
  if (run.fidelity.empty()) {
    return "It was not compared with a run on a real cluster: simulated, not validated.";
  }
  const auto agree = std::count_if(run.fidelity.begin(), run.fidelity.end(),
                                   [](const FidelityRow& row) { return row.agrees; });
  return fmt::format(
      "Compared with a run on a real cluster, {} of {} scenarios that both played went through "
      "the same milestones.",
      agree, run.fidelity.size());
}

std::vector<std::pair<std::string, std::string>> ProvenanceOf(const RunResult& run) {
  const auto known = [](const std::string& text) { return text.empty() ? "not known" : text; };
  std::vector<std::pair<std::string, std::string>> rows = {
      {"run", run.run_id},
      {"started", gate::FormatRfc3339(run.started)},
      {"finished", run.finished ? gate::FormatRfc3339(*run.finished) : "never"},
      {"profile", std::string(ToString(run.profile))},
      {"program", run.program},
      {"program sha256", known(run.program_sha256)},
      {"git commit", known(run.git_commit)},
      {"git tree", !run.git_dirty   ? "not known"
                   : *run.git_dirty ? "changed"
                                    : "clean"},
      {"command line", fmt::format("{}", fmt::join(run.command_line, " "))},
      {"backend", run.backend},
      {"seed", std::to_string(run.seed)},
      {"times each scenario was played", std::to_string(run.repeat)}};
  if (std::string trace = TraceHashOf(run); !trace.empty()) {
    rows.emplace_back("trace hash", std::move(trace));
  }
  for (const auto& [key, value] : run.facts.items()) Flatten(key, value, rows);
  for (const auto& [key, value] : run.environment.items()) Flatten(key, value, rows);
  if (run.sign_off) {
    rows.emplace_back("signed off", gate::FormatRfc3339(run.sign_off->time));
    rows.emplace_back("report that was approved",
                      fmt::format("sha256 {} of its signature, by key {}",
                                  run.sign_off->report_sha256, run.sign_off->key));
  }
  rows.emplace_back("journal",
                    fmt::format("{} records, last hash {}", run.journal_records, run.journal_head));
  return rows;
}

std::string FieldsText(const TraceEntry& entry) {
  std::string text;
  for (const auto& [key, value] : entry.fields.items()) {
    const std::string scalar = gate::JsonText(value);
    if (scalar.empty()) continue;
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key, scalar);
  }
  return text;
}

std::string FieldText(const TraceEntry& entry, const char* key) {
  const auto found = entry.fields.find(key);
  return found == entry.fields.end() ? "" : gate::JsonText(*found);
}

std::vector<BackendComparison> CompareBackends(const RunResult& run) {
  struct Last {
    const Proof* proof;
    const ProofScenario* scenario;
  };
  std::map<std::string_view, Last> last;
  for (const Proof& proof : run.proofs) {
    if (proof.backend == run.backend) continue;
    for (const ProofScenario& scenario : proof.scenarios) {
      Last& known = last[scenario.id];
      const bool later = known.proof == nullptr || proof.finished > known.proof->finished;
      if (later) known = {&proof, &scenario};
    }
  }
  std::vector<BackendComparison> rows;
  for (const ScenarioResult& here : run.scenarios) {
    const auto found = last.find(here.id);
    if (found == last.end() || !here.started) continue;
    const auto& [proof, there] = found->second;
    BackendComparison row{here.id,        here.outcome,   TimesOf(here.measures),
                          proof->backend, there->outcome, TimesOf(there->measures)};
    if (there->sha256 == here.sha256) {
      CompareMilestones(run, row);
    } else {
      row.milestones = "another version of the scenario";
      row.same = false;
    }
    row.same = row.same && row.here == row.there;
    rows.push_back(std::move(row));
  }
  return rows;
}

gate::Nanos Distribution::At(int percent) const {
  const std::size_t rank = (uppers.size() * static_cast<std::size_t>(percent) + 99) / 100;
  return uppers[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<Distribution> DistributionsOf(const ScenarioResult& scenario) {
  std::vector<Distribution> all;
  if (scenario.repetitions.empty()) return all;
  for (const MeasureResult& first : scenario.measures) {
    Distribution each{first.id, first.limit, {}};
    const auto take = [&](const std::vector<MeasureResult>& measures) {
      for (const MeasureResult& measure : measures) {
        if (measure.id == first.id && measure.measured) {
          each.uppers.push_back(measure.measured->upper);
        }
      }
    };
    take(scenario.measures);
    for (const Repetition& repetition : scenario.repetitions) take(repetition.measures);
    if (each.uppers.empty()) continue;
    std::sort(each.uppers.begin(), each.uppers.end());
    all.push_back(std::move(each));
  }
  return all;
}

}  // namespace reports
