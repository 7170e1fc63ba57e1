#include "gate/notify/runbook.h"

#include <fmt/format.h>

#include "gate/base/check.h"

namespace gate::notify {
namespace {

// Overrides and bypasses have codes of their own, which may be spelled like a reason.
bool IsAboutAVerdict(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kPassed:
    case NoticeKind::kFailed:
    case NoticeKind::kPaused:
    case NoticeKind::kResumable:
    case NoticeKind::kWithdrawn:
    case NoticeKind::kRolledBack:
    case NoticeKind::kRollbackLate:
    case NoticeKind::kSecurityAlert:
      return true;
    case NoticeKind::kOverrideUsed:
    case NoticeKind::kOverrideRejected:
    case NoticeKind::kBypassed:
    case NoticeKind::kTest:
      return false;
  }
  GATE_CHECK(false);
}

}  // namespace

std::string PlaybookAnchor(NoticeKind kind) { return fmt::format("notice-{}", ToString(kind)); }

std::string PlaybookAnchor(evidence::Reason reason) {
  return fmt::format("reason-{}", evidence::ToString(reason));
}

std::vector<RunbookLink> RunbookLinks(const Notice& notice, std::string_view playbook_url) {
  if (playbook_url.empty()) return {};
  std::vector<RunbookLink> links = {
      {"What to do", fmt::format("{}#{}", playbook_url, PlaybookAnchor(notice.kind))}};
  if (!IsAboutAVerdict(notice.kind)) return links;
  // A record of another version may hold a reason that this one has no section for.
  if (const auto reason = evidence::ReasonFromString(notice.reason)) {
    links.push_back({fmt::format("About {}", notice.reason),
                     fmt::format("{}#{}", playbook_url, PlaybookAnchor(*reason))});
  }
  return links;
}

}  // namespace gate::notify
