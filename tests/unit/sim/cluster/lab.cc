#include "tests/unit/sim/cluster/lab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace drill::sim {

using gate::Json;
using gate::JsonString;

class FakeRuntime::FakeContainer : public Container {
 public:
  FakeContainer(FakeRuntime& runtime, std::string image, const Behaviour& behaviour,
                ContainerEvents events)
      : runtime_(runtime),
        image_(std::move(image)),
        behaviour_(behaviour),
        events_(std::move(events)) {
    ++runtime_.running;
    runtime_.alive_.push_back(this);
    if (behaviour_.ends_after) EndAfter(*behaviour_.ends_after);
  }
  ~FakeContainer() override {
    --runtime_.running;
    std::erase(runtime_.alive_, this);
    runtime_.world_.Cancel(end_);
  }

  bool ready() const override { return behaviour_.ready; }
  void Terminate() override {
    if (behaviour_.on_term == Behaviour::OnTerm::kEnds) EndAfter(std::chrono::milliseconds(1));
  }
  const std::string& image() const { return image_; }
  void SetReady(bool ready) {
    behaviour_.ready = ready;
    events_.readiness_changed();
  }

 private:
  void EndAfter(gate::Nanos time) {
    runtime_.world_.Cancel(end_);
    end_ = runtime_.world_.After(time, Rank::kProcess,
                                 [this] { events_.exited(behaviour_.exit_code); });
  }

  FakeRuntime& runtime_;
  const std::string image_;
  Behaviour behaviour_;
  const ContainerEvents events_;
  World::Timer end_;
};

std::unique_ptr<Container> FakeRuntime::Start(const ContainerSpec& spec, ContainerEvents events) {
  started.push_back(spec);
  started_at.push_back(world_.Now());
  return std::make_unique<FakeContainer>(*this, spec.image, behaviours[spec.image],
                                         std::move(events));
}

void FakeRuntime::SetReady(const std::string& image, bool ready) {
  behaviours[image].ready = ready;
  for (FakeContainer* container : alive_) {
    if (container->image() == image) container->SetReady(ready);
  }
}

namespace {

World::Options OptionsFor(std::uint64_t seed) {
  World::Options options;
  options.seed = seed;
  // Not at a whole second: the API's times are rounded down.
  options.epoch = *gate::ParseRfc3339("2026-03-01T10:00:00.7Z");
  return options;
}

}  // namespace

Lab::Lab(std::uint64_t seed)
    : world(OptionsFor(seed)), server(world), runtime(world), cluster(world, server, runtime, {}) {
  server.Listen(Type::kPod, [this](const Change& change) {
    if (change.type == gate::KubeEventType::kAdded) ++pods_created;
  });
  Object ns{Type::kNamespace, {}, nullptr, nullptr, nullptr};
  ns.meta.name = "shop";
  EXPECT_TRUE(server.Create("test", std::move(ns)));
  cluster.Start();
}

void Lab::RunFor(gate::Nanos time) {
  constexpr std::uint64_t kMost = 200'000;
  const World::Ended ended = world.Run(world.Now() + time, nullptr, kMost);
  ASSERT_NE(ended, World::Ended::kTooMany);
  if (ended == World::Ended::kIdle) {  // the clock goes on all the same
    world.After(time, Rank::kFault, [] {});
    world.Run(world.Now() + time, nullptr, kMost);
  }
}

bool Lab::RunUntil(const std::function<bool()>& done, gate::Nanos at_most) {
  constexpr std::uint64_t kMost = 200'000;
  return world.Run(world.Now() + at_most, done, kMost) == World::Ended::kDone;
}

std::vector<std::string> Lab::PodNames() const {
  std::vector<std::string> names;
  for (const ObjectPtr& pod : Pods()) names.push_back(pod->meta.name);
  return names;
}

ObjectPtr Lab::Pod() const {
  const auto pods = Pods();
  EXPECT_EQ(pods.size(), 1U);
  return pods.size() == 1 ? pods.front() : nullptr;
}

std::size_t Lab::ReadyPods() const {
  const auto pods = Pods();
  return static_cast<std::size_t>(std::count_if(
      pods.begin(), pods.end(), [](const ObjectPtr& pod) { return ReadPod(pod).ready; }));
}

