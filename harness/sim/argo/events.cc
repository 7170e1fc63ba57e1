#include "harness/sim/argo/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/sim/argo/names.h"

namespace drill::sim::argo {
namespace {

using gate::Json;

constexpr std::string_view kComponent = "rollouts-controller";
// client-go's defaults (tools/record/events_cache.go).
constexpr std::size_t kMostMessages = 10;
constexpr gate::Nanos kAggregationTime = std::chrono::minutes(10);
constexpr double kBurst = 25;
constexpr double kSecondsPerEvent = 300;

std::string_view NameOf(EventRecorder::Kind kind) {
  return kind == EventRecorder::Kind::kWarning ? "Warning" : "Normal";
}

Json Reference(const Object& about) {
  const TypeInfo& info = InfoOf(about.type);
  Json reference = Json::object();
  reference["apiVersion"] = info.resource.ApiVersion();
  reference["kind"] = info.kind;
  reference["namespace"] = about.meta.ns;
  reference["name"] = about.meta.name;
  reference["uid"] = about.meta.uid;
  reference["resourceVersion"] = std::to_string(about.meta.resource_version);
  return reference;
}

}  // namespace

void EventRecorder::Emit(const Object& about, Kind kind, std::string_view reason,
                         std::string message) {
  const std::string group = fmt::format("{}\n{}\n{}", about.meta.uid, NameOf(kind), reason);
  if (aggregates_.size() > kMostRemembered) aggregates_.clear();
  if (known_.size() > kMostRemembered) known_.clear();
  Aggregate& aggregate = aggregates_[group];
  if (!aggregate.messages.empty() && world_.Now() - aggregate.last > kAggregationTime) {
    aggregate.messages.clear();
  }
  aggregate.messages.insert(message);
  aggregate.last = world_.Now();
  std::string key = group + "\n" + message;
  if (aggregate.messages.size() >= kMostMessages) {
    aggregate.messages.erase(aggregate.messages.begin());
    message = "(combined from similar events): " + message;
    key = group;
  }
  Known& known = known_[key];
  ++known.count;
  if (Spend(about.meta.uid)) Write(about, kind, reason, message, known);
}

bool EventRecorder::Spend(const std::string& object) {
  if (budgets_.size() > kMostRemembered) budgets_.clear();
  const auto [entry, fresh] = budgets_.try_emplace(object);
  Budget& budget = entry->second;
  if (fresh) budget.tokens = kBurst;
  const double seconds = std::chrono::duration<double>(world_.Now() - budget.since).count();
  if (!fresh) budget.tokens = std::min(kBurst, budget.tokens + seconds / kSecondsPerEvent);
  budget.since = world_.Now();
  if (budget.tokens < 1) return false;
  budget.tokens -= 1;
  return true;
}

void EventRecorder::Write(const Object& about, Kind kind, std::string_view reason,
                          const std::string& message, Known& known) {
  const gate::WallTime wall = world_.WallNow();
  const std::string now = FormatSeconds(std::chrono::floor<std::chrono::seconds>(wall));
  const std::string& ns = about.meta.ns;
  if (!known.name.empty()) {
    const ObjectPtr stored = server_.Get(Type::kEvent, ns, known.name);
    if (stored) {
      Object next = *stored;
      Json body = RestOf(*stored);
      body["count"] = known.count;
      body["lastTimestamp"] = now;
      body["message"] = message;
      next.rest = Share(std::move(body));
      // Best effort, as are all Events: the next one may succeed.
      static_cast<void>(server_.Update(kWriter, std::move(next), WritePart::kMain));
      return;
    }
  }
  // Events are named by the nanosecond; here several can happen at the same one.
  last_name_ = std::max<std::int64_t>(last_name_ + 1, wall.time_since_epoch().count());
  known.name = fmt::format("{}.{:x}", about.meta.name, last_name_);
  Object event{Type::kEvent, {}, nullptr, nullptr, nullptr};
  event.meta.ns = ns;
  event.meta.name = known.name;
  Json body = Json::object();
  body["involvedObject"] = Reference(about);
  body["reason"] = reason;
  body["message"] = message;
  body["type"] = NameOf(kind);
  body["count"] = known.count;
  body["firstTimestamp"] = now;
  body["lastTimestamp"] = now;
  body["source"]["component"] = kComponent;
  body["reportingComponent"] = kComponent;
  body["reportingInstance"] = "";
  body["eventTime"] = nullptr;
  event.rest = Share(std::move(body));
  static_cast<void>(server_.Create(kWriter, std::move(event)));
}

void EventRecorder::Forget() {
  aggregates_.clear();
  known_.clear();
  budgets_.clear();
}

}  // namespace drill::sim::argo
