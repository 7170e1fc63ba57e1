#include <fmt/format.h>

#include <utility>

#include "gate/cli/program.h"
#include "gate/cli/serve_command.h"
#include "harness/sim/stage/gate_service.h"
#include "harness/sim/stage/programs.h"
#include "harness/sim/stage/sim_commands.h"
#include "harness/sim/world/fiber.h"
#include "harness/sim/world/sim_runtime.h"

namespace drill::sim {
namespace {

constexpr int kKilled = 137;  // 128 + SIGKILL
constexpr const char* kVersion = "simulated";

// A name of its own for each process: what it draws at random is drawn by it.
std::string ProcessName(Surroundings& around, const std::string& pod) {
  const std::uint64_t before = around.gate_starts[pod]++;
  return "gate/" + pod + (before == 0 ? "" : fmt::format("#{}", before));
}

class PodLogSink : public gate::LineSink {
 public:
  PodLogSink(Process& process, PodLogs& logs, std::string pod)
      : process_(process), logs_(logs), pod_(std::move(pod)) {}
  void Write(std::string_view line) override {
    if (!process_.AtSeam("log.write", Process::Moment::kBefore)) return;
    logs_.Write(pod_, line);
    process_.AtSeam("log.write", Process::Moment::kAfter);
  }

 private:
  Process& process_;
  PodLogs& logs_;
  const std::string pod_;
};

// Files as a process reads them: each read is a call to a seam.
class ProcessFiles : public gate::Files {
 public:
  ProcessFiles(Process& process, std::shared_ptr<gate::Files> files)
      : process_(process), files_(std::move(files)) {}
  gate::Result<std::string> Read(const std::string& path, std::size_t limit) override {
    if (!process_.AtSeam("files.read", Process::Moment::kBefore)) {
      return gate::Error{gate::ErrorCode::kUnavailable, "the process was killed"};
    }
    return files_->Read(path, limit);
  }

 private:
  Process& process_;
  const std::shared_ptr<gate::Files> files_;
};

class SimConnection : public gate::cli::KubeConnection {
 public:
  SimConnection(Process& process, Surroundings& around, const Object& pod)
      : namespace_(pod.meta.ns),
        api_(process, around.server, around.api_weather,
             {pod.meta.ns, gate::JsonString(SpecOf(pod), "/serviceAccountName")}, "rollout-gate") {}
  gate::KubeApi& api() override { return api_; }
  const std::string& default_namespace() const override { return namespace_; }

 private:
  const std::string namespace_;
  SimKube api_;
};

class GateContainer : public Container, private gate::cli::Platform {
 public:
  GateContainer(Surroundings& around, ContainerSpec spec, ContainerEvents events)
      : around_(around),
        spec_(std::move(spec)),
        events_(std::move(events)),
        log_name_(spec_.pod->meta.ns + "/" + spec_.pod->meta.name),
        process_(around.world, ProcessName(around, log_name_), around.gate_clock_skew),
        runtime_(process_),
        files_(process_, spec_.files),
        out_(process_, around.logs, log_name_),
        err_(process_, around.logs, log_name_),
        own_(process_, around, *spec_.pod),
        commands_(process_, runtime_, own_.api()),
        host_(process_, runtime_, around.network, spec_.pod->meta.uid,
              [this](bool listening) { SetReady(listening); }) {
    around.logs.Start(log_name_);
    ++around.gates_running;
    if (around.on_gate_process) around.on_gate_process(process_);
    fiber_ = around.world.fibers().Start(
        process_, [this] { exit_code_ = gate::cli::Run(spec_.args, kVersion, *this); });
    // Its end, by itself or by a crash, is an event of the world.
    fiber_->on_over = [this] {
      --around_.gates_running;
      if (around_.on_gate_end) around_.on_gate_end(process_, exit_code_);
      end_ = around_.world.After(gate::Nanos(0), Rank::kController,
                                 [this] { events_.exited(exit_code_); });
    };
  }
  ~GateContainer() override {
    gone_ = true;
    if (!fiber_->over) --around_.gates_running;
    fiber_->on_over = nullptr;
    process_.Kill();
    around_.world.Cancel(end_);
  }

  // What /readyz says is: it serves. Only a service is asked. (That its tokens can be read, too, is
  // not looked at: what was mounted once stays readable.)
  bool ready() const override { return ready_; }
  void Terminate() override { stop_.request_stop(); }

 private:
  void SetReady(bool ready) {
    ready_ = ready;
    if (!gone_) events_.readiness_changed();
  }

  // gate::cli::Platform
  std::optional<std::string> GetEnv(const std::string& name) override {
    const auto found = spec_.env.find(name);
    if (found == spec_.env.end()) return std::nullopt;
    return found->second;
  }
  gate::Runtime& runtime() override { return runtime_; }
  gate::Files& files() override { return files_; }
  gate::evidence::KeyringCache& keyrings() override { return around_.keyrings; }
  gate::LineSink& out() override { return out_; }
  gate::LineSink& err() override { return err_; }
  gate::Result<std::unique_ptr<gate::cli::KubeConnection>> Connect(
      const std::string& kubeconfig, const std::string& /*context*/) override {
    if (!kubeconfig.empty()) {
      return gate::Error{gate::ErrorCode::kInvalidArgument, "there is no kubeconfig in a pod"};
    }
    return std::unique_ptr<gate::cli::KubeConnection>(
        std::make_unique<SimConnection>(process_, around_, *spec_.pod));
  }
  std::unique_ptr<gate::HttpClient> NewHttpClient(const gate::cli::TlsFiles& /*tls*/,
                                                  std::size_t /*at_once*/) override {
    return std::make_unique<SimHttpClient>(process_, around_.network, spec_.pod->meta.ns);
  }
  gate::ProcessRunner* commands() override { return &commands_; }
  gate::evaluate::Entropy NewEntropy() override {
    gate::Rng rng = around_.world.Stream("entropy/" + process_.name());
    std::string nonce_key = rng.Bytes(32);
    return {std::move(nonce_key), rng};
  }
  int Become(const std::string& program, const std::vector<std::string>& arguments) override {
    if (program != "rollout-gate-serve") return Platform::Become(program, arguments);
    return gate::cli::RunServe(arguments, kVersion, *this, host_);
  }
  std::stop_token StopToken() override { return stop_.get_token(); }

  Surroundings& around_;
  const ContainerSpec spec_;
  const ContainerEvents events_;
  const std::string log_name_;
  std::stop_source stop_;
  int exit_code_ = kKilled;
  World::Timer end_;
  Process process_;
  SimRuntime runtime_;
  ProcessFiles files_;
  PodLogSink out_;
  PodLogSink err_;
  SimConnection own_;  // of the programs that the gate starts
  SimCommands commands_;
  SimServiceHost host_;
  bool ready_ = false;
  bool gone_ = false;
  std::shared_ptr<FiberHandle> fiber_;
};

}  // namespace

std::unique_ptr<Container> StartGate(Surroundings& around, const ContainerSpec& spec,
                                     ContainerEvents events) {
  return std::make_unique<GateContainer>(around, spec, std::move(events));
}

}  // namespace drill::sim
