#include "harness/sim/campaign/gate_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "harness/kind/collect.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::JsonString;

bool IsDryRun(const Json& record) {
  const auto found = record.find("dryRun");
  return found == record.end() || *found != Json(false);
}

}  // namespace

std::vector<Json> GateRecords::OnStatus(const Object& config_map, gate::Nanos now) {
  std::vector<Json> fresh = chain_.Take(RestOf(config_map));
  judge_.Check(Invariant::kOneChain, fresh.size() <= 1, now,
               [&] { return fmt::format("one write brought {} records", fresh.size()); });
  for (const Json& record : fresh) {
    CheckProof(record, now);
    Mark(record);
    ids_.insert(JsonString(record, "/id"));
    hashes_.insert(JsonString(record, "/hash"));
    if (JsonString(record, "/verdict") != "pass" || IsDryRun(record)) continue;
    passes_.emplace(JsonString(record, "/release"), JsonString(record, "/stage"),
                    JsonString(record, "/podHash"));
  }
  if (ids_.size() > 1) judge_.Reach(Mark::kSeveralRecords);
  return fresh;
}

bool GateRecords::McSaid(const Json& record, bool ok) const {
  const std::string release = JsonString(record, "/release");
  const std::string stage = JsonString(record, "/stage");
  const std::string trace = JsonString(record, "/traceId");
  return std::any_of(asked_.begin(), asked_.end(), [&](const mock_mc::Decision& decision) {
    return decision.status == 200 && decision.evidence_ok == ok && decision.deliberate.empty() &&
           decision.release == release && decision.stage == stage && decision.trace_id == trace;
  });
}

void GateRecords::CheckProof(const Json& record, gate::Nanos now) {
  const auto detail = [&] {
    return fmt::format("{} ({}) for {} at {}, but MC said no such thing",
                       JsonString(record, "/verdict"), JsonString(record, "/reason"),
                       JsonString(record, "/release"), JsonString(record, "/stage"));
  };
  if (JsonString(record, "/verdict") == "pass") {
    judge_.Check(Invariant::kPassIsProven, McSaid(record, true), now, detail);
  } else if (JsonString(record, "/reason") == "evidence-false") {
    judge_.Check(Invariant::kFailIsProven, McSaid(record, false), now, detail);
  }
}

void GateRecords::Mark(const Json& record) {
  const std::string verdict = JsonString(record, "/verdict");
  const auto alert = record.find("securityAlert");
  if (verdict == "pass") judge_.Reach(Mark::kPass);
  if (verdict == "inconclusive") judge_.Reach(Mark::kInconclusive);
  if (JsonString(record, "/reason") == "evidence-false") judge_.Reach(Mark::kRefused);
  if (alert != record.end() && *alert == Json(true)) judge_.Reach(Mark::kUntrusted);
  if (gate::JsonInt(record, "/attempts") > 1) judge_.Reach(Mark::kAskedAgain);
}

void GateRecords::CheckLogs(const PodLogs& logs, std::size_t killed, gate::Nanos now) {
  std::set<std::string> printed;
  for (const auto& [pod, log] : logs.all()) {
    for (const Json& record : AuditRecordsIn(log)) {
      if (JsonString(record, "/kind") != "verdict") continue;
      printed.insert(JsonString(record, "/id"));
      if (JsonString(record, "/reason") == "record-failed") judge_.Reach(Mark::kRecordFailed);
      if (JsonString(record, "/verdict") != "pass") continue;
      judge_.Check(Invariant::kPassIsRecorded, hashes_.contains(JsonString(record, "/hash")), now,
                   [&name = pod] { return name + " passed a release without recording it"; });
    }
  }
  std::vector<std::string> missing;
  std::set_difference(ids_.begin(), ids_.end(), printed.begin(), printed.end(),
                      std::back_inserter(missing));
  if (ids_.empty()) return;
  judge_.Check(Invariant::kAuditLine, missing.size() <= killed, now, [&] {
    return fmt::format("{} of {} records have no audit line, and {} gates were killed",
                       missing.size(), ids_.size(), killed);
  });
}

void GateRecords::CheckChain(gate::Nanos now) {
  if (ids_.empty()) return;
  const AuditChain::Judgement judgement = chain_.Verify();
  judge_.Check(Invariant::kOneChain, judgement.ok, now, [&] { return judgement.detail; });
}

}  // namespace drill::sim
