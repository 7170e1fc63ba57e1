#include "gate/watch/gate_records.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gate/record/config_map.h"

namespace gate::watch {
namespace {

std::optional<VerdictFact> ReadVerdict(std::string_view line) {
  const auto record = ParseStrictJson(line);
  if (!record || JsonString(*record, "/kind") != "verdict") return std::nullopt;
  const auto time = ParseRfc3339(JsonString(*record, "/time"));
  if (!time) return std::nullopt;
  VerdictFact fact;
  fact.id = JsonString(*record, "/id");
  fact.release = JsonString(*record, "/release");
  fact.stage = JsonString(*record, "/stage");
  fact.pod_hash = JsonString(*record, "/podHash");
  fact.analysis_run = JsonString(*record, "/analysisRun");
  fact.verdict = JsonString(*record, "/verdict");
  fact.reason = JsonString(*record, "/reason");
  fact.message = JsonString(*record, "/message");
  fact.evidence_digest = JsonString(*record, "/evidenceDigest");
  fact.trace_id = JsonString(*record, "/traceId");
  fact.security_alert = JsonIsTrue(*record, "/securityAlert");
  fact.dry_run = JsonIsTrue(*record, "/dryRun");
  fact.time = *time;
  fact.took = std::chrono::milliseconds(JsonInt(*record, "/durationMs"));
  return fact;
}

bool LetsPass(const VerdictFact& verdict, const std::string& pod_hash, const std::string& stage) {
  return verdict.pod_hash == pod_hash && verdict.stage == stage &&
         (verdict.verdict == "pass" || verdict.dry_run);
}

}  // namespace

std::vector<VerdictFact> ReadVerdicts(const Json& config_map) {
  std::vector<VerdictFact> verdicts;
  for (const std::string& line : record::Lines(JsonString(config_map, "/data/history"))) {
    if (auto verdict = ReadVerdict(line)) verdicts.push_back(*std::move(verdict));
  }
  return verdicts;
}

std::vector<GateStep> BypassedGates(const RolloutFacts& facts, const std::string& pod_hash,
                                    const std::vector<VerdictFact>& verdicts) {
  std::vector<GateStep> bypassed;
  const bool promoted = facts.stable_hash == pod_hash;
  const bool under_way = facts.InProgress() && facts.current_hash == pod_hash;
  if (!promoted && !under_way) return bypassed;
  for (const GateStep& gate : facts.gates) {
    const bool behind = promoted || facts.step > gate.index;
    const bool passed = std::any_of(verdicts.begin(), verdicts.end(), [&](const auto& verdict) {
      return LetsPass(verdict, pod_hash, gate.stage);
    });
    if (behind && !passed) bypassed.push_back(gate);
  }
  return bypassed;
}

std::optional<VerdictFact> StandingRefusal(const std::string& pod_hash,
                                           const std::vector<VerdictFact>& verdicts) {
  const auto last = std::find_if(verdicts.rbegin(), verdicts.rend(), [&](const auto& verdict) {
    return verdict.pod_hash == pod_hash && !verdict.dry_run && verdict.verdict != "inconclusive";
  });
  if (last == verdicts.rend() || last->verdict != "fail") return std::nullopt;
  return *last;
}

}  // namespace gate::watch
