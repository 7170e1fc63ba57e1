#pragma once

#include <string_view>

#include "gate/notify/notice.h"

namespace gate::notify {

inline constexpr std::string_view kPlaybook = "https://example.com/playbook.md";

// A notice with everything in it.
inline Notice SampleNotice(NoticeKind kind = NoticeKind::kFailed) {
  return {.kind = kind,
          .fact = "0123456789abcdef0123456789abcdef",
          .release = "shop-1.5.0",
          .environment = "production",
          .stage = "20",
          .ns = "shop",
          .rollout = "demo",
          .pod_hash = "6d5f7c9b4",
          .reason = "evidence-false",
          .message = "MC says that shop-1.5.0 is not fit for production",
          .mc_reasons = {"error rate 7 % above 1 %", "two open incidents"},
          .evidence_digest = "sha256:" + std::string(64, 'e'),
          .trace_id = std::string(32, 'a'),
          .actor = "jane@example.com",
          .took = std::chrono::milliseconds(4250),
          .happened_at = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) +
                         std::chrono::hours(12)};
}

// A notice of which every text is far too long and full of what must be escaped.
inline Notice MonstrousNotice(NoticeKind kind = NoticeKind::kFailed) {
  const auto text = [](std::string_view piece) {
    std::string all;
    while (all.size() < 20'000) all += piece;
    return all;
  };
  Notice notice = SampleNotice(kind);
  for (std::string* field :
       {&notice.fact, &notice.release, &notice.environment, &notice.stage, &notice.ns,
        &notice.rollout, &notice.pod_hash, &notice.reason, &notice.message, &notice.evidence_digest,
        &notice.trace_id, &notice.actor}) {
    *field = text("<!channel> & \"käse\" €\x01 ");
  }
  notice.mc_reasons.assign(100, text("<@U123> 🦊"));
  return notice;
}

}  // namespace gate::notify
