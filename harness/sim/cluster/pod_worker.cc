#include "harness/sim/cluster/pod_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/sim/cluster/controller.h"

namespace drill::sim {
namespace {

using State = PodFacts::Container::State;

// The kubelet's back-off of restarts and of image pulls.
constexpr gate::Nanos kFirstBackoff = std::chrono::seconds(10);
constexpr gate::Nanos kLongestBackoff = std::chrono::minutes(5);
// What happened longer ago is forgotten.
constexpr gate::Nanos kBackoffForgotten = 2 * kLongestBackoff;

constexpr int kExitKilled = 137;   // 128 + SIGKILL
constexpr int kExitUnknown = 255;  // how it ended was not seen

gate::Nanos NextBackoff(gate::Nanos backoff) {
  return backoff.count() == 0 ? kFirstBackoff : std::min(2 * backoff, kLongestBackoff);
}

std::string PodWords(const Object& pod) {
  return fmt::format("{}_{}({})", pod.meta.name, pod.meta.ns, pod.meta.uid);
}

}  // namespace

PodWorker::PodWorker(Node& node, ObjectPtr pod)
    : node_(node),
      pod_(std::move(pod)),
      plan_(node.plans.Of(pod_->spec)),
      containers_(plan_->containers.size()) {
  const WallSeconds now = node_.WallNow();
  facts_.scheduled = now;
  facts_.started = now;
  facts_.ready_since = now;
  facts_.containers.resize(plan_->containers.size());
  volumes_ = std::make_shared<PodVolumes>(plan_, pod_->meta.ns);
  if (pod_->meta.deleted) {
    BeginDeletion();
    return;
  }
  Publish(node_.options.first_status);
  mount_ = node_.world.After(SlowedStart(), Rank::kController, [this] { MountVolumes(); });
}

PodWorker::~PodWorker() { CancelAll(); }

void PodWorker::CancelAll() {
  for (const World::Timer timer : {mount_, publish_, kill_, removal_, refresh_}) {
    node_.world.Cancel(timer);
  }
  for (const Running& container : containers_) {
    node_.world.Cancel(container.next);
    node_.world.Cancel(container.probe);
  }
  publishing_ = false;
  refreshing_ = false;
  removing_ = false;
}

void PodWorker::Saw(ObjectPtr pod) {
  const auto grace_before = pod_->meta.deletion_grace_seconds;
  pod_ = std::move(pod);
  if (!pod_->meta.deleted) return;
  if (!deleting_) {
    BeginDeletion();
  } else if (pod_->meta.deletion_grace_seconds < grace_before) {
    KillAfter(pod_->meta.deletion_grace_seconds.value_or(0));
  }
}

void PodWorker::SawSource(const Object& source) {
  if (refreshing_ || !mounted_ || !volumes_->Uses(source)) return;
  refreshing_ = true;
  refresh_ = node_.world.After(node_.options.refresh.Draw(node_.rng), Rank::kController, [this] {
    refreshing_ = false;
    volumes_->Refresh(node_.server);
  });
}

gate::Nanos PodWorker::SlowedStart() {
  return node_.options.start.Draw(node_.rng) * node_.faults.slowness_percent / 100;
}

// --- Starting

void PodWorker::MountVolumes() {
  if (const auto missing = volumes_->MountAll(node_.server)) {
    node_.events.Warn(*pod_, "FailedMount", *missing);
    Publish(gate::Nanos(0));
    constexpr gate::Nanos kFirst = std::chrono::milliseconds(500);
    constexpr gate::Nanos kLongest = std::chrono::seconds(122);
    mount_backoff_ = mount_backoff_.count() == 0 ? kFirst : std::min(2 * mount_backoff_, kLongest);
    mount_ = node_.world.After(mount_backoff_, Rank::kController, [this] { MountVolumes(); });
    return;
  }
  mounted_ = true;
  for (std::size_t i = 0; i < containers_.size(); ++i) StartContainer(i);
}

bool PodWorker::crashing() const {
  const auto& crashing = node_.faults.crashing;
  return std::any_of(crashing.begin(), crashing.end(),
                     [this](const PodSelector& selector) { return selector.Matches(*pod_); });
}

void PodWorker::StartContainer(std::size_t index) {
  const std::string& image = PlanOf(index).image;
  const auto& failing = node_.faults.failing_images;
  const bool fails = std::any_of(failing.begin(), failing.end(), [&](const std::string& prefix) {
    return image.starts_with(prefix);
  });
  if (fails || node_.runtime.ImageOf(image) == ContainerRuntime::ImageState::kMissing) {
    PullFailed(index);
    return;
  }
  containers_[index].pull_backoff = gate::Nanos(0);
  auto env = ResolveEnv(node_.server, *pod_, PlanOf(index));
  if (!env) {
    node_.events.Warn(*pod_, "Failed", "Error: " + env.error().message);
    Wait(index, "CreateContainerConfigError", std::move(env).error().message);
    containers_[index].next =
        node_.world.After(node_.options.retry.Draw(node_.rng), Rank::kController,
                          [this, index] { StartContainer(index); });
    return;
  }
  Run(index, *std::move(env));
}

void PodWorker::PullFailed(std::size_t index) {
  const std::string& image = PlanOf(index).image;
  const std::string error = fmt::format(
      "failed to pull and unpack image \"{0}\": failed to resolve reference \"{0}\": {0}: not "
      "found",
      image);
  node_.events.Warn(*pod_, "Failed", fmt::format("Failed to pull image \"{}\": {}", image, error));
  Wait(index, "ErrImagePull", error);
  Running& container = containers_[index];
  container.pull_backoff = NextBackoff(container.pull_backoff);
  // The error is shown until the kubelet comes round again and finds that it has to wait.
  const gate::Nanos shown = std::min(node_.options.pull_error.Draw(node_.rng), kFirstBackoff / 2);
  container.next = node_.world.After(shown, Rank::kController, [this, index, shown, error] {
    const std::string& name = PlanOf(index).image;
    const std::string message = fmt::format("Back-off pulling image \"{}\"", name);
    node_.events.Warn(*pod_, "BackOff", message);
    Wait(index, "ImagePullBackOff", message + ": ErrImagePull: " + error);
    containers_[index].next =
        node_.world.After(containers_[index].pull_backoff - shown, Rank::kController,
                          [this, index] { StartContainer(index); });
  });
}

void PodWorker::Wait(std::size_t index, std::string reason, std::string message) {
  PodFacts::Container& facts = facts_.containers[index];
  facts.state = State::kWaiting;
  facts.reason = std::move(reason);
  facts.message = std::move(message);
  UpdatePhase();
  Publish(gate::Nanos(0));
}

void PodWorker::Run(std::size_t index, std::map<std::string, std::string> env) {
  const PodPlan::Container& plan = PlanOf(index);
  ContainerSpec spec{pod_, plan.name, plan.image, {}, {}, {}, nullptr};
  for (const std::string& word : plan.command) spec.command.push_back(ExpandVariables(word, env));
  for (const std::string& word : plan.args) spec.args.push_back(ExpandVariables(word, env));
  spec.env = std::move(env);
  spec.files = std::make_shared<MountedFiles>(volumes_, plan_, index);

  Running& container = containers_[index];
  PodFacts::Container& facts = facts_.containers[index];
  facts.state = State::kRunning;
  facts.started = node_.WallNow();
  container.token = std::make_shared<Token>();
  container.probes = 0;
  container.process = node_.runtime.Start(spec, EventsFor(index));
  const gate::Nanos noticed = node_.options.notice.Draw(node_.rng);
  if (plan.readiness) {
    // The kubelet probes for the first time when it notices that the container runs.
    container.first_probe = node_.world.Now() + std::max(noticed, plan.readiness->initial_delay);
    ExpectProbe(index);
  } else {
    SetReady(index, true);
  }
  if (crashing()) {
    container.next = node_.world.After(node_.options.crash.Draw(node_.rng), Rank::kFault,
                                       [this, index] { End(index, /*exit_code=*/1); });
  }
  UpdatePhase();
  Publish(noticed);  // after the probe of the same instant
}

ContainerEvents PodWorker::EventsFor(std::size_t index) {
  const std::weak_ptr<Token> token = containers_[index].token;
  World& world = node_.world;
  return {[this, &world, token, index](int exit_code) {
            world.After(gate::Nanos(0), Rank::kController, [this, token, index, exit_code] {
              if (!token.expired()) End(index, exit_code);
            });
          },
          [this, &world, token, index] {
            world.After(gate::Nanos(0), Rank::kController, [this, token, index] {
              if (!token.expired()) ExpectProbe(index);
            });
          }};
}

// --- Readiness

void PodWorker::ExpectProbe(std::size_t index) {
  const auto& probe = PlanOf(index).readiness;
  if (!probe) return;
  Running& container = containers_[index];
  const gate::Nanos late = node_.world.Now() - container.first_probe;
  const auto periods =
      late.count() <= 0 ? 0 : (late + probe->period - gate::Nanos(1)) / probe->period;
  node_.world.Cancel(container.probe);
  container.probe = node_.world.At(container.first_probe + periods * probe->period,
                                   Rank::kController, [this, index] { Probe(index); });
}

void PodWorker::Probe(std::size_t index) {
  Running& container = containers_[index];
  const PodPlan::Probe& probe = *PlanOf(index).readiness;
  const bool ready = container.process->ready();
  if (ready == facts_.containers[index].ready) {
    container.probes = 0;
    return;  // until it changes
  }
  ++container.probes;
  if (container.probes < (ready ? probe.success_threshold : probe.failure_threshold)) {
    container.probe =
        node_.world.After(probe.period, Rank::kController, [this, index] { Probe(index); });
    return;
  }
  container.probes = 0;
  SetReady(index, ready);
  Publish(gate::Nanos(0));
}

void PodWorker::SetReady(std::size_t index, bool ready) {
  facts_.containers[index].ready = ready;
  const bool all =
      std::all_of(facts_.containers.begin(), facts_.containers.end(),
                  [](const PodFacts::Container& container) { return container.ready; });
  if (all == facts_.ready) return;
  facts_.ready = all;
  facts_.ready_since = node_.WallNow();
}

// --- Ending

bool PodWorker::AnyRunning() const {
  return std::any_of(containers_.begin(), containers_.end(),
                     [](const Running& container) { return container.process != nullptr; });
}

bool PodWorker::WillRestart(int exit_code) const {
  if (deleting_) return false;
  switch (plan_->restart_policy) {
    case PodPlan::RestartPolicy::kAlways:
      return true;
    case PodPlan::RestartPolicy::kOnFailure:
      return exit_code != 0;
    case PodPlan::RestartPolicy::kNever:
      return false;
  }
  return false;
}

void PodWorker::Exited(std::size_t index, int exit_code) {
  Running& container = containers_[index];
  container.process.reset();
  container.token.reset();
  node_.world.Cancel(container.next);
  node_.world.Cancel(container.probe);
  PodFacts::Container& facts = facts_.containers[index];
  facts.exit = ContainerExit{exit_code, facts.started, node_.WallNow()};
  facts.state = State::kTerminated;
  SetReady(index, false);
}

void PodWorker::End(std::size_t index, int exit_code) {
  Exited(index, exit_code);
  if (WillRestart(exit_code)) PlanRestart(index);
  UpdatePhase();
  if (deleting_) {
    MaybeRemove();
  } else {
    Publish(node_.options.notice.Draw(node_.rng));
  }
}

void PodWorker::PlanRestart(std::size_t index) {
  Running& container = containers_[index];
  const gate::Instant now = node_.world.Now();
  const bool forgotten = now - container.crash_backoff_since > kBackoffForgotten;
  if (container.crash_backoff.count() == 0 || forgotten) {
    container.crash_backoff = gate::Nanos(0);
    container.next = node_.world.After(node_.options.notice.Draw(node_.rng), Rank::kController,
                                       [this, index] { Restart(index); });
    return;
  }
  const std::string& name = PlanOf(index).name;
  node_.events.Warn(
      *pod_, "BackOff",
      fmt::format("Back-off restarting failed container {} in pod {}", name, PodWords(*pod_)));
  PodFacts::Container& facts = facts_.containers[index];
  facts.state = State::kWaiting;
  facts.reason = "CrashLoopBackOff";
  facts.message = fmt::format("back-off {} restarting failed container={} pod={}",
                              gate::FormatDuration(container.crash_backoff), name, PodWords(*pod_));
  container.next = node_.world.After(container.crash_backoff, Rank::kController,
                                     [this, index] { Restart(index); });
}

void PodWorker::Restart(std::size_t index) {
  Running& container = containers_[index];
  container.crash_backoff = NextBackoff(container.crash_backoff);
  container.crash_backoff_since = node_.world.Now();
  ++facts_.containers[index].restarts;
  StartContainer(index);
}

void PodWorker::BeginDeletion() {
  deleting_ = true;
  node_.world.Cancel(mount_);
  for (Running& container : containers_) {
    node_.world.Cancel(container.next);
    if (container.process) container.process->Terminate();
  }
  if (AnyRunning()) {
    kill_at_ = gate::Instant::max();
    KillAfter(pod_->meta.deletion_grace_seconds.value_or(0));
  } else {
    MaybeRemove();
  }
}

void PodWorker::KillAfter(std::int64_t grace_seconds) {
  const gate::Instant at = node_.world.Now() + std::chrono::seconds(grace_seconds);
  if (at >= kill_at_) return;
  node_.world.Cancel(kill_);
  kill_at_ = at;
  kill_ = node_.world.At(at, Rank::kController, [this] { Crash(kExitKilled); });
}

void PodWorker::Crash(int exit_code) {
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    if (containers_[i].process) End(i, exit_code);
  }
}