std::vector<std::string> Lab::Events() const {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  for (const ObjectPtr& event : server.List(Type::kEvent, "shop")) {
    found.emplace_back(event->meta.resource_version, JsonString(RestOf(*event), "/reason") + ": " +
                                                         JsonString(RestOf(*event), "/message"));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> texts;
  for (auto& [version, text] : found) texts.push_back(std::move(text));
  return texts;
}

bool Lab::HasEvent(std::string_view text) const {
  const auto events = Events();
  return std::any_of(events.begin(), events.end(), [&](const std::string& event) {
    return event.find(text) != std::string::npos;
  });
}

ObjectPtr Lab::Create(const Json& json) {
  const TypeInfo* info = FindKind(JsonString(json, "/apiVersion"), JsonString(json, "/kind"));
  EXPECT_NE(info, nullptr);
  auto object = FromJson(*info, json);
  EXPECT_TRUE(object);
  object->meta.ns = "shop";
  auto created = server.Create("test", *std::move(object));
  EXPECT_TRUE(created) << created.error().message;
  return *created;
}

void Lab::PatchSpec(Type type, const std::string& name, const Json& patch) {
  Object next = *Get(type, name);
  Json spec = SpecOf(next);
  spec.merge_patch(patch);
  next.spec = Share(std::move(spec));
  EXPECT_TRUE(server.Update("test", std::move(next), WritePart::kMain));
}

void Lab::PatchRest(Type type, const std::string& name, const Json& patch) {
  Object next = *Get(type, name);
  Json rest = RestOf(next);
  rest.merge_patch(patch);
  next.rest = Share(std::move(rest));
  EXPECT_TRUE(server.Update("test", std::move(next), WritePart::kMain));
}

void Lab::Delete(Type type, const std::string& name) {
  EXPECT_TRUE(server.Delete("test", type, "shop", name));
}

Json APodSpec(const std::string& image) {
  return {
      {"terminationGracePeriodSeconds", 5},
      {"containers",
       Json::array({{{"name", "main"},
                     {"image", image},
                     {"readinessProbe", {{"httpGet", {{"path", "/"}}}, {"periodSeconds", 1}}}}})}};
}

Json AReplicaSet(int replicas, Json pod_spec) {
  const Json labels = {{"app", "demo"}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "ReplicaSet"},
          {"metadata", {{"name", "demo"}}},
          {"spec",
           {{"replicas", replicas},
            {"selector", {{"matchLabels", labels}}},
            {"template", {{"metadata", {{"labels", labels}}}, {"spec", std::move(pod_spec)}}}}}};
}

Json AJob(Json spec, Json pod_spec) {
  if (!pod_spec.contains("restartPolicy")) pod_spec["restartPolicy"] = "Never";
  spec["template"] = {{"metadata", {{"labels", {{"app", "gate"}}}}}, {"spec", std::move(pod_spec)}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", "check"}}},
          {"spec", std::move(spec)}};
}

Json APod(Json pod_spec) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", "single"}, {"labels", {{"app", "demo"}}}}},
          {"spec", std::move(pod_spec)}};
}

Json AConfigMap(const std::string& name, Json data) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", name}}},
          {"data", std::move(data)}};
}

Json ASecret(const std::string& name, Json string_data) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", {{"name", name}}},
          {"stringData", std::move(string_data)}};
}

Json ConditionOf(const Object& object, const std::string& type) {
  const Json& status = StatusOf(object);
  if (!status.contains("conditions")) return nullptr;
  for (const Json& condition : status["conditions"]) {
    if (JsonString(condition, "/type") == type) return condition;
  }
  return nullptr;
}

std::string WaitingReason(const Object& pod) {
  return JsonString(StatusOf(pod), "/containerStatuses/0/state/waiting/reason");
}

std::string PhaseOf(const Object& pod) { return JsonString(StatusOf(pod), "/phase"); }

std::int64_t StatusInt(const ObjectPtr& object, const char* pointer) {
  return object ? gate::JsonInt(StatusOf(*object), pointer) : -1;
}

}  // namespace drill::sim
