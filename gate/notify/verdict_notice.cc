#include "gate/notify/verdict_notice.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gate/evidence/reason.h"

namespace gate::notify {
namespace {

std::optional<NoticeKind> KindOf(std::string_view verdict, std::string_view reason) {
  if (verdict == "pass") return NoticeKind::kPassed;
  if (verdict == "fail") {
    return reason == evidence::ToString(evidence::Reason::kEvidenceWithdrawn)
               ? NoticeKind::kWithdrawn
               : NoticeKind::kFailed;
  }
  if (verdict == "inconclusive") return NoticeKind::kPaused;
  return std::nullopt;
}

Error NoRecord(const std::string& what) {
  return Error{ErrorCode::kProtocol, "not a verdict record: " + what};
}

// A controller that cannot store the answer asks the same again, every few milliseconds at first:
// those are records of their own, but one thing to tell.
std::string FactOf(const Json& record) {
  const std::string analysis_run = JsonString(record, "/analysisRun");
  if (analysis_run.empty()) return JsonString(record, "/id");
  std::string fact;
  for (const char* part : {"/namespace", "/analysisRun", "/stage", "/reason"}) {
    fact += (fact.empty() ? "" : "/") + JsonString(record, part);
  }
  return fact;
}

// "ann" or "ann and bob"
std::string ActorsOf(const Json& overruling) {
  std::string actors;
  for (const Json& one : JsonArray(overruling, "/by")) {
    actors += (actors.empty() ? "" : " and ") + JsonString(one, "/actor");
  }
  return actors;
}

// People decided: that is told in place of the verdict that came of it.
void TellOverruling(const Json& overruling, Notice& notice) {
  notice.kind = NoticeKind::kOverrideUsed;
  notice.reason = JsonString(overruling, "/decision");
  notice.actor = ActorsOf(overruling);
}

bool MayCountYet(std::string_view why) { return why == "other-stage" || why == "needs-another"; }

// An override that did not count. It is a fact of its own, told once however many gate runs see it.
std::optional<Notice> IgnoredNotice(const Json& ignored, Notice notice) {
  notice.kind = NoticeKind::kOverrideRejected;
  notice.reason = JsonString(ignored, "/why");
  notice.actor = JsonString(ignored, "/actor");
  const std::string name = JsonString(ignored, "/name");
  const std::string id = JsonString(ignored, "/uid").empty() ? name : JsonString(ignored, "/uid");
  if (id.empty() || notice.reason.empty() || MayCountYet(notice.reason)) return std::nullopt;
  notice.fact = id + "/" + notice.reason;
  const std::string detail = JsonString(ignored, "/detail");
  notice.message = "GateOverride " + name + " of " +
                   (notice.actor.empty() ? "somebody" : notice.actor) + " does not count" +
                   (detail.empty() ? "" : ": " + detail);
  notice.mc_reasons.clear();
  notice.evidence_digest.clear();
  notice.took.reset();
  return notice;
}

}  // namespace

Result<std::vector<Notice>> NoticesOfVerdict(const Json& record) {
  if (JsonString(record, "/kind") != "verdict") return NoRecord("its kind is not verdict");
  const auto kind = KindOf(JsonString(record, "/verdict"), JsonString(record, "/reason"));
  if (!kind) return NoRecord("its verdict is not pass, fail or inconclusive");
  auto time = ParseRfc3339(JsonString(record, "/time"));
  if (!time) return NoRecord("its time is unreadable");
  Notice notice{.kind = *kind,
                .fact = FactOf(record),
                .release = JsonString(record, "/release"),
                .environment = JsonString(record, "/environment"),
                .stage = JsonString(record, "/stage"),
                .ns = JsonString(record, "/namespace"),
                .rollout = JsonString(record, "/rollout"),
                .pod_hash = JsonString(record, "/podHash"),
                .reason = JsonString(record, "/reason"),
                .message = JsonString(record, "/message"),
                .evidence_digest = JsonString(record, "/evidenceDigest"),
                .trace_id = JsonString(record, "/traceId"),
                .happened_at = *time};
  if (JsonString(record, "/id").empty()) return NoRecord("it has no id");
  if (JsonIsTrue(record, "/dryRun")) return std::vector<Notice>();
  for (const Json& reason : JsonArray(record, "/mcReasons")) {
    if (reason.is_string()) notice.mc_reasons.push_back(reason.get<std::string>());
  }
  const std::int64_t took = JsonInt(record, "/durationMs", -1);
  // More than a day is no gate run; and 10^15 ms would overflow.
  if (took >= 0 && took <= 86'400'000) notice.took = std::chrono::milliseconds(took);
  std::vector<Notice> notices = {notice};
  const Json& overruling = JsonAt(record, "/override");
  if (overruling.is_object()) {
    TellOverruling(overruling, notices.front());
    // What is wrong with MC's answer, not what people made of it.
    notice.reason = JsonString(overruling, "/insteadOf/reason");
    notice.message = JsonString(overruling, "/insteadOf/message");
  }
  if (JsonIsTrue(record, "/securityAlert")) {
    notices.push_back(notice);
    notices.back().kind = NoticeKind::kSecurityAlert;
  }
  for (const Json& ignored : JsonArray(record, "/overridesIgnored")) {
    if (auto told = IgnoredNotice(ignored, notice)) notices.push_back(*std::move(told));
  }
  return notices;
}

}  // namespace gate::notify
