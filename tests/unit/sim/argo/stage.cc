#include "stage.h"

#include <gtest/gtest.h>

#include <utility>

#include "harness/sim/kube/sim_kube.h"
#include "harness/sim/world/fiber.h"
#include "harness/sim/world/sim_runtime.h"

namespace drill::sim {
namespace {

using gate::Json;

constexpr std::uint64_t kMostEvents = 2'000'000;

World::Options WorldOptions() {
  World::Options options;
  options.seed = 7;
  options.epoch = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000));
  return options;
}

std::string TextAt(const Json& json, const char* pointer) {
  const Json::json_pointer at(pointer);
  if (!json.contains(at) || json.at(at).is_null()) return "";
  const Json& value = json.at(at);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Stage::Stage(ArgoOptions options)
    : world(WorldOptions()),
      server(world),
      link(world, "watch"),
      argo(world, server, link, this, options) {
  Create({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "shop"}}}});
  server.Listen(Type::kReplicaSet, [this](const Change& change) { OnReplicaSet(change); });
  server.Listen(Type::kJob, [this](const Change& change) { OnJob(change); });
  server.Listen(Type::kEvent, [this](const Change& change) { OnEvent(change); });
  server.Listen(Type::kRollout, [this](const Change& change) { OnRollout(change); });
}

Stage::~Stage() = default;

Json Stage::Demo(int replicas, Json canary) const {
  Json demo = Json::parse(R"({
    "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
    "metadata": {"name": "demo", "namespace": "shop", "labels": {"release-id": "v1"}},
    "spec": {
      "selector": {"matchLabels": {"app": "demo"}},
      "template": {
        "metadata": {"labels": {"app": "demo", "version": "v1"}},
        "spec": {"containers": [{"name": "demo", "image": "demo:v1"}]}}}})");
  demo["spec"]["replicas"] = replicas;
  demo["spec"]["strategy"]["canary"] = std::move(canary);
  return demo;
}

