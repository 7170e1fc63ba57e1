#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"
#include "harness/expect/evaluate.h"
#include "harness/scenario/fault.h"
#include "harness/scenario/scenario.h"
#include "harness/trace/trace.h"

namespace drill {

// A short phrase of what is going on now, for the live progress line.
using Progress = std::function<void(std::string_view phase)>;

// The world of one scenario: a namespace with MC, gate configuration and a healthy stable release,
// made of the objects in kind/scenario. What is done to it goes through kube() and CallMcAdmin
// (harness/runner/actions.h). Used from one thread, except for kube(). Destruction leaves nothing
// behind.
class Stage {
 public:
  virtual ~Stage() = default;

  // The time in which everything on this stage happens.
  virtual gate::Runtime& runtime() = 0;
  // Calls `body`, which may wait in that time, and returns when it has returned. An error: a
  // simulation came to no end, and `body` was abandoned in the middle.
  virtual gate::Result<void> Run(const std::function<void()>& body) {
    body();
    return {};
  }

  // The stop request to obey in that time, given that of the run. A simulated scenario, which is
  // over before anybody could stop it, has none.
  virtual std::stop_token StopFor(const std::stop_token& run) { return run; }

  // Thread-safe.
  virtual gate::KubeApi& kube() = 0;
  // The API as somebody with the right to override gates has it. Lives as long as the stage.
  virtual gate::Result<gate::KubeApi*> KubeOf(const std::string& /*person*/,
                                              const gate::Deadline& /*deadline*/) {
    return gate::Error{gate::ErrorCode::kInvalidArgument, "nobody else is on this stage"};
  }
  virtual const std::string& ns() const = 0;
  // Name of the Rollout under test.
  virtual const std::string& rollout() const = 0;

  // How far the clocks in the cluster may be from this machine's, either way; it widens every time
  // that is taken from an object. Zero where they are the same clock.
  virtual gate::Nanos clock_skew() const { return gate::Nanos(0); }

  // Creates the namespace and everything in it, and returns when the stable release is Healthy.
  virtual gate::Result<void> Prepare(const Progress& progress, const gate::Deadline& deadline) = 0;

  // Lets what has installed the Rollout deploy it anew, if that is something else than the API
  // server: `patch` (RFC 7396) is for the Rollout as it was deployed last. False: the API server
  // has.
  virtual gate::Result<bool> DeployByInstaller(const gate::Json& /*patch*/,
                                               const gate::Deadline& /*deadline*/) {
    return false;
  }

  // Sends `body` as JSON to mock-mc's admin API (docs/mock-mc.md): POST /flip, PUT /script. Errors
  // as in gate::KubeApi; an answer other than 2xx is one.
  virtual gate::Result<void> CallMcAdmin(const std::string& method, const std::string& path,
                                         const gate::Json& body,
                                         const gate::Deadline& deadline) = 0;

  // Lets a fault begin now; it ends by itself. kInvalidArgument: there is no such fault here.
  virtual gate::Result<void> Inject(const Fault& /*fault*/, const gate::Deadline& /*deadline*/) {
    return gate::Error{gate::ErrorCode::kInvalidArgument, "not possible on this backend"};
  }

  // What only the end shows: MC's journal as `mc.request` and `notice` events, the gate's audit
  // lines as `audit` events, and `fault` events. Times are the sources' own.
  virtual gate::Result<Trace> Collect(const gate::Deadline& deadline) = 0;

  // Deletes what Prepare created. Called once, also after failures.
  virtual gate::Result<void> Remove(const gate::Deadline& deadline) = 0;

  // After Run: the hash of everything that happened, the same for the same seed, as hexadecimal
  // digits. Empty where no two runs are the same.
  virtual std::string trace_hash() { return ""; }
};

// How a scenario with `replay` went.
struct Replayed {
  Trace trace;  // ordered by `at`
  Ending ending;
  gate::WallTime started;
  gate::Nanos duration{0};
  std::string trace_hash;
};

// Where scenarios are played: sim, kind, cluster.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;

  // Brings the backend up; on an error nothing is left behind. The facts (versions, image ids) go
  // into the report's environment section.
  virtual gate::Result<gate::Json> Start(const Progress& progress,
                                         const gate::Deadline& deadline) = 0;

  // `scenario` must outlive the stage. Thread-safe.
  virtual std::unique_ptr<Stage> NewStage(const Scenario& scenario) = 0;

  // Plays a scenario that has `replay`, from beginning to end. An error: it could not be played.
  // Thread-safe.
  virtual gate::Result<Replayed> Replay(const Scenario& /*scenario*/) {
    return gate::Error{gate::ErrorCode::kInvalidArgument,
                       "a run of a campaign can be replayed only in the simulator"};
  }

  // Takes down what Start brought up (unless told to keep it). Called once, also after failures.
  virtual gate::Result<void> Stop(const gate::Deadline& deadline) = 0;
};

}  // namespace drill
