#include "harness/sim/argo/argo_controller.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "harness/sim/argo/analysis_controller.h"
#include "harness/sim/argo/names.h"
#include "harness/sim/argo/rollout_controller.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim {
namespace {

bool IsFinished(const Object& job) {
  for (const gate::Json& condition : Member(StatusOf(job), "conditions")) {
    const std::string type = TextOf(condition, "type");
    if (type == "Complete" || type == "Failed") return true;
  }
  return false;
}

}  // namespace

struct ArgoController::Parts {
  Parts(World& in_world, ApiServer& in_server, WatchLink& link, WebTransport* web,
        const ArgoOptions& in_options)
      : world(in_world),
        server(in_server),
        options(in_options),
        rollouts(world, server, Type::kRollout, link),
        replica_sets(world, server, Type::kReplicaSet, link),
        runs(world, server, Type::kAnalysisRun, link),
        jobs(world, server, Type::kJob, link),
        templates(world, server, Type::kAnalysisTemplate, link),
        cluster_templates(world, server, Type::kClusterAnalysisTemplate, link),
        services(world, server, Type::kService, link),
        rollout_api(world, server, options.weather, "argo-rollouts/rollouts"),
        analysis_api(world, server, options.weather, "argo-rollouts/analysis"),
        events(world, server),
        router(options.router_delay),
        environment{world, options,   rollout_api,       events,  router, replica_sets,
                    runs,  templates, cluster_templates, services},
        rollout_controller(environment, rollouts),
        analysis_controller(world, server, analysis_api, events, options, runs, jobs, web) {
    Subscribe();
    rollout_controller.Stop();
    analysis_controller.Stop();
  }
  ~Parts() { world.Cancel(resync); }

  void Subscribe();
  void EnqueueOwner(const Object& object, std::string_view kind);
  void ReportAdded(const Object& rollout);
  void EnqueueAll();
  void Resync();
  // Both do nothing if it is so already.
  void Run();
  void Halt();
  std::array<Informer*, 7> Informers() {
    return {&services, &cluster_templates, &templates, &jobs, &replica_sets, &runs, &rollouts};
  }

  World& world;
  ApiServer& server;
  const ArgoOptions options;
  bool wanted = false;  // started, and not stopped since
  bool down = false;
  bool running = false;  // wanted and not down

  World::Timer resync;
  Informer rollouts;
  Informer replica_sets;
  Informer runs;
  Informer jobs;
  Informer templates;
  Informer cluster_templates;
  Informer services;
  argo::Api rollout_api;
  argo::Api analysis_api;
  argo::EventRecorder events;
  argo::TrafficRouter router;
  const argo::RolloutEnvironment environment;
  argo::RolloutController rollout_controller;
  argo::AnalysisController analysis_controller;
};

void ArgoController::Parts::EnqueueOwner(const Object& object, std::string_view kind) {
  const OwnerReference* owner = object.meta.Controller();
  if (owner == nullptr || owner->kind != kind) return;
  const ObjectKey key{object.meta.ns, owner->name};
  if (kind == "Rollout") {
    rollout_controller.Enqueue(key);
  } else {
    analysis_controller.Enqueue(key);
  }
}

void ArgoController::Parts::ReportAdded(const Object& rollout) {
  events.Emit(
      rollout, argo::EventRecorder::Kind::kNormal, "RolloutAddedToInformer",
      fmt::format("Rollout resource added to informer: {}/{}", rollout.meta.ns, rollout.meta.name));
}

void ArgoController::Parts::Subscribe() {
  using argo::EventRecorder;
  rollouts.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    if (!running) return;
    const Object& object = after ? *after : *before;
    if (!before) ReportAdded(object);
    if (!after) {
      events.Emit(object, EventRecorder::Kind::kNormal, "RolloutDeleted",
                  fmt::format("Rollout {}/{} is deleted.", object.meta.name, object.meta.ns));
    }
    rollout_controller.Enqueue(KeyOf(object));
  });
  replica_sets.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    if (running) EnqueueOwner(after ? *after : *before, "Rollout");
  });
  runs.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    if (!running) return;
    const Object& object = after ? *after : *before;
    analysis_controller.Enqueue(KeyOf(object));
    // argo R3: the Rollout hears of new phases only.
    const auto phase = [](const ObjectPtr& run) { return TextOf(StatusOf(*run), "phase"); };
    if (!before || !after || phase(before) != phase(after)) EnqueueOwner(object, "Rollout");
  });
  jobs.Subscribe([this](const ObjectPtr& before, const ObjectPtr& after) {
    if (!running) return;
    const Object& object = after ? *after : *before;
    if (IsFinished(object)) EnqueueOwner(object, "AnalysisRun");
  });
  for (Informer* references : {&templates, &cluster_templates, &services}) {
    references->Subscribe(
        [this](const ObjectPtr&, const ObjectPtr&) { rollout_controller.ForgetValidity(); });
  }
}

void ArgoController::Parts::EnqueueAll() {
  for (const ObjectPtr& rollout : server.List(Type::kRollout, "")) {
    rollout_controller.Enqueue(KeyOf(*rollout));
  }
  for (const ObjectPtr& run : server.List(Type::kAnalysisRun, "")) {
    analysis_controller.Enqueue(KeyOf(*run));
  }
}

void ArgoController::Parts::Resync() {
  resync = world.After(options.resync, Rank::kController, [this] {
    EnqueueAll();
    Resync();
  });
}

void ArgoController::Parts::Run() {
  if (running) return;
  rollout_controller.Start();
  analysis_controller.Start();
  for (Informer* informer : Informers()) informer->Relist();
  running = true;
  // To a new process everything is new.
  for (const ObjectPtr& rollout : server.List(Type::kRollout, "")) ReportAdded(*rollout);
  EnqueueAll();
  Resync();
}

void ArgoController::Parts::Halt() {
  if (!running) return;
  running = false;
  world.Cancel(resync);
  rollout_controller.Stop();
  analysis_controller.Stop();
  events.Forget();
}

ArgoController::ArgoController(World& world, ApiServer& server, WatchLink& link, WebTransport* web,
                               ArgoOptions options)
    : parts_(std::make_unique<Parts>(world, server, link, web, options)) {}

ArgoController::~ArgoController() = default;

void ArgoController::Start() {
  parts_->wanted = true;
  if (!parts_->down) parts_->Run();
}

void ArgoController::Stop() {
  parts_->wanted = false;
  parts_->Halt();
}

void ArgoController::SetDown(bool down) {
  parts_->down = down;
  if (down) {
    parts_->Halt();
  } else if (parts_->wanted) {
    parts_->Run();
  }
}

bool ArgoController::running() const { return parts_->running; }

}  // namespace drill::sim
