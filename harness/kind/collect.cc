#include "harness/kind/collect.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "gate/base/check.h"
#include "gate/seams/http_client.h"
#include "gate/seams/kube_api.h"
#include "harness/kind/cluster_tools.h"
#include "harness/kind/stage_objects.h"
#include "harness/scenario/vocabulary.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::JsonString;
using gate::Result;

std::string NamespacePath(const std::string& ns) {
  return "/api/v1/namespaces/" + gate::PercentEncode(ns);
}

// Where the API server passes requests on to the stage's Prometheus.
std::string PrometheusPath(const std::string& ns, const std::string& request) {
  return NamespacePath(ns) + "/services/http:" + kPrometheusName + ":9090/proxy/api/v1/" + request;
}

// Of `source` what the vocabulary knows as fields of this event.
Json KnownFields(std::string_view event, const Json& source) {
  Json fields = Json::object();
  const EventKind* kind = FindEventKind(event);
  GATE_CHECK(kind != nullptr);
  for (const EventField& field : kind->fields) {
    const auto found = source.find(field.name);
    if (found != source.end() && found->is_primitive() && !found->is_null()) {
      fields[std::string(field.name)] = *found;
    }
  }
  return fields;
}

Result<TraceEvent> MakeEvent(std::string name, const std::string& when, const Sighting& seen,
                             Json fields) {
  const auto own = ParseObjectTime(when);
  if (!own) {
    return Error{ErrorCode::kProtocol, "\"" + when + "\" is not the time of an event " + name};
  }
  const Stamp stamp = StampFromOwnTime(seen, *own, /*skew=*/gate::Nanos(0));
  return TraceEvent{std::move(name), stamp.at, stamp.wall, stamp.uncertainty, std::move(fields)};
}

Sighting Now(gate::Runtime& runtime) { return {runtime.Now(), runtime.WallNow()}; }

// A mock-mc that was started again has forgotten what it was asked before.
Result<void> CheckNeverRestarted(ClusterApi& cluster, const std::string& ns,
                                 const gate::Deadline& deadline) {
  auto pods =
      cluster.kube().List(gate::kube::kPods, ns, {std::string("app=") + kMockName, ""}, deadline);
  if (!pods) return std::move(pods).error().Wrap("looking for mock-mc's pod");
  const bool one = pods->items.size() == 1;
  if (one && gate::JsonInt(pods->items.front(), "/status/containerStatuses/0/restartCount") == 0) {
    return {};
  }
  return Error{ErrorCode::kProtocol, "mock-mc was restarted, so its journal is incomplete"};
}

}  // namespace

Receiver ReceiverAt(std::string_view path) {
  if (path.starts_with("/slack/")) return Receiver::kSlack;
  if (path.starts_with("/v2/change/")) return Receiver::kPagerDutyChange;
  return path.starts_with("/v2/") ? Receiver::kPagerDuty : Receiver::kNone;
}

std::string MockAdminPath(const std::string& ns, const std::string& path) {
  return NamespacePath(ns) + "/services/http:" + kMockName + ":" + kMockAdminPort + "/proxy" + path;
}

Result<Trace> CollectMcRequests(ClusterApi& cluster, gate::Runtime& runtime, const std::string& ns,
                                const gate::Deadline& deadline) {
  auto whole = CheckNeverRestarted(cluster, ns, deadline);
  if (!whole) return std::move(whole).error();
  const std::string everything = "/journal?limit=10000";  // all that it ever holds
  auto journal = cluster.GetText(MockAdminPath(ns, everything), deadline);
  if (!journal) return std::move(journal).error().Wrap("reading mock-mc's journal");
  auto trace = McRequestsFromJournal(*journal, Now(runtime));
  if (!trace) return std::move(trace).error().Wrap("reading mock-mc's journal");
  return trace;
}

