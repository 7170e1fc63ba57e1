#include "harness/sim/campaign/witness.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "harness/sim/argo/names.h"

namespace drill::sim {
namespace {

using gate::Json;
using gate::Nanos;

constexpr std::string_view kStatusConfigMap = "rollout-gate-demo";
constexpr int kKilled = 137;

bool IsReady(const Object& pod) {
  const auto conditions = StatusOf(pod).find("conditions");
  if (conditions == StatusOf(pod).end() || pod.meta.deleted) return false;
  return std::any_of(conditions->begin(), conditions->end(), [](const Json& condition) {
    return gate::JsonString(condition, "/type") == "Ready" &&
           gate::JsonString(condition, "/status") == "True";
  });
}

// A number, or a percentage of `whole`, rounded down (up for maxSurge).
enum class Round { kUp, kDown };
std::int64_t Resolve(std::string_view text, std::int64_t whole, Round round) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  if (!percent) return number;
  return (number * whole + (round == Round::kUp ? 99 : 0)) / 100;
}

}  // namespace

Witness::Witness(Simulation& simulation, const Injector& injector, const Case& one,
                 const StageWorld& stage, Judge& judge)
    : simulation_(simulation),
      world_(simulation.world()),
      injector_(injector),
      one_(one),
      judge_(judge),
      records_(judge) {
  secrets_.Add(stage.token.Reveal());
  secrets_.Add(stage.caller_token.Reveal());
  for (const SigningKeyPair* key : {&stage.good, &stage.rogue}) {
    secrets_.Add(SecretPartOfPem(key->private_pem.Reveal()));
  }
  ApiServer& server = simulation.server();
  server.Listen(Type::kRollout, [this](const Change& change) { OnRollout(change); });
  server.Listen(Type::kReplicaSet, [this](const Change& change) {
    rollout_.OnReplicaSet(*change.after, change.type != gate::KubeEventType::kDeleted);
    NoteRestored();
  });
  server.Listen(Type::kPod, [this](const Change& change) { OnPod(change); });
  server.Listen(Type::kConfigMap, [this](const Change& change) { OnStatus(change); });
  // Besides the status ConfigMap, these are what the gate writes.
  for (const Type type : {Type::kEvent, Type::kAnalysisRun}) {
    server.Listen(type, [this](const Change& change) { CheckSecrets(change); });
  }
  simulation.surroundings().on_mc_request = [this](const mock_mc::Request& request,
                                                   const mock_mc::Decision& decision) {
    records_.OnMcRequest(decision);
    receivers_.OnRequest(request, decision);
  };
  simulation.surroundings().on_gate_end = [this](const Process&, int exit_code) {
    if (exit_code != kKilled) ++gates_ended_;
  };
}

Witness::~Witness() {
  simulation_.surroundings().on_mc_request = nullptr;
  simulation_.surroundings().on_gate_end = nullptr;
}

void Witness::OnDeployed(const std::vector<GateStep>& gates) {
  gates_ = gates;
  stable_hash_ = rollout_.now().stable_hash;
  deployed_ = world_.Now();
}

void Witness::OnRollout(const Change& change) {
  if (change.type == gate::KubeEventType::kDeleted) return;
  const RolloutState::Status before = rollout_.now();
  rollout_.OnRollout(*change.after);
  if (!deployed_) return;
  const RolloutState::Status& after = rollout_.now();
  CheckGates(before, after);
  if (before.aborted && before.current_hash == after.current_hash) {
    judge_.Check(Invariant::kAbortStays, after.aborted, Now(),
                 [] { return std::string("the abort was taken back, and nobody asked for it"); });
  }
  if (after.aborted) judge_.Reach(Mark::kAborted);
  if (rollout_.Healthy() && after.stable_hash != stable_hash_) judge_.Reach(Mark::kPromoted);
  NoteRestored();
}

void Witness::CheckGates(const RolloutState::Status& before, const RolloutState::Status& after) {
  if (one_.scenario.dry_run || after.current_hash == stable_hash_) return;
  const bool promoted = after.stable_hash != before.stable_hash;
  const std::int64_t from = before.current_hash == after.current_hash ? before.step : 0;
  for (const GateStep& gate : gates_) {
    const bool passed = promoted || (from <= gate.index && gate.index < after.step);
    if (!passed) continue;
    judge_.Check(Invariant::kGateHolds,
                 records_.Passed(one_.scenario.canary_release, gate.stage, after.current_hash),
                 Now(), [&] {
                   return fmt::format("went past the gate at {} (step {} to {}{}) without a pass",
                                      gate.stage, from, after.step, promoted ? ", promoted" : "");
                 });
  }
}

