#include "harness/sim/stage/injector.h"

#include <algorithm>
#include <utility>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "harness/kind/stage_objects.h"

namespace drill::sim {
namespace {

using gate::Instant;
using gate::Json;
using gate::Nanos;

constexpr std::string_view kWriter = "gate-drill";
constexpr const char* kTokenSecret = "mc-token";
constexpr int kKilled = 137;

std::string SecretText(const Object& secret, const char* pointer) {
  auto text = gate::Base64Decode(gate::JsonString(RestOf(secret), pointer));
  return text ? *std::move(text) : "";
}

void WriteSecret(ApiServer& server, const Object& secret, const char* key,
                 const std::string& text) {
  Json rest = RestOf(secret);
  rest["data"][key] = gate::Base64Encode(text);
  Object next = secret;
  next.rest = Share(std::move(rest));
  // It was read at this instant: nobody else can have written.
  static_cast<void>(server.Update(kWriter, std::move(next), WritePart::kMain));
}

Nanos SkewIn(const std::vector<Fault>& faults, FaultKind kind) {
  for (const Fault& fault : faults) {
    if (fault.kind == kind) return Nanos(fault.amount);
  }
  return Nanos(0);
}

}  // namespace

void SetClocks(const std::vector<Fault>& faults, Simulation::Options& options) {
  options.argo.clock_skew = SkewIn(faults, FaultKind::kArgoClockSkew);
  options.mc_clock_skew = SkewIn(faults, FaultKind::kMcClockSkew);
}

Trace FaultTrace(const Injector& injector, const World& world) {
  Trace trace;
  for (const Injector::Happened& each : injector.history()) {
    const bool began = each.what == Injector::Happened::What::kBegan;
    trace.push_back({"fault",
                     each.at,
                     world.WallNow() - (world.Now() - each.at),
                     Nanos(0),
                     {{"kind", InfoOf(each.fault.kind).name},
                      {"state", began ? "began" : "ended"},
                      {"detail", began ? DescribeUntimed(each.fault) : ""}}});
  }
  return trace;
}

Injector::Injector(Simulation& simulation, Targets targets)
    : simulation_(simulation), world_(simulation.world()), targets_(std::move(targets)) {
  counters_.started.resize(KnownFaults().size());
  simulation_.surroundings().on_gate_process = [this](Process& process) { OnGateProcess(process); };
}

Injector::~Injector() {
  simulation_.surroundings().on_gate_process = nullptr;
  for (const World::Timer timer : timers_) world_.Cancel(timer);
}

void Injector::Schedule(const std::vector<Fault>& faults, Instant zero) {
  for (const Fault& fault : faults) {
    const FaultInfo& info = InfoOf(fault.kind);
    if (IsFromTheStart(info)) {
      Start(fault);
    } else {
      timers_.push_back(world_.At(zero + fault.at, Rank::kFault, [this, fault] { Start(fault); }));
    }
  }
}

void Injector::Start(const Fault& fault) {
  const FaultInfo& info = InfoOf(fault.kind);
  if (info.parameter == FaultInfo::Parameter::kSeam) {
    crashes_.push_back({fault});  // it begins when that call comes
    return;
  }
  ++counters_.started[static_cast<std::size_t>(fault.kind)];
  Note(fault, Happened::What::kBegan);
  NoteConsequences(info, fault.length);
  if (info.extent == FaultInfo::Extent::kMoment) {
    Happen(fault);
    return;
  }
  const bool whole = info.extent == FaultInfo::Extent::kWholeRun;
  const std::size_t serial = next_serial_++;
  active_.emplace(serial, Active{fault, whole ? Instant::max() : world_.Now() + fault.length});
  if (!whole) {
    timers_.push_back(world_.After(fault.length, Rank::kFault, [this, serial] { End(serial); }));
  }
  if (fault.kind == FaultKind::kTokenDeleted) DeleteToken();
  Apply();
}

void Injector::End(std::size_t serial) {
  const FaultKind kind = active_.at(serial).fault.kind;
  Note(active_.at(serial).fault, Happened::What::kEnded);
  active_.erase(serial);
  Apply();
  // A watch that lost events breaks, and everything is listed anew.
  if (kind == FaultKind::kWatchArgoLost && simulation_.argo().running()) {
    simulation_.argo().Stop();
    simulation_.argo().Start();
  }
  if (kind == FaultKind::kWatchControllersLost) simulation_.cluster().Start();
  if (kind == FaultKind::kTokenDeleted && !IsActive(kind)) RestoreToken();
}

void Injector::NoteConsequences(const FaultInfo& info, Nanos length) {
  const Instant over = world_.Now() + length + info.aftermath;
  if (info.pods == FaultInfo::Pods::kTaken) pods_taken_until_ = std::max(pods_taken_until_, over);
  if (info.rollback != FaultInfo::Rollback::kIsHeldUp) return;
  hold_ups_.push_back({info.name, over});
  if (holding_up_++ == 0) held_up_since_ = world_.Now();
  timers_.push_back(world_.At(over, Rank::kFault, [this] { EndHoldUp(); }));
}

void Injector::EndHoldUp() {
  if (--holding_up_ == 0) held_up_ += world_.Now() - held_up_since_;
}

Nanos Injector::HeldUp() const {
  return held_up_ + (holding_up_ > 0 ? world_.Now() - held_up_since_ : Nanos(0));
}

std::vector<std::string> Injector::HoldingUp(Instant since) const {
  std::vector<std::string> names;
  for (const HoldUp& each : hold_ups_) {
    if (each.until > since) names.emplace_back(each.name);
  }
  return names;
}

Instant Injector::Until(FaultKind kind) const {
  Instant until;
  for (const auto& [serial, active] : active_) {
    if (active.fault.kind == kind) until = std::max(until, active.until);
  }
  return until;
}

std::int64_t Injector::Largest(FaultKind kind) const {
  std::int64_t largest = 0;
  for (const auto& [serial, active] : active_) {
    if (active.fault.kind == kind) largest = std::max(largest, active.fault.amount);
  }
  return largest;
}

// The kinds of both sets follow each other in the same order.
void Injector::ApplyApi(ApiWeather& weather, FaultKind throttled) const {
  const auto kind = [throttled](int offset) {
    return static_cast<FaultKind>(static_cast<int>(throttled) + offset);
  };
  static_assert(
      static_cast<int>(FaultKind::kApiDown) - static_cast<int>(FaultKind::kApiThrottled) == 6);
  static_assert(static_cast<int>(FaultKind::kArgoApiDown) -
                    static_cast<int>(FaultKind::kArgoApiThrottled) ==
                6);
  weather.throttled_ppm = ShareOf(kind(0));
  weather.unavailable_ppm = ShareOf(kind(1));
  weather.lost_ppm = ShareOf(kind(2));
  weather.unanswered_ppm = ShareOf(kind(3));
  weather.reset_ppm = ShareOf(kind(4));
  weather.conflict_ppm = ShareOf(kind(5));
  weather.down_until = Until(kind(6));
}

void Injector::ApplyWatch(WatchLink& link, FaultKind stalled) const {
  const auto kind = [stalled](int offset) {
    return static_cast<FaultKind>(static_cast<int>(stalled) + offset);
  };
  link.stalled_until = Until(kind(0));
  link.lost_ppm = ShareOf(kind(1));
  link.doubled_ppm = ShareOf(kind(2));
}

void Injector::ApplyNetwork(NetworkWeather& weather) const {
  weather.refused_ppm = ShareOf(FaultKind::kNetworkRefused);
  weather.lost_ppm = ShareOf(FaultKind::kNetworkLost);
  weather.reset_ppm = ShareOf(FaultKind::kNetworkReset);
  weather.unresolved_ppm = ShareOf(FaultKind::kNetworkUnresolved);
  weather.cut_until = Until(FaultKind::kNetworkCut);
  weather.receivers_down_until = Until(FaultKind::kReceiversDown);
}

void Injector::ApplyProcesses() {
  simulation_.argo().SetDown(IsActive(FaultKind::kArgoDown));
  const bool down = IsActive(FaultKind::kControllersDown);
  if (down == controllers_down_) return;
  controllers_down_ = down;
  if (down) {
    simulation_.cluster().StopControllers();
  } else {
    simulation_.cluster().StartControllers();
  }
}

void Injector::ApplyPods() {
  Cluster& cluster = simulation_.cluster();
  const std::int64_t slowness = Largest(FaultKind::kPodsSlow);
  constexpr int kUsual = 100;
  cluster.SlowPods(slowness > 0 ? static_cast<int>(slowness) : kUsual);
  cluster.SetScheduling(IsActive(FaultKind::kNodeClosed) ? Cluster::Scheduling::kClosed
                                                         : Cluster::Scheduling::kOpen);
  if (IsActive(FaultKind::kNodeStopped)) {
    cluster.StopNode();
  } else {
    cluster.StartNode();
  }
  const auto crash = [&](FaultKind kind, bool& crashing, const PodSelector& pods) {
    const bool wanted = IsActive(kind);
    if (wanted == crashing) return;
    crashing = wanted;
    if (wanted) {
      cluster.CrashPods(pods);
    } else {
      cluster.HealPods(pods);
    }
  };
  crash(FaultKind::kCanaryCrash, crashing_canary_,
        {targets_.ns, {{"app", kRolloutName}, {"release-id", targets_.canary_release}}});
  crash(FaultKind::kMcCrash, crashing_mc_, {targets_.ns, {{"app", kMockName}}});
}

void Injector::Apply() {
  ApplyApi(simulation_.gate_api_weather(), FaultKind::kApiThrottled);
  ApiWeather& gate_api = simulation_.gate_api_weather();
  gate_api.write_reset_ppm = ShareOf(FaultKind::kApiWriteReset);
  gate_api.stale_list_ppm = ShareOf(FaultKind::kApiStaleList);
  gate_api.watch_cut_ppm = ShareOf(FaultKind::kApiWatchCut);
  ApplyApi(simulation_.argo_api_weather(), FaultKind::kArgoApiThrottled);
  ApplyWatch(simulation_.argo_link(), FaultKind::kWatchArgoStalled);
  ApplyWatch(simulation_.cluster().controller_link(), FaultKind::kWatchControllersStalled);
  ApplyNetwork(simulation_.network_weather());
  ApplyProcesses();
  ApplyPods();
  Nanos skew{0};
  for (const auto& [serial, active] : active_) {
    if (active.fault.kind == FaultKind::kGateClockSkew) skew = Nanos(active.fault.amount);
  }
  simulation_.surroundings().gate_clock_skew = skew;
}

void Injector::Happen(const Fault& fault) {
  Cluster& cluster = simulation_.cluster();
  switch (fault.kind) {
    case FaultKind::kArgoRestart:
      if (!simulation_.argo().running()) return;
      simulation_.argo().Stop();
      simulation_.argo().Start();
      return;
    case FaultKind::kWorkloadKilled:
      cluster.KillPods({targets_.ns, {{"app", kRolloutName}}}, kKilled);
      return;
    case FaultKind::kGateKilled:
      cluster.KillPods({targets_.ns, {{"app", kGateName}}}, kKilled);
      return;
    case FaultKind::kTokenRotated:
      RotateToken();
      return;
    case FaultKind::kApiRestart:
      simulation_.server().Compact();
      ++simulation_.gate_api_weather().restarts;
      return;
    default:
      return;
  }
}

void Injector::OnGateProcess(Process& process) {
  process.on_seam = [this, number = counters_.gates_started++](std::uint64_t, std::string_view call,
                                                               Process::Moment) {
    return CrashesAt(number, call);
  };
}

bool Injector::CrashesAt(std::size_t process, std::string_view call) {
  for (Crash& crash : crashes_) {
    if (crash.fault.process != process) continue;
    if (!crash.fault.seam.empty() && crash.fault.seam != call) continue;
    if (crash.calls++ != crash.fault.amount) continue;
    ++counters_.started[static_cast<std::size_t>(FaultKind::kGateCrash)];
    ++counters_.gates_crashed;
    Note(crash.fault, Happened::What::kBegan);
    return true;
  }
  return false;
}

// As the timeline's action rotate-token: MC and the Secret change at the same instant.
void Injector::RotateToken() {
  ApiServer& server = simulation_.server();
  const ObjectPtr token = server.Get(Type::kSecret, targets_.ns, kTokenSecret);
  const ObjectPtr script = server.Get(Type::kSecret, targets_.ns, kMockName);
  if (!token || !script) return;
  auto parsed = gate::ParseStrictJson(SecretText(*script, "/data/script.yaml"));
  if (!parsed) return;
  const std::string fresh = gate::Sha256Hex(SecretText(*token, "/data/token"));
  (*parsed)["token"] = {{"value", fresh}};
  const std::string text = parsed->dump(2) + "\n";
  Network& network = simulation_.network();
  // An MC that is down reads it from its Secret when it comes back.
  static_cast<void>(
      CallAdmin(network.EndpointOf(network.Find(targets_.ns, kMockName)), "PUT", "/script", text));
  WriteSecret(server, *token, "token", fresh);
  WriteSecret(server, *script, "script.yaml", text);
}

void Injector::DeleteToken() {
  ApiServer& server = simulation_.server();
  const ObjectPtr token = server.Get(Type::kSecret, targets_.ns, kTokenSecret);
  if (!token) return;
  deleted_token_ = token;
  static_cast<void>(server.Delete(kWriter, Type::kSecret, targets_.ns, kTokenSecret));
}

void Injector::RestoreToken() {
  if (!deleted_token_) return;
  Object again{Type::kSecret, {}, deleted_token_->spec, nullptr, deleted_token_->rest};
  again.meta.ns = deleted_token_->meta.ns;
  again.meta.name = deleted_token_->meta.name;
  static_cast<void>(simulation_.server().Create(kWriter, std::move(again)));
  deleted_token_ = nullptr;
}

}  // namespace drill::sim
