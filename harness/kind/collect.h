#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/seams/deadline.h"
#include "gate/seams/runtime.h"
#include "harness/kind/cluster_api.h"
#include "harness/trace/stamp.h"
#include "harness/trace/trace.h"

namespace drill {

// Who is told something by a request to mock-mc with this path: docs/notifications.md.
enum class Receiver { kNone, kSlack, kPagerDuty, kPagerDutyChange };
Receiver ReceiverAt(std::string_view path);

// Where the API server passes requests on to mock-mc's admin API; `path` starts with a slash.
std::string MockAdminPath(const std::string& ns, const std::string& path);

// What only the end of a scenario shows. The events carry the fields that scenarios know
// (harness/scenario/vocabulary.h) and the times of their sources, which run on this machine's
// clock: kind's nodes are containers.

// mock-mc's journal, as `mc.request` events, and `notice` for what it was told as Slack or
// PagerDuty.
gate::Result<Trace> CollectMcRequests(ClusterApi& cluster, gate::Runtime& runtime,
                                      const std::string& ns, const gate::Deadline& deadline);

// The audit records in the logs of the gate's pods, as `audit` events.
gate::Result<Trace> CollectAudits(ClusterApi& cluster, gate::Runtime& runtime,
                                  const std::string& ns, const gate::Deadline& deadline);

// Waits until the stage's Prometheus has scraped the gate: an increase counts from there.
gate::Result<void> AwaitScrape(ClusterApi& cluster, gate::Runtime& runtime, const std::string& ns,
                               const gate::Deadline& deadline);

// The alerts that the stage's Prometheus saw firing, as `alert` events.
gate::Result<Trace> CollectAlerts(ClusterApi& cluster, gate::Runtime& runtime,
                                  const std::string& ns, const gate::Deadline& deadline);

// The pure parts. kProtocol if the text is not what the program promises to write.
gate::Result<Trace> McRequestsFromJournal(std::string_view journal, const Sighting& seen);
// The audit records among a log's lines, which also holds what went to stderr.
std::vector<gate::Json> AuditRecordsIn(std::string_view log);
gate::Result<Trace> AuditsFromLog(std::string_view log, const Sighting& seen);
// `answer` to a range query of the series ALERTS that are firing: an event for the beginning of
// each.
gate::Result<Trace> AlertsFromQuery(std::string_view answer, const Sighting& seen);

// Both traces as one, ordered by time.
Trace Merge(Trace first, Trace second);

}  // namespace drill