void Witness::OnPod(const Change& change) {
  if (change.after->meta.Label("app") != kRolloutName) return;
  const bool exists = change.type != gate::KubeEventType::kDeleted;
  if (change.before && exists && change.before->status == change.after->status &&
      change.before->meta.deleted == change.after->meta.deleted) {
    return;
  }
  if (exists && IsReady(*change.after)) {
    ready_pods_.insert(change.after->meta.uid);
  } else if (ready_pods_.erase(change.after->meta.uid) > 0) {
    CheckAvailability();
  }
}

std::int64_t Witness::LeastAvailable() const {
  const std::int64_t replicas = rollout_.now().replicas;
  const Scenario& scenario = one_.scenario;
  std::int64_t unavailable = Resolve(scenario.max_unavailable, replicas, Round::kDown);
  if (unavailable == 0 && Resolve(scenario.max_surge, replicas, Round::kUp) == 0) unavailable = 1;
  return std::max(std::int64_t{0}, replicas - unavailable);
}

void Witness::CheckAvailability() {
  if (!deployed_ || injector_.TakesPods()) return;
  const auto ready = static_cast<std::int64_t>(ready_pods_.size());
  judge_.Check(Invariant::kAvailability, ready >= LeastAvailable(), Now(), [&] {
    return fmt::format("{} pods are ready, {} must be", ready, LeastAvailable());
  });
}

void Witness::CheckSecrets(const Change& change) {
  const Object& object = *change.after;
  // What stayed the same was looked at when it came.
  const auto is_in = [&](std::shared_ptr<const Json> Object::*part) {
    const auto& json = object.*part;
    return json && !(change.before && (*change.before).*part == json) && secrets_.IsInJson(*json);
  };
  const bool found = is_in(&Object::spec) || is_in(&Object::status) || is_in(&Object::rest) ||
                     std::any_of(object.meta.annotations.begin(), object.meta.annotations.end(),
                                 [&](const auto& each) { return secrets_.IsInText(each.second); });
  judge_.Check(Invariant::kSecretsStaySecret, !found, Now(), [&] {
    return fmt::format("a secret is in {} {}", InfoOf(object.type).kind, object.meta.name);
  });
}

void Witness::OnStatus(const Change& change) {
  if (change.after->meta.name != kStatusConfigMap) return;
  CheckSecrets(change);
  for (const Json& record : records_.OnStatus(*change.after, Now())) {
    // With its hash, what was decided becomes part of the trace, besides when.
    world_.trace().Add(gate::JsonString(record, "/hash"));
    if (!one_.scenario.dry_run) NoteRecord(record);
  }
}

void Witness::NoteRecord(const Json& record) {
  const std::string verdict = gate::JsonString(record, "/verdict");
  const std::string stage = gate::JsonString(record, "/stage");
  const std::string pod_hash = gate::JsonString(record, "/podHash");
  if (one_.scenario.gate_mode == GateMode::kService) {
    receivers_.Expect(
        fmt::format("{} at {} ({}) for {}", verdict, stage, gate::JsonString(record, "/reason"),
                    gate::JsonString(record, "/analysisRun")),
        gate::JsonString(record, "/traceId"));
  }
  if (verdict == "pass") {
    for (Refusal& refusal : refusals_) {
      refusal.overtaken |= refusal.stage == stage && refusal.canary_hash == pod_hash;
    }
  }
  if (verdict != "fail") return;
  const std::size_t index = refusals_.size();
  refusals_.push_back({world_.Now(), injector_.HeldUp(), stage, pod_hash});
  world_.After(kRollbackTime, Rank::kFault, [this, index] { CheckRefusal(index); });
  NoteRestored();  // it may be the late answer about a release that is rolled back already
}