void PodWorker::MaybeRemove() {
  if (removing_ || AnyRunning()) return;
  removing_ = true;
  node_.world.Cancel(kill_);
  const bool ran =
      std::any_of(facts_.containers.begin(), facts_.containers.end(),
                  [](const PodFacts::Container& container) { return container.exit.has_value(); });
  gate::Nanos delay = node_.options.removal.Draw(node_.rng);
  if (ran) {
    UpdatePhase();
    const gate::Nanos noticed = node_.options.notice.Draw(node_.rng);
    Publish(noticed);
    delay += noticed;
  }
  removal_ = node_.world.After(delay, Rank::kController, [this] {
    // Whoever else removed it did what was to be done.
    static_cast<void>(node_.server.Delete(kKubelet, Type::kPod, pod_->meta.ns, pod_->meta.name,
                                          /*grace_seconds=*/0, pod_->meta.uid));
  });
}

void PodWorker::PowerOff() {
  CancelAll();
  for (Running& container : containers_) {
    container.process.reset();
    container.token.reset();
  }
}

void PodWorker::PowerOn() {
  published_ = nullptr;  // others may have written the status meanwhile
  if (!deleting_ && !mounted_) {
    Publish(node_.options.first_status);
    mount_ = node_.world.After(SlowedStart(), Rank::kController, [this] { MountVolumes(); });
    return;
  }
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    PodFacts::Container& facts = facts_.containers[i];
    if (facts.state == State::kRunning) Exited(i, kExitUnknown);
    const bool over = facts.state == State::kTerminated && !WillRestart(facts.exit->code);
    if (deleting_ || over) continue;
    if (facts.exit) ++facts.restarts;
    containers_[i].next =
        node_.world.After(SlowedStart(), Rank::kController, [this, i] { StartContainer(i); });
  }
  UpdatePhase();
  if (deleting_) {
    MaybeRemove();
  } else {
    PublishNow();
  }
}