Json Stage::GateTemplate() const {
  return Json::parse(R"({
    "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
    "metadata": {"name": "gate", "namespace": "shop"},
    "spec": {
      "args": [{"name": "release-id"}],
      "metrics": [{
        "name": "evidence", "count": 1,
        "provider": {"job": {"spec": {
          "backoffLimit": 0,
          "template": {"spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "gate", "args": ["--release={{args.release-id}}"]}]}}}}}}]}})");
}

Json Stage::GatedCanary() {
  Json canary = Json::parse(R"({
    "maxSurge": "25%", "maxUnavailable": "25%",
    "steps": [{"setWeight": 20}, null, {"setWeight": 50}, null]})");
  canary["steps"][1] = canary["steps"][3] = Json::parse(R"({"analysis": {
    "templates": [{"templateName": "gate"}],
    "args": [{"name": "release-id",
              "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['release-id']"}}}]}})");
  return canary;
}

void Stage::InProcess(const std::string& name,
                      const std::function<void(gate::KubeApi&, gate::Runtime&)>& body) {
  ApiWeather weather;
  Process process(world, name);
  SimRuntime runtime(process);
  SimKube kube(process, server, weather, {}, name);
  bool done = false;
  const auto fiber = world.fibers().Start(process, [&] {
    body(kube, runtime);
    done = true;
  });
  RunUntil([&] { return done; });
}

void Stage::Create(const Json& json) {
  const TypeInfo* info = FindKind(TextAt(json, "/apiVersion"), TextAt(json, "/kind"));
  ASSERT_NE(info, nullptr) << json.dump();
  auto object = FromJson(*info, json);
  ASSERT_TRUE(object) << object.error().message;
  auto created = server.Create("test", std::move(*object));
  ASSERT_TRUE(created) << created.error().message;
}

void Stage::Patch(Type type, const std::string& name, const Json& patch, WritePart part) {
  const ObjectPtr stored = server.Get(type, "shop", name);
  ASSERT_NE(stored, nullptr) << name;
  Json json = ToJson(*stored);
  json.merge_patch(patch);
  auto next = FromJson(InfoOf(type), json);
  ASSERT_TRUE(next) << next.error().message;
  next->meta.resource_version = 0;
  auto updated = server.Update("test", std::move(*next), part);
  ASSERT_TRUE(updated) << updated.error().message;
}

void Stage::Release(const std::string& version) {
  Patch(Type::kRollout, "demo",
        {{"metadata", {{"labels", {{"release-id", version}}}}},
         {"spec",
          {{"template",
            {{"metadata", {{"labels", {{"version", version}}}}},
             {"spec", {{"containers", {{{"name", "demo"}, {"image", "demo:" + version}}}}}}}}}}});
}

Json Stage::Get(Type type, const std::string& name) const {
  const ObjectPtr object = server.Get(type, "shop", name);
  return object ? ToJson(*object) : Json();
}

void Stage::RunUntil(const std::function<bool()>& done, gate::Nanos limit) {
  const World::Ended ended = world.Run(world.Now() + limit, done, kMostEvents);
  ASSERT_TRUE(ended == World::Ended::kDone) << "still " << Phase() << " at step " << Step() << "\n"
                                            << Describe(phases) << Describe(event_messages);
}

void Stage::RunFor(gate::Nanos time) {
  const World::Ended ended = world.Run(
      world.Now() + time, [] { return false; }, kMostEvents);
  ASSERT_TRUE(ended == World::Ended::kTime || ended == World::Ended::kIdle);
}

void Stage::DeployFirst(int replicas, const Json& canary) {
  if (!server.Get(Type::kAnalysisTemplate, "shop", "gate")) Create(GateTemplate());
  Create(Demo(replicas, canary));
  argo.Start();
  RunUntil([this] { return Phase() == "Healthy"; });
  RunFor(std::chrono::seconds(1));
  events.clear();
  event_messages.clear();
  phases.clear();
  least_available = AvailablePods();
  most_pods = Pods();
}

std::string Stage::Phase() const {
  const ObjectPtr object = server.Get(Type::kRollout, "shop", "demo");
  if (!object || Status("/observedGeneration") != std::to_string(object->meta.generation)) {
    return "not observed";
  }
  const std::string message = Status("/message");
  return Status("/phase") + (message.empty() ? "" : ": " + message);
}

std::string Stage::Status(const char* pointer) const {
  const ObjectPtr object = server.Get(Type::kRollout, "shop", "demo");
  return object ? TextAt(StatusOf(*object), pointer) : "";
}

int Stage::Step() const {
  const std::string text = Status("/currentStepIndex");
  return text.empty() ? -1 : std::stoi(text);
}

Stage::Set Stage::SetOf(const std::string& version) const {
  for (const ObjectPtr& object : server.List(Type::kReplicaSet, "shop")) {
    if (object->meta.Label("version") != version) continue;
    return {static_cast<int>(gate::JsonInt(SpecOf(*object), "/replicas")),
            static_cast<int>(gate::JsonInt(StatusOf(*object), "/availableReplicas"))};
  }
  return {};
}

std::map<std::string, std::string> Stage::Runs() const {
  std::map<std::string, std::string> runs;
  for (const ObjectPtr& object : server.List(Type::kAnalysisRun, "shop")) {
    // Without the hash: demo-<hash>-2-1 becomes 2-1.
    const std::string& name = object->meta.name;
    runs[name.substr(name.find('-', name.find('-') + 1) + 1)] =
        gate::JsonString(StatusOf(*object), "/phase");
  }
  return runs;
}

int Stage::AvailablePods() const {
  std::int64_t available = 0;
  for (const ObjectPtr& object : server.List(Type::kReplicaSet, "shop")) {
    available += gate::JsonInt(StatusOf(*object), "/availableReplicas");
  }
  return static_cast<int>(available);
}

int Stage::Pods() const {
  std::int64_t pods = 0;
  for (const ObjectPtr& object : server.List(Type::kReplicaSet, "shop")) {
    pods += gate::JsonInt(SpecOf(*object), "/replicas");
  }
  return static_cast<int>(pods);
}

// --- The stand-ins ------------------------------------------------------------------------------

void Stage::OnReplicaSet(const Change& change) {
  if (change.type != gate::KubeEventType::kDeleted) {
    const bool same_spec = change.before && SpecOf(*change.before) == SpecOf(*change.after);
    if (!same_spec) {
      const std::string name = change.after->meta.name;
      const std::int64_t pods = gate::JsonInt(SpecOf(*change.after), "/replicas");
      world.After(std::chrono::milliseconds(5), Rank::kProcess,
                  [this, name] { UpdateSet(name, 0); });
      world.After(pod_time, Rank::kProcess, [this, name, pods] { UpdateSet(name, pods); });
    }
  }
  // The change is committed: what all of them have now.
  world.After(gate::Nanos(0), Rank::kFault, [this] {
    least_available = std::min(least_available, AvailablePods());
    most_pods = std::max(most_pods, Pods());
  });
}

void Stage::UpdateSet(const std::string& name, std::int64_t pods_up) {
  const ObjectPtr stored = server.Get(Type::kReplicaSet, "shop", name);
  if (!stored) return;
  const std::int64_t wanted = gate::JsonInt(SpecOf(*stored), "/replicas");
  const bool broken = stored->meta.Label("version") == broken_version;
  const std::int64_t now = gate::JsonInt(StatusOf(*stored), "/availableReplicas");
  const std::int64_t available = broken ? 0 : std::min(wanted, std::max(now, pods_up));
  Object next = *stored;
  next.status = Share({{"replicas", wanted},
                       {"readyReplicas", available},
                       {"availableReplicas", available},
                       {"observedGeneration", stored->meta.generation}});
  auto updated = server.Update("replica-sets", std::move(next), WritePart::kStatus);
  EXPECT_TRUE(updated);
}

void Stage::OnJob(const Change& change) {
  if (change.type != gate::KubeEventType::kAdded) return;
  const auto index = std::min(static_cast<std::size_t>(jobs_created), job_ends.size() - 1);
  ++jobs_created;
  const JobEnd end = job_ends[index];
  if (!end.after) return;
  const std::string name = change.after->meta.name;
  world.After(*end.after, Rank::kProcess, [this, name, end] { EndJob(name, end.succeeds); });
}

void Stage::EndJob(const std::string& name, bool succeeds) {
  const ObjectPtr stored = server.Get(Type::kJob, "shop", name);
  if (!stored) return;
  Object next = *stored;
  next.status =
      Share({{"conditions", {{{"type", succeeds ? "Complete" : "Failed"}, {"status", "True"}}}}});
  auto updated = server.Update("jobs", std::move(next), WritePart::kStatus);
  EXPECT_TRUE(updated);
}

void Stage::Send(WebRequest request, Done done) {
  const std::size_t index = std::min(web_requests.size(), web_answers.size() - 1);
  web_requests.push_back(std::move(request));
  const auto answer = web_answers.empty() ? std::nullopt : web_answers[index];
  if (!answer) return;
  world.After(web_time, Rank::kProcess, [done = std::move(done), answer] { done(*answer); });
}

void Stage::OnEvent(const Change& change) {
  if (change.type == gate::KubeEventType::kDeleted) return;
  const Json& event = RestOf(*change.after);
  events.push_back(gate::JsonString(event, "/reason"));
  event_messages.push_back(gate::JsonString(event, "/reason") + ": " +
                           gate::JsonString(event, "/message"));
}

void Stage::OnRollout(const Change& change) {
  const Json& status = StatusOf(*change.after);
  const std::string message = gate::JsonString(status, "/message");
  const std::string phase =
      gate::JsonString(status, "/phase") + (message.empty() ? "" : ": " + message);
  if (phases.empty() || phases.back() != phase) phases.push_back(phase);
}

std::string Describe(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

}  // namespace drill::sim
