#include "gate/notify/pagerduty_event.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "gate/base/check.h"
#include "gate/base/encoding.h"
#include "gate/notify/runbook.h"
#include "gate/notify/wording.h"

namespace gate::notify {
namespace {

constexpr std::size_t kSummaryLimit = 1024;
constexpr std::size_t kSourceLimit = 255;

// The incidents of one story. A trigger for an incident that is open notifies nobody anew, so what
// must wake people although they know of the story already has an incident of its own.
constexpr std::string_view kStory;
constexpr std::string_view kLate = "late";
constexpr std::string_view kBypass = "bypass";
constexpr std::string_view kSecurity = "security";

std::string Source(const Notice& notice) {
  if (notice.rollout.empty()) return "rollout-gate";
  return Truncate(fmt::format("{}/{}", notice.ns, notice.rollout), kSourceLimit);
}

Json Details(const Notice& notice) {
  Json details = ToJson(Bounded(notice));
  details["dedupKey"] = DedupKey(notice);
  if (std::string next = NextStep(notice); !next.empty()) details["whatToDo"] = std::move(next);
  return details;
}

Json Links(const Notice& notice, std::string_view playbook_url) {
  Json links = Json::array();
  for (const RunbookLink& link : RunbookLinks(notice, playbook_url)) {
    links.push_back({{"href", link.url}, {"text", link.text}});
  }
  return links;
}

PagerDutyEvent Trigger(const Notice& notice, std::string_view aspect,
                       std::string_view playbook_url) {
  Json payload = {{"summary", Truncate(Headline(notice), kSummaryLimit)},
                  {"source", Source(notice)},
                  {"severity", ToString(SeverityOf(notice))},
                  {"timestamp", FormatRfc3339(notice.happened_at)},
                  {"component", "rollout-gate"},
                  {"class", ToString(notice.kind)},
                  {"custom_details", Details(notice)}};
  if (!notice.environment.empty()) payload["group"] = Truncate(notice.environment, kSourceLimit);
  return {PagerDutyEvent::Endpoint::kAlert,
          {{"event_action", "trigger"},
           {"dedup_key", IncidentKey(notice, aspect)},
           {"client", "rollout-gate"},
           {"payload", std::move(payload)},
           {"links", Links(notice, playbook_url)}}};
}

PagerDutyEvent Resolve(const Notice& notice, std::string_view aspect) {
  return {PagerDutyEvent::Endpoint::kAlert,
          {{"event_action", "resolve"}, {"dedup_key", IncidentKey(notice, aspect)}}};
}

PagerDutyEvent Change(const Notice& notice, std::string_view playbook_url) {
  return {PagerDutyEvent::Endpoint::kChange,
          {{"payload",
            {{"summary", Truncate(Headline(notice), kSummaryLimit)},
             {"source", Source(notice)},
             {"timestamp", FormatRfc3339(notice.happened_at)},
             {"custom_details", Details(notice)}}},
           {"links", Links(notice, playbook_url)}}};
}

}  // namespace

bool OpensIncident(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kFailed:
    case NoticeKind::kPaused:
    case NoticeKind::kWithdrawn:
    case NoticeKind::kRollbackLate:
    case NoticeKind::kOverrideRejected:
    case NoticeKind::kBypassed:
    case NoticeKind::kSecurityAlert:
    case NoticeKind::kTest:
      return true;
    case NoticeKind::kPassed:
    case NoticeKind::kResumable:
    case NoticeKind::kRolledBack:
    case NoticeKind::kOverrideUsed:
      return false;
  }
  GATE_CHECK(false);
}

bool ResolvesIncidents(NoticeKind kind) {
  return kind == NoticeKind::kPassed || kind == NoticeKind::kRolledBack ||
         kind == NoticeKind::kOverrideUsed;
}

std::vector<PagerDutyEvent> PagerDutyEvents(const Notice& notice, std::string_view playbook_url) {
  // Of several events the change comes last: it alone shows twice if the rest is repeated.
  switch (notice.kind) {
    case NoticeKind::kPassed:
    case NoticeKind::kOverrideUsed:
      return {Resolve(notice, kStory), Change(notice, playbook_url)};
    case NoticeKind::kRolledBack:
      return {Resolve(notice, kStory), Resolve(notice, kLate), Change(notice, playbook_url)};
    case NoticeKind::kResumable:
      return {Change(notice, playbook_url)};
    case NoticeKind::kFailed:
    case NoticeKind::kPaused:
    case NoticeKind::kWithdrawn:
    case NoticeKind::kOverrideRejected:
      return {Trigger(notice, kStory, playbook_url)};
    case NoticeKind::kRollbackLate: {
      const bool early = notice.late == LateStep::kNone || notice.late == LateStep::kWarn;
      return {Trigger(notice, early ? kStory : kLate, playbook_url)};
    }
    case NoticeKind::kBypassed:
      return {Trigger(notice, kBypass, playbook_url)};
    case NoticeKind::kSecurityAlert:
      return {Trigger(notice, kSecurity, playbook_url)};
    case NoticeKind::kTest:
      return {Trigger(notice, kStory, playbook_url), Resolve(notice, kStory)};
  }
  GATE_CHECK(false);
}

}  // namespace gate::notify