Result<void> AwaitScrape(ClusterApi& cluster, gate::Runtime& runtime, const std::string& ns,
                         const gate::Deadline& deadline) {
  constexpr gate::Nanos kPause = std::chrono::milliseconds(200);
  const std::string path = PrometheusPath(ns, "query?query=" + gate::PercentEncode("up == 1"));
  for (;;) {
    auto answer = cluster.GetText(path, deadline);
    if (answer) {
      const auto parsed = gate::ParseStrictJson(*answer);
      if (parsed && !gate::JsonArray(*parsed, "/data/result").empty()) return {};
    } else if (answer.error().code != ErrorCode::kUnavailable) {  // its Service may lag behind
      return std::move(answer).error().Wrap("asking Prometheus what it scrapes");
    }
    const gate::Instant next = runtime.Now() + kPause;
    if (next >= deadline.at || runtime.Sleep({next, deadline.stop}) == gate::WaitResult::kStopped) {
      return Error{ErrorCode::kDeadlineExceeded, "Prometheus has not scraped the gate"};
    }
  }
}

Result<Trace> CollectAlerts(ClusterApi& cluster, gate::Runtime& runtime, const std::string& ns,
                            const gate::Deadline& deadline) {
  constexpr std::chrono::hours kLongest{1};  // no scenario takes longer
  const Sighting seen = Now(runtime);
  const auto now = std::chrono::floor<std::chrono::seconds>(seen.wall).time_since_epoch();
  const std::string path = PrometheusPath(
      ns, "query_range?step=1&query=" + gate::PercentEncode("ALERTS{alertstate=\"firing\"}") +
              "&start=" + std::to_string(std::chrono::seconds(now - kLongest).count()) +
              "&end=" + std::to_string(now.count()));
  auto answer = cluster.GetText(path, deadline);
  if (!answer) return std::move(answer).error().Wrap("asking Prometheus for alerts");
  auto trace = AlertsFromQuery(*answer, seen);
  if (!trace) return std::move(trace).error().Wrap("asking Prometheus for alerts");
  return trace;
}

Result<Trace> CollectAudits(ClusterApi& cluster, gate::Runtime& runtime, const std::string& ns,
                            const gate::Deadline& deadline) {
  const std::string gates = std::string("app=") + kGateName;  // pods of Jobs, or of the service
  auto pods = cluster.kube().List(gate::kube::kPods, ns, {gates, ""}, deadline);
  if (!pods) return std::move(pods).error().Wrap("looking for the gate's pods");
  Trace all;
  for (const Json& pod : pods->items) {
    const std::string name = JsonString(pod, "/metadata/name");
    if (JsonString(pod, "/status/phase") == "Pending") continue;  // it never started: no log
    auto log = cluster.GetText(NamespacePath(ns) + "/pods/" + gate::PercentEncode(name) + "/log",
                               deadline);
    if (!log) return std::move(log).error().Wrap("reading the log of pod " + name);
    auto trace = AuditsFromLog(*log, Now(runtime));
    if (!trace) return std::move(trace).error().Wrap("reading the log of pod " + name);
    all = Merge(std::move(all), *std::move(trace));
  }
  return all;
}

// Where the first button of a Slack message leads.
std::string FirstSlackLink(const Json& message) {
  for (const Json& block : gate::JsonArray(message, "/blocks")) {
    if (JsonString(block, "/type") == "actions") return JsonString(block, "/elements/0/url");
  }
  return "";
}

// What a receiver of notifications was told: docs/notifications.md. Nothing for other requests.
std::optional<Json> NoticeIn(const Json& entry) {
  const std::string path = JsonString(entry, "/path");
  const Receiver receiver = ReceiverAt(path);
  if (receiver == Receiver::kNone) return std::nullopt;
  const bool slack = receiver == Receiver::kSlack;
  Json notice = {{"to", slack                                    ? "slack"
                        : receiver == Receiver::kPagerDutyChange ? "pagerduty-change"
                                                                 : "pagerduty"},
                 {"status", gate::JsonInt(entry, "/status")}};
  const auto body = gate::ParseStrictJson(JsonString(entry, "/body"));
  if (!body) return notice;  // cut, or no notice at all: what it says matches nothing
  notice["action"] = JsonString(*body, "/event_action");
  notice["key"] = JsonString(*body, "/dedup_key");
  notice["text"] = JsonString(*body, slack ? "/text" : "/payload/summary");
  notice["link"] = slack ? FirstSlackLink(*body) : JsonString(*body, "/links/0/href");
  for (const char* field : {"kind", "release", "stage", "reason"}) {
    const std::string pointer = std::string("/payload/custom_details/") + field;
    notice[field] = JsonString(*body, pointer.c_str());
  }
  return notice;
}