// A controller that lost the answer to its creation of an AnalysisRun, or its end, makes another
// one; if it did not get the answer of the gate as a service, it asks again. If that passes, the
// refusal has no consequence.
bool Witness::IsExcused(const Refusal& refusal) const {
  const bool asks_by_network = one_.scenario.gate_mode == GateMode::kService;
  return refusal.overtaken &&
         (!injector_.HoldingUp(refusal.at).empty() || (asks_by_network && !one_.faults.empty()));
}

void Witness::NoteRestored() {
  for (Refusal& refusal : refusals_) {
    if (refusal.resolved || !rollout_.now().aborted || !rollout_.Restored(refusal.canary_hash)) {
      continue;
    }
    refusal.resolved = true;
    judge_.Reach(Mark::kRestored);
    if (world_.Now() - refusal.at > kRollbackTime) judge_.Reach(Mark::kRollbackHeldUp);
    judge_.Check(Invariant::kRefusalRollsBack, world_.Now() - refusal.at <= Allowed(refusal), Now(),
                 [] { return std::string("restored too late"); });
  }
}

Nanos Witness::Allowed(const Refusal& refusal) const {
  return kRollbackTime + injector_.HeldUp() - refusal.held_up;
}

void Witness::CheckRefusal(std::size_t index) {
  Refusal& refusal = refusals_[index];
  if (refusal.resolved || IsExcused(refusal)) return;
  const Nanos left = Allowed(refusal) - (world_.Now() - refusal.at);
  if (left > Nanos(0)) {
    world_.After(left, Rank::kFault, [this, index] { CheckRefusal(index); });
    return;
  }
  refusal.resolved = true;
  judge_.Check(Invariant::kRefusalRollsBack, false, Now(), [&] {
    const auto causes = injector_.HoldingUp(refusal.at);
    return fmt::format(
        "not restored {} after the refusal{}", gate::FormatDuration(world_.Now() - refusal.at),
        causes.empty() ? ""
                       : fmt::format("; it was held up for {} by {}",
                                     gate::FormatDuration(injector_.HeldUp() - refusal.held_up),
                                     fmt::join(causes, ", ")));
  });
}

bool Witness::Settled() const {
  if (!rollout_.Settled() || !rollout_.now().waits_for_people) return rollout_.Settled();
  return std::all_of(refusals_.begin(), refusals_.end(), [this](const Refusal& refusal) {
    return refusal.resolved || IsExcused(refusal);
  });
}

void Witness::FinishRefusals() {
  for (Refusal& refusal : refusals_) {
    if (refusal.resolved || !rollout_.Settled()) continue;  // if not settled, that is the failure
    const bool excused = IsExcused(refusal);
    if (excused) judge_.Reach(Mark::kRefusalOvertaken);
    judge_.Check(Invariant::kRefusalRollsBack, excused, Now(),
                 [] { return std::string("refused, but at the end it is not rolled back"); });
  }
}

void Witness::FinishTelling() {
  for (const auto& [verdict, told] : receivers_.Told()) {
    judge_.Check(Invariant::kPeopleAreTold, told, Now(),
                 [&name = verdict] { return "nobody was told of: " + name; });
  }
}

void Witness::FinishSecrets() {
  for (const auto& [pod, log] : simulation_.logs().all()) {
    const bool found = secrets_.IsInText(log);
    judge_.Check(Invariant::kSecretsStaySecret, !found, Now(),
                 [&name = pod] { return "a secret is in the log of " + name; });
  }
}

void Witness::Finish() {
  judge_.Check(Invariant::kSettles, rollout_.Settled(), Now(), [&] {
    const RolloutState::Status& now = rollout_.now();
    return fmt::format("the Rollout is {} at step {}{}{}", now.phase, now.step,
                       now.observed ? "" : ", its latest spec not seen",
                       now.aborted ? ", aborted" : "");
  });
  const std::size_t started = injector_.counters().gates_started;
  const std::size_t ended = gates_ended_ + simulation_.surroundings().gates_running;
  const std::size_t killed = started - std::min(started, ended);
  if (killed > 0) judge_.Reach(Mark::kGateKilled);
  if (injector_.counters().gates_crashed > 0) judge_.Reach(Mark::kGateCrashed);
  FinishRefusals();
  FinishSecrets();
  FinishTelling();
  records_.CheckLogs(simulation_.logs(), killed, Now());
  records_.CheckChain(Now());
  if (one_.faults.empty()) judge_.Reach(Mark::kWithoutFaults);
}

}  // namespace drill::sim
