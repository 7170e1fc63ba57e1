#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/sim/cluster/cluster.h"

namespace drill::sim {

// Runs containers that do what their image says.
class FakeRuntime : public ContainerRuntime {
 public:
  struct Behaviour {
    std::optional<gate::Nanos> ends_after;  // of itself
    int exit_code = 0;
    enum class OnTerm { kEnds, kIgnoresIt } on_term = OnTerm::kEnds;
    bool ready = true;
  };
  explicit FakeRuntime(World& world) : world_(world) {}

  ImageState ImageOf(std::string_view image) override {
    return image == "missing" ? ImageState::kMissing : ImageState::kPresent;
  }
  std::unique_ptr<Container> Start(const ContainerSpec& spec, ContainerEvents events) override;

  // Of all running containers, and of those to come with this image.
  void SetReady(const std::string& image, bool ready);

  std::map<std::string, Behaviour> behaviours;  // by image
  std::vector<ContainerSpec> started;           // all, in order
  std::vector<gate::Instant> started_at;
  int running = 0;

 private:
  class FakeContainer;
  World& world_;
  std::vector<FakeContainer*> alive_;
};

// A world with a cluster in it, and namespace "shop".
class Lab {
 public:
  explicit Lab(std::uint64_t seed = 1);

  void RunFor(gate::Nanos time);
  // Until `done`; false if that takes longer than `at_most`.
  bool RunUntil(const std::function<bool()>& done, gate::Nanos at_most);

  ObjectPtr Get(Type type, const std::string& name) const { return server.Get(type, "shop", name); }
  std::vector<ObjectPtr> Pods() const { return server.List(Type::kPod, "shop"); }
  std::vector<std::string> PodNames() const;
  // The only pod there is.
  ObjectPtr Pod() const;
  std::size_t ReadyPods() const;
  // "Reason: message" of all Events, in order of creation.
  std::vector<std::string> Events() const;
  bool HasEvent(std::string_view text) const;

  ObjectPtr Create(const gate::Json& json);
  // Merges `patch` (RFC 7396) into the spec.
  void PatchSpec(Type type, const std::string& name, const gate::Json& patch);
  void PatchRest(Type type, const std::string& name, const gate::Json& patch);
  void Delete(Type type, const std::string& name);

  World world;
  ApiServer server;
  FakeRuntime runtime;
  Cluster cluster;
  int pods_created = 0;  // ever
};

// Builders. `image` decides what happens, see FakeRuntime.
gate::Json APodSpec(const std::string& image = "app");
gate::Json AReplicaSet(int replicas, gate::Json pod_spec = APodSpec());
gate::Json AJob(gate::Json spec, gate::Json pod_spec);
gate::Json APod(gate::Json pod_spec = APodSpec());
gate::Json AConfigMap(const std::string& name, gate::Json data);
gate::Json ASecret(const std::string& name, gate::Json string_data);

// From the status.
gate::Json ConditionOf(const Object& object, const std::string& type);  // null: none
std::string WaitingReason(const Object& pod);
std::string PhaseOf(const Object& pod);
std::int64_t StatusInt(const ObjectPtr& object, const char* pointer);

}  // namespace drill::sim