// --- The status

void PodWorker::UpdatePhase() {
  bool running = false;
  bool succeeded = true;
  for (const PodFacts::Container& container : facts_.containers) {
    if (container.state == State::kWaiting && !container.exit) {
      facts_.phase = PodPhase::kPending;
      return;
    }
    running = running || container.state == State::kRunning;
    succeeded = succeeded && container.exit && container.exit->code == 0;
    if (container.state != State::kRunning && WillRestart(container.exit->code)) running = true;
  }
  facts_.phase = running     ? PodPhase::kRunning
                 : succeeded ? PodPhase::kSucceeded
                             : PodPhase::kFailed;
}

void PodWorker::Publish(gate::Nanos delay) {
  const gate::Instant at = node_.world.Now() + delay;
  if (publishing_ && publish_at_ <= at) return;
  node_.world.Cancel(publish_);
  publishing_ = true;
  publish_at_ = at;
  publish_ = node_.world.At(at, Rank::kController, [this] { PublishNow(); });
}

void PodWorker::PublishNow() {
  publishing_ = false;
  auto status = node_.statuses.Of(facts_, *plan_);
  if (status == published_) return;
  published_ = status;
  // A pod that is gone needs no status.
  static_cast<void>(WriteStatus(node_.server, kKubelet, *pod_, std::move(status)));
}

}  // namespace drill::sim
