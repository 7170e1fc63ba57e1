#include "harness/sim/stage/argo_deployment.h"

#include <chrono>
#include <optional>
#include <utility>

#include "gate/base/check.h"
#include "harness/sim/kube/object.h"
#include "harness/sim/world/draw.h"

namespace drill::sim {

struct ArgoDeployment::Election {
  World& world;
  ArgoController* argo;  // null: gone
  gate::Rng rng;
  bool lease_exists = false;
  bool lease_renewed = false;  // the process that holds it lives
};

namespace {

using gate::Json;
using Election = ArgoDeployment::Election;

constexpr gate::Nanos kLease = std::chrono::seconds(15);
// client-go waits for 2 s and up to 1.2 times that more.
constexpr Delay kRetry{std::chrono::seconds(2), std::chrono::milliseconds(2400)};
constexpr gate::Nanos kStopTime = std::chrono::milliseconds(1);

// The process: a candidate, then the leader.
class ArgoContainer : public Container {
 public:
  ArgoContainer(std::shared_ptr<Election> election, ContainerEvents events)
      : election_(std::move(election)), events_(std::move(events)) {
    timer_ = world().After(gate::Nanos(0), Rank::kController, [this] { Try(); });
  }
  ~ArgoContainer() override {
    End();
    world().Cancel(exit_);
  }

  // Its probe does not ask who leads.
  bool ready() const override { return true; }
  void Terminate() override {
    if (ended_) return;
    End();
    exit_ = world().After(kStopTime, Rank::kProcess, [this] { events_.exited(0); });
  }

 private:
  World& world() { return election_->world; }

  // A lease that nobody has renewed for as long as it lasts, as seen from here, is free.
  void Try() {
    const gate::Instant now = world().Now();
    if (!unrenewed_since_ || election_->lease_renewed) unrenewed_since_ = now;
    if (!election_->lease_exists || now - *unrenewed_since_ > kLease) {
      Lead();
      return;
    }
    timer_ = world().After(kRetry.Draw(election_->rng), Rank::kController, [this] { Try(); });
  }

  void Lead() {
    leads_ = true;
    election_->lease_exists = true;
    election_->lease_renewed = true;
    if (election_->argo != nullptr) election_->argo->Start();
  }

  void End() {
    if (std::exchange(ended_, true)) return;
    world().Cancel(timer_);
    if (!leads_) return;
    election_->lease_renewed = false;
    if (election_->argo != nullptr) election_->argo->Stop();
  }

  const std::shared_ptr<Election> election_;
  const ContainerEvents events_;
  bool leads_ = false;
  bool ended_ = false;
  std::optional<gate::Instant> unrenewed_since_;
  World::Timer timer_;
  World::Timer exit_;
};

Json DeploymentSpec() {
  // As in the manifests of Argo Rollouts.
  const Json labels = {{"app.kubernetes.io/name", kArgoName}};
  return {{"replicas", 1},
          {"selector", {{"matchLabels", labels}}},
          {"template",
           {{"metadata", {{"labels", labels}}},
            {"spec", {{"containers", {{{"name", kArgoName}, {"image", kArgoImage}}}}}}}}};
}

}  // namespace

ArgoDeployment::ArgoDeployment(World& world, ApiServer& server, ArgoController& argo)
    : server_(server),
      election_(std::make_shared<Election>(
          Election{world, &argo, world.Stream("argo-rollouts/leader-election")})) {}

ArgoDeployment::~ArgoDeployment() { election_->argo = nullptr; }

void ArgoDeployment::Install() {
  constexpr std::string_view kWriter = "kubectl";
  Object ns{Type::kNamespace, {}, nullptr, nullptr, nullptr};
  ns.meta.name = kArgoNamespace;
  GATE_CHECK(server_.Create(kWriter, std::move(ns)).has_value());
  Object deployment{Type::kDeployment, {}, Share(DeploymentSpec()), nullptr, nullptr};
  deployment.meta.ns = kArgoNamespace;
  deployment.meta.name = kArgoName;
  GATE_CHECK(server_.Create(kWriter, std::move(deployment)).has_value());
}

std::unique_ptr<Container> ArgoDeployment::Start(ContainerEvents events) {
  return std::make_unique<ArgoContainer>(election_, std::move(events));
}

}  // namespace drill::sim
