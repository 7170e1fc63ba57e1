#pragma once

#include <string_view>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/notify/notice.h"

namespace gate::notify {

// One request to PagerDuty's Events API v2.
struct PagerDutyEvent {
  enum class Endpoint {
    kAlert,   // /v2/enqueue: trigger, resolve
    kChange,  // /v2/change/enqueue: shown beside incidents, never notifies
  } endpoint;
  Json body;  // without the routing_key, which is a secret
};

// True if notices of this kind open incidents, and which kinds close them again.
bool OpensIncident(NoticeKind kind);
bool ResolvesIncidents(NoticeKind kind);

// What PagerDuty is told, in this order; at least one event. The table is in
// docs/notifications.md. Triggers and resolves may be repeated freely: their dedup_key is made from
// the story that the notice belongs to. Every summary is at most 1,024 bytes and every body far
// below 512 KB, whatever the notice holds.
std::vector<PagerDutyEvent> PagerDutyEvents(const Notice& notice, std::string_view playbook_url);

}  // namespace gate::notify
