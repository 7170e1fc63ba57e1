#include "gate/cli/leader.h"

#include <fmt/format.h>

#include <utility>

#include "gate/base/encoding.h"
#include "gate/notify/outbox.h"
#include "gate/service/mc_inquiry.h"
#include "gate/watch/fallback.h"
#include "gate/watch/leader.h"
#include "gate/watch/rollout_watch.h"

namespace gate::cli {
namespace {

// Forwards what the outbox does to the metrics.
class OutboxMeter : public notify::OutboxObserver {
 public:
  explicit OutboxMeter(service::Meter& meter) : meter_(meter) {}

  void OnDelivered(const notify::Sink& sink, const notify::Notice& /*notice*/,
                   Nanos waited) override {
    meter_.NoticeDelivered(sink.name, waited);
  }
  void OnAttemptFailed(const notify::Sink& sink, const notify::DeliveryError& /*error*/) override {
    meter_.DeliveryFailed(sink.name);
  }
  void OnDropped(const std::string& sink, notify::DropReason reason, int count) override {
    meter_.NoticesDropped(sink, notify::ToString(reason), count);
  }
  void OnQueueLength(const std::string& sink, std::size_t length) override {
    meter_.NoticesWaiting(sink, length);
  }

 private:
  service::Meter& meter_;
};

// Unique to this process; begins with the pod's name, which is the host's name in a pod.
std::string Identity(Platform& platform, Rng& rng) {
  const std::string pod = platform.GetEnv("HOSTNAME").value_or("rollout-gate");
  return pod + "_" + HexEncode(rng.Bytes(8));
}

Json FieldsOf(const watch::RolloutFacts& facts) {
  return {{"namespace", facts.ns}, {"rollout", facts.name}, {"release", facts.release}};
}

}  // namespace

class Leader::Work : public watch::WatchActions {
 public:
  Work(const service::Config& config, std::string ns, const Deps& deps)
      : config_(config),
        ns_(std::move(ns)),
        deps_(deps),
        rng_(deps.platform.NewEntropy().rng),
        identity_(Identity(deps.platform, rng_)),
        http_(deps.platform.NewHttpClient({}, notify::kMostSinks)),
        observer_(deps.meter),
        inquiry_(config.gate,
                 {.mc = deps.mc,
                  .files = deps.platform.files(),
                  .keyrings = deps.platform.keyrings(),
                  .trail = deps.trail,
                  .meter = deps.meter},
                 deps.platform.NewEntropy()),
        outbox_(config.notify, ns_,
                {.kube = deps.kube,
                 .courier = {*http_, deps.platform.files(), deps.platform.runtime()},
                 .log = deps.log,
                 .observer = observer_},
                rng_.Fork("outbox")) {}

  void Run(const std::stop_token& stop) {
    watch::RunAsLeader(
        deps_.kube, deps_.platform.runtime(), deps_.log,
        {.ns = ns_, .name = config_.watch.lease, .identity = identity_},
        [this](const std::stop_token& leading) { Lead(leading); }, stop);
  }

  // Until `stop`.
  void Lead(const std::stop_token& stop) {
    Runtime& runtime = deps_.platform.runtime();
    watch::RolloutWatch watching({.environment = config_.gate.environment,
                                  .ns = config_.watch.ns,
                                  .stages = config_.watch.stages,
                                  .rollback = config_.watch.rollback,
                                  .inquiry = config_.watch.inquiry},
                                 deps_.kube, runtime, deps_.log, *this, inquiry_,
                                 rng_.Fork("watch"));
    deps_.meter.Leads(true);
    {
      const auto delivering = runtime.Spawn("outbox", [&] { outbox_.Run(stop); });
      watching.Run(stop);
    }
    deps_.meter.RolloutsPaused(0);  // whoever leads now counts them
    deps_.meter.Leads(false);
  }

  Result<void> Tell(const std::vector<notify::Notice>& notices, const Deadline& deadline) override {
    const auto posted = outbox_.Post(notices, deadline);
    if (!posted) return posted.error();
    if (posted->accepted == 0) return {};  // told before
    for (const notify::Notice& notice : notices) {
      deps_.log.Info("people are told", {{"notice", notify::DedupKey(notice)},
                                         {"namespace", notice.ns},
                                         {"rollout", notice.rollout},
                                         {"release", notice.release},
                                         {"reason", notice.reason}});
    }
    return {};
  }

  Result<void> FallBack(const watch::RolloutFacts& facts, const watch::Rollback& rollback,
                        const Deadline& deadline) override {
    const watch::FallbackPolicy& policy = config_.watch.fallback;
    Json fields = FieldsOf(facts);
    fields["policy"] = std::string(watch::ToString(policy.kind));
    deps_.log.Warn("a rollback is late: falling back", fields);
    switch (policy.kind) {
      case watch::FallbackPolicy::Kind::kArgo:
        return {};
      case watch::FallbackPolicy::Kind::kUndo:
        return watch::UndoToStable(deps_.kube, deps_.platform.runtime(), facts, deadline);
      case watch::FallbackPolicy::Kind::kCommand:
        return RunCommand(facts, rollback, deadline);
    }
    return {};
  }

  void OnRolledBack(const watch::RolloutFacts& /*facts*/, const watch::Rollback& rollback,
                    Nanos took) override {
    using End = service::Meter::RollbackEnd;
    deps_.meter.RolledBack(rollback.paged ? End::kLate : End::kInTime, took);
  }
  void OnBypassed(const watch::RolloutFacts& /*facts*/) override { deps_.meter.Bypassed(); }
  void OnLate(const watch::RolloutFacts& /*facts*/, notify::LateStep step) override {
    deps_.meter.RollbackLate(notify::ToString(step));
  }
  void OnPaused(std::size_t count) override { deps_.meter.RolloutsPaused(count); }

 private:
  Result<void> RunCommand(const watch::RolloutFacts& facts, const watch::Rollback& rollback,
                          const Deadline& deadline) {
    ProcessRunner* const runner = deps_.platform.commands();
    if (runner == nullptr) {
      return Error{ErrorCode::kUnavailable, "commands cannot be run here"};
    }
    const ProcessRequest request =
        watch::FallbackCommand(config_.watch.fallback, facts, rollback, config_.gate.environment);
    auto output = RunChecked(*runner, request, deadline);
    if (!output) return std::move(output).error();
    Json fields = FieldsOf(facts);
    fields["output"] = OutputTail(output->out);
    deps_.log.Info("the fallback command succeeded", fields);
    return {};
  }

  const service::Config& config_;
  const std::string ns_;
  const Deps deps_;
  Rng rng_;
  const std::string identity_;
  const std::unique_ptr<HttpClient> http_;
  OutboxMeter observer_;
  service::McInquiry inquiry_;
  notify::Outbox outbox_;
};

Leader::Leader(const service::Config& config, std::string ns, const Deps& deps)
    : work_(std::make_unique<Work>(config, std::move(ns), deps)) {}

Leader::~Leader() = default;

void Leader::Run(const std::stop_token& stop) { work_->Run(stop); }

}  // namespace gate::cli
