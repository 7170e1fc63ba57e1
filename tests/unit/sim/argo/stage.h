#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"
#include "harness/sim/argo/argo_controller.h"

namespace drill::sim {

// A world with an Argo Rollouts controller and stand-ins for what it needs around it: ReplicaSets
// whose pods become available after a while, Jobs that end as a test says.
class Stage : public WebTransport {
 public:
  explicit Stage(ArgoOptions options = {});
  ~Stage() override;

  // A Rollout "demo" of release "v1" in namespace "shop": `replicas` and `canary` as given.
  gate::Json Demo(int replicas, gate::Json canary) const;
  // An AnalysisTemplate "gate" with one metric "evidence" whose provider is a Job.
  gate::Json GateTemplate() const;
  // The canary strategy of the drills: 20 %, gate, 50 %, gate.
  static gate::Json GatedCanary();

  void Create(const gate::Json& object);
  // A merge patch.
  void Patch(Type type, const std::string& name, const gate::Json& patch,
             WritePart part = WritePart::kMain);
  void Release(const std::string& version);  // changes the template's label and image
  gate::Json Get(Type type, const std::string& name) const;  // null if absent

  // A program of its own, `name`, that talks to the API server: returns when `body` has.
  void InProcess(const std::string& name,
                 const std::function<void(gate::KubeApi& kube, gate::Runtime& runtime)>& body);
  // Runs until `done`; fails the test if it takes longer than `limit` of the world's time.
  void RunUntil(const std::function<bool()>& done, gate::Nanos limit = std::chrono::minutes(30));
  void RunFor(gate::Nanos time);
  // Deploys version v1 and waits until it is healthy.
  void DeployFirst(int replicas, const gate::Json& canary);

  // "Progressing: more replicas need to be updated"; "not observed" while the status is of an
  // earlier generation.
  std::string Phase() const;
  std::string Status(const char* pointer) const;  // of demo, as text; "" if absent
  int Step() const;                               // -1: none
  // The ReplicaSet of a version.
  struct Set {
    int spec = -1;  // -1: there is none
    int available = 0;
  };
  Set SetOf(const std::string& version) const;
  // Phases of the AnalysisRuns by name.
  std::map<std::string, std::string> Runs() const;
  int AvailablePods() const;
  int Pods() const;  // wanted by all sets

  World world;
  ApiServer server;
  WatchLink link;
  ArgoController argo;

  gate::Nanos pod_time = std::chrono::seconds(3);
  std::string broken_version;  // its pods never become available
  // When and how Jobs end, in the order of their creation; the last one goes for all later ones.
  struct JobEnd {
    std::optional<gate::Nanos> after;  // nothing: never
    bool succeeds = true;
  };
  std::vector<JobEnd> job_ends{{std::chrono::seconds(5), true}};
  int jobs_created = 0;
  // Answers of the web, in order; the last goes for all later ones. Nothing: no answer ever.
  std::vector<std::optional<WebResponse>> web_answers;
  std::vector<WebRequest> web_requests;
  gate::Nanos web_time = std::chrono::milliseconds(50);

  // What happened: reasons of the Events about demo and its runs, "Reason" or "2 x Reason"'s
  // repeats listed again; phases of demo as they changed; steps as they changed.
  std::vector<std::string> events;
  std::vector<std::string> event_messages;
  std::vector<std::string> phases;
  int least_available = 1 << 20;  // over all time since the last reset
  int most_pods = 0;

 private:
  void Send(WebRequest request, Done done) override;
  void OnReplicaSet(const Change& change);
  void OnJob(const Change& change);
  void OnEvent(const Change& change);
  void OnRollout(const Change& change);
  // At least `pods_up` pods have had the time to become available.
  void UpdateSet(const std::string& name, std::int64_t pods_up);
  void EndJob(const std::string& name, bool succeeds);
};

std::string Describe(const std::vector<std::string>& lines);

}  // namespace drill::sim
