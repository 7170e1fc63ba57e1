#include "gate/notify/verdict_notice.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gate::notify {
namespace {

std::optional<NoticeKind> KindOf(std::string_view verdict) {
  if (verdict == "pass") return NoticeKind::kPassed;
  if (verdict == "fail") return NoticeKind::kFailed;
  if (verdict == "inconclusive") return NoticeKind::kPaused;
  return std::nullopt;
}

Error NoRecord(const std::string& what) {
  return Error{ErrorCode::kProtocol, "not a verdict record: " + what};
}

}  // namespace

Result<std::vector<Notice>> NoticesOfVerdict(const Json& record) {
  if (JsonString(record, "/kind") != "verdict") return NoRecord("its kind is not verdict");
  const auto kind = KindOf(JsonString(record, "/verdict"));
  if (!kind) return NoRecord("its verdict is not pass, fail or inconclusive");
  auto time = ParseRfc3339(JsonString(record, "/time"));
  if (!time) return NoRecord("its time is unreadable");
  Notice notice{.kind = *kind,
                .fact = JsonString(record, "/id"),
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
  if (notice.fact.empty()) return NoRecord("it has no id");
  if (JsonIsTrue(record, "/dryRun")) return std::vector<Notice>();
  for (const Json& reason : JsonArray(record, "/mcReasons")) {
    if (reason.is_string()) notice.mc_reasons.push_back(reason.get<std::string>());
  }
  const std::int64_t took = JsonInt(record, "/durationMs", -1);
  // More than a day is no gate run; and 10^15 ms would overflow.
  if (took >= 0 && took <= 86'400'000) notice.took = std::chrono::milliseconds(took);
  std::vector<Notice> notices = {notice};
  if (JsonIsTrue(record, "/securityAlert")) {
    notice.kind = NoticeKind::kSecurityAlert;
    notices.push_back(std::move(notice));
  }
  return notices;
}

}  // namespace gate::notify
