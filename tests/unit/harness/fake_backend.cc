#include "tests/unit/harness/fake_backend.h"

#include <algorithm>

#include "tests/unit/harness/objects.h"

namespace drill {
namespace {

using gate::Deadline;
using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;
using std::chrono::seconds;

Error Unused() { return Error{ErrorCode::kUnavailable, "not part of this fake"}; }

class FakeStage : public Stage {
 public:
  FakeStage(FakeBackend& backend, gate::Runtime& runtime, StageScript script, StageLog& log)
      : backend_(backend),
        runtime_(runtime),
        script_(std::move(script)),
        log_(log),
        cluster_(runtime) {
    cluster_.on_change = [this](const std::string& request) { return OnChange(request); };
    ++backend_.stages;
    backend_.most_stages = std::max(backend_.most_stages, backend_.stages);
  }
  ~FakeStage() override {
    stop_.request_stop();
    if (actor_) actor_->Join();
    --backend_.stages;
  }

  gate::Runtime& runtime() override { return runtime_; }
  gate::KubeApi& kube() override { return cluster_; }
  const std::string& ns() const override { return ns_; }
  const std::string& rollout() const override { return rollout_; }

  Result<void> Prepare(const Progress& progress, const Deadline& deadline) override {
    ++log_.prepared;
    progress("waiting for the stable release");
    const auto until = std::min(deadline.at, runtime_.Now() + script_.prepare_takes);
    if (runtime_.Sleep({until, deadline.stop}) == gate::WaitResult::kStopped) {
      return Error{ErrorCode::kCancelled, "stopped"};
    }
    if (script_.prepare) return *script_.prepare;
    if (script_.has_rollout) {
      cluster_.Put(gate::kube::kRollouts, ARollout({.release = "shop-1.4.0",
                                                    .generation = 1,
                                                    .observed = 1,
                                                    .current = "stable",
                                                    .phase = "Healthy",
                                                    .message = "",
                                                    .step = 4}));
    }
    cluster_.Put(gate::kube::kReplicaSets,
                 AReplicaSet({.hash = "stable", .spec = 5, .replicas = 5, .available = 5}));
    return {};
  }

  Result<void> CallMcAdmin(const std::string& method, const std::string& path, const Json& body,
                           const Deadline&) override {
    return OnChange(method + " mock-mc" + path + " " + body.dump());
  }

  Result<Trace> Collect(const Deadline&) override {
    ++log_.collected;
    if (script_.collect) return *script_.collect;
    return script_.collected;
  }

  Result<void> Remove(const Deadline& deadline) override {
    ++log_.removed;
    log_.watches_at_removal = cluster_.open_watches();
    log_.removal_was_stopped = deadline.stop.stop_requested();
    if (script_.remove) return *script_.remove;
    return {};
  }

 private:
  // The first change is the deployment of the canary.
  Result<void> OnChange(const std::string& request) {
    log_.requests.push_back(request);
    if (log_.requests.size() > 1) return script_.action ? *script_.action : Result<void>();
    ++log_.deployed;
    if (script_.deploy) return *script_.deploy;
    const gate::Instant zero = runtime_.Now();
    actor_ = runtime_.Spawn("actor", [this, zero] {
      for (const auto& [after, action] : script_.after_deploy) {
        if (runtime_.Sleep({zero + after, stop_.get_token()}) == gate::WaitResult::kStopped) return;
        action(cluster_);
      }
    });
    return {};
  }