Result<Trace> McRequestsFromJournal(std::string_view journal, const Sighting& seen) {
  constexpr std::size_t kLongestJournal = std::size_t{32} << 20U;
  auto parsed = gate::ParseStrictJson(journal, {kLongestJournal});
  if (!parsed) return std::move(parsed).error();
  const auto entries = parsed->find("entries");
  if (entries == parsed->end() || !entries->is_array()) {
    return Error{ErrorCode::kProtocol, "there is no list \"entries\""};
  }
  // What is missing here could be what a scenario says never happened.
  if (gate::JsonInt(*parsed, "/dropped", 1) != 0) {
    return Error{ErrorCode::kProtocol, "it is incomplete: mock-mc had to drop requests"};
  }
  Trace trace;
  for (const Json& entry : *entries) {
    const std::string trouble = JsonString(entry, "/internalError");
    if (!trouble.empty()) {
      return Error{ErrorCode::kProtocol, "mock-mc failed, which no script asked for: " + trouble};
    }
    auto notice = NoticeIn(entry);
    const std::string name = notice ? "notice" : "mc.request";
    auto event = MakeEvent(name, JsonString(entry, "/arrivedAt"), seen,
                           notice ? *std::move(notice) : KnownFields(name, entry));
    if (!event) return std::move(event).error();
    trace.push_back(*std::move(event));
  }
  return trace;
}

std::vector<Json> AuditRecordsIn(std::string_view log) {
  std::vector<Json> records;
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(log.size(), line.size() + 1));
    if (line.find(R"("hash")") == std::string_view::npos) continue;  // most lines are none
    auto record = gate::ParseStrictJson(line);
    if (!record || JsonString(*record, "/kind").empty() || JsonString(*record, "/hash").empty()) {
      continue;
    }
    records.push_back(*std::move(record));
  }
  return records;
}

Result<Trace> AuditsFromLog(std::string_view log, const Sighting& seen) {
  Trace trace;
  for (const Json& record : AuditRecordsIn(log)) {
    auto event =
        MakeEvent("audit", JsonString(record, "/time"), seen, KnownFields("audit", record));
    if (!event) return std::move(event).error();
    trace.push_back(*std::move(event));
  }
  return trace;
}

Result<Trace> AlertsFromQuery(std::string_view answer, const Sighting& seen) {
  auto parsed = gate::ParseStrictJson(answer);
  if (!parsed) return std::move(parsed).error();
  if (JsonString(*parsed, "/status") != "success") {
    return Error{ErrorCode::kProtocol, "it says " + JsonString(*parsed, "/error")};
  }
  Trace trace;
  for (const Json& series : gate::JsonArray(*parsed, "/data/result")) {
    // It was seen a second after the last time that it was not seen.
    const gate::WallTime began{std::chrono::seconds(gate::JsonInt(series, "/values/0/0") - 1)};
    auto event = MakeEvent("alert", gate::FormatRfc3339(began, 0), seen,
                           {{"name", JsonString(series, "/metric/alertname")},
                            {"severity", JsonString(series, "/metric/severity")},
                            {"environment", JsonString(series, "/metric/environment")}});
    if (!event) return std::move(event).error();
    trace.push_back(*std::move(event));
  }
  return trace;
}

Trace Merge(Trace first, Trace second) {
  const auto earlier = [](const TraceEvent& a, const TraceEvent& b) { return a.at < b.at; };
  std::stable_sort(first.begin(), first.end(), earlier);
  std::stable_sort(second.begin(), second.end(), earlier);
  Trace merged;
  merged.reserve(first.size() + second.size());
  std::merge(std::make_move_iterator(first.begin()), std::make_move_iterator(first.end()),
             std::make_move_iterator(second.begin()), std::make_move_iterator(second.end()),
             std::back_inserter(merged), earlier);
  return merged;
}

}  // namespace drill