  FakeBackend& backend_;
  gate::Runtime& runtime_;
  const StageScript script_;
  StageLog& log_;
  FakeCluster cluster_;
  const std::string ns_ = "drill-1";
  const std::string rollout_ = "demo";
  std::stop_source stop_;
  std::unique_ptr<gate::Task> actor_;
};

}  // namespace

void FakeCluster::Put(const gate::KubeResource& resource, Json object) {
  const auto version = static_cast<std::int64_t>(changes_.size()) + 1;
  object["metadata"]["resourceVersion"] = std::to_string(version);
  changes_.push_back({resource.plural, version, std::move(object)});
  WakeWatches();
}

void FakeCluster::Break(const gate::KubeResource& resource, Error error) {
  broken_.insert_or_assign(resource.plural, std::move(error));
  WakeWatches();
}

void FakeCluster::WakeWatches() {
  for (gate::Event* event : watchers_) event->Set();
}

Result<gate::KubeList> FakeCluster::List(const gate::KubeResource& resource, const std::string&,
                                         const gate::KubeSelector&, const Deadline&) {
  if (const auto broken = broken_.find(resource.plural); broken != broken_.end()) {
    return broken->second;
  }
  std::map<std::string, Json> newest;  // by name
  for (const Change& change : changes_) {
    if (change.plural != resource.plural) continue;
    newest[gate::JsonString(change.object, "/metadata/name")] = change.object;
  }
  gate::KubeList list;
  for (auto& [name, object] : newest) list.items.push_back(std::move(object));
  list.resource_version = std::to_string(changes_.size());
  return list;
}

Result<void> FakeCluster::Watch(const gate::KubeResource& resource, const std::string&,
                                const gate::KubeSelector&, const std::string& resource_version,
                                const gate::KubeEventHandler& handler, const Deadline& deadline) {
  std::int64_t seen = std::stoll(resource_version);
  const std::unique_ptr<gate::Event> event = runtime_.NewEvent();
  watchers_.push_back(event.get());
  Result<void> end;
  for (bool open = true; open;) {
    for (std::size_t i = static_cast<std::size_t>(seen); i < changes_.size(); ++i) {
      const Change change = changes_[i];
      seen = change.version;
      if (change.plural == resource.plural) {
        handler({gate::KubeEventType::kModified, change.object});
      }
    }
    if (const auto broken = broken_.find(resource.plural); broken != broken_.end()) {
      end = broken->second;
      break;
    }
    switch (event->Wait(deadline)) {
      case gate::WaitResult::kSignalled:
        break;
      case gate::WaitResult::kStopped:
        end = Error{ErrorCode::kCancelled, "stopped"};
        open = false;
        break;
      case gate::WaitResult::kElapsed:
        end = Error{ErrorCode::kDeadlineExceeded, "deadline passed"};
        open = false;
        break;
    }
  }
  std::erase(watchers_, event.get());
  return end;
}

Result<Json> FakeCluster::Get(const gate::KubeRef& ref, const Deadline& deadline) {
  auto list = List(ref.resource, ref.ns, {}, deadline);
  if (!list) return std::move(list).error();
  for (Json& object : list->items) {
    if (gate::JsonString(object, "/metadata/name") == ref.name) return std::move(object);
  }
  return Error{ErrorCode::kNotFound, ref.resource.plural + " " + ref.name + " not found"};
}

Result<Json> FakeCluster::MergePatch(const gate::KubeRef& ref, const Json& patch,
                                     gate::KubeSubresource subresource, const Deadline& deadline) {
  const bool status = subresource == gate::KubeSubresource::kStatus;
  auto changed = on_change("patch " + ref.resource.plural + "/" + ref.name +
                           (status ? "/status " : " ") + patch.dump());
  if (!changed) return std::move(changed).error();
  return Get(ref, deadline);
}

Result<void> FakeCluster::Delete(const gate::KubeRef& ref, const Deadline&) {
  return on_change("delete " + ref.resource.plural + "/" + ref.name);
}

Result<Json> FakeCluster::Create(const gate::KubeResource& resource, const std::string&,
                                 const Json& object, const Deadline&) {
  Json stored = object;
  if (resource == gate::kube::kSelfSubjectReviews) {
    stored["status"]["userInfo"]["username"] = "drill";
    return stored;
  }
  auto changed = on_change("create " + resource.plural + " " + object.at("spec").dump());
  if (!changed) return std::move(changed).error();
  stored["metadata"]["creationTimestamp"] = "2026-03-01T12:00:00Z";
  return stored;
}
Result<Json> FakeCluster::Apply(const gate::KubeRef&, const Json&, const std::string&, Force,
                                gate::KubeSubresource, const Deadline&) {
  return Unused();
}

Result<Json> FakeBackend::Start(const Progress& progress, const Deadline&) {
  ++started;
  progress("creating the cluster");
  if (start_error) return *start_error;
  return Json{{"kubernetes", "v1.34.4"}};
}

std::unique_ptr<Stage> FakeBackend::NewStage(const Scenario& scenario) {
  return std::make_unique<FakeStage>(*this, runtime_, scripts[scenario.id], logs[scenario.id]);
}

Result<void> FakeBackend::Stop(const Deadline&) {
  ++stopped;
  if (stop_error) return *stop_error;
  return {};
}

StageScript Promotes() {
  StageScript script;
  script.after_deploy = {
      {seconds(1), [](FakeCluster& cluster) { cluster.Put(gate::kube::kRollouts, ARollout({})); }},
      {seconds(10),
       [](FakeCluster& cluster) {
         const Json record = ARecord(nullptr, {{"verdict", "pass"}, {"reason", "evidence-true"}});
         cluster.Put(gate::kube::kConfigMaps, AStatus({record}));
       }},
      {seconds(20), [](FakeCluster& cluster) {
         cluster.Put(gate::kube::kRollouts,
                     ARollout({.stable = "canary", .phase = "Healthy", .message = "", .step = 4}));
       }}};
  return script;
}

StageScript RollsBack() {
  StageScript script;
  script.after_deploy = {
      {seconds(1), [](FakeCluster& cluster) { cluster.Put(gate::kube::kRollouts, ARollout({})); }},
      {seconds(2),
       [](FakeCluster& cluster) { cluster.Put(gate::kube::kReplicaSets, AReplicaSet({})); }},
      {seconds(10),
       [](FakeCluster& cluster) {
         cluster.Put(gate::kube::kConfigMaps, AStatus({ARecord(nullptr)}));
       }},
      {seconds(12),
       [](FakeCluster& cluster) {
         cluster.Put(gate::kube::kRollouts, ARollout({.phase = "Degraded",
                                                      .message = "RolloutAborted",
                                                      .abort = true,
                                                      .aborted_at = "2026-03-01T12:00:17Z"}));
       }},
      {seconds(20), [](FakeCluster& cluster) {
         cluster.Put(gate::kube::kReplicaSets,
                     AReplicaSet({.spec = 0, .replicas = 0, .available = 0}));
       }}};
  return script;
}

Result<void> MemoryJournal::AppendAll(std::vector<Json> added) {
  for (Json& record : added) {
    if (records.size() >= fails_from) return Error{ErrorCode::kUnavailable, "no space left"};
    records.push_back(std::move(record));
  }
  return {};
}

reports::JournalContent MemoryJournal::Content() const {
  reports::JournalContent content{records, false, ""};
  std::int64_t seq = 0;
  for (Json& record : content.records) record["seq"] = ++seq;
  return content;
}

}  // namespace drill
