#include <utility>
#include <variant>

#include "gate/seams/http_client.h"
#include "harness/sim/stage/programs.h"
#include "mock-mc/admin/admin_api.h"
#include "mock-mc/wire/service.h"

namespace drill::sim {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

constexpr int kInvalidScript = 3;  // of mock-mc
constexpr gate::Nanos kStopTime = std::chrono::milliseconds(1);

class MockContainer : public Container, public HttpEndpoint {
 public:
  MockContainer(Surroundings& around, ContainerSpec spec, ContainerEvents events)
      : around_(around), spec_(std::move(spec)), events_(std::move(events)) {
    around.logs.Start(spec_.pod->meta.ns + "/" + spec_.pod->meta.name);
    auto script = ReadScript();
    if (!script) {
      around.logs.Write(spec_.pod->meta.ns + "/" + spec_.pod->meta.name, script.error().message);
      Exit(kInvalidScript);
      return;
    }
    script_ = *std::move(script);
    started_ = Now();
    around.network.Attach(spec_.pod->meta.uid, *this);
  }
  ~MockContainer() override {
    around_.network.Detach(spec_.pod->meta.uid);
    around_.world.Cancel(exit_);
  }

  bool ready() const override { return script_ != nullptr; }
  void Terminate() override { Exit(0); }

  Begun Begin(const mock_mc::Request& request, std::uint64_t connection) override {
    auto begun = service().Begin(request, connection);
    if (around_.on_mc_request) around_.on_mc_request(request, begun.plan.decision);
    return {begun.sequence, std::move(begun.plan), begun.arrived.at};
  }
  void End(std::uint64_t sequence, const mock_mc::Completion& completion) override {
    service().End(sequence, completion);
  }

  // Made when it is first needed: most pods of a workload are never asked anything.
  mock_mc::Service& service() {
    if (!service_) {
      service_.emplace(
          *script_, ScriptFile(),
          [files = spec_.files](const std::string& path) { return files->Read(path); },
          [this, first = true]() mutable {
            // It counts from the start of the program.
            if (!first) return Now();
            first = false;
            return started_;
          });
    }
    return *service_;
  }

 private:
  mock_mc::Moment Now() const {
    return {around_.world.Now(), around_.world.WallNow() + around_.mc_clock_skew};
  }
  std::string ScriptFile() const { return spec_.args.size() < 2 ? "" : spec_.args[1]; }

  Result<std::shared_ptr<const mock_mc::Script>> ReadScript() {
    if (spec_.args.size() != 2 || spec_.args[0] != "serve") {
      return Error{ErrorCode::kInvalidArgument, "mock-mc: simulated only as: serve SCRIPT"};
    }
    auto text = spec_.files->Read(ScriptFile());
    if (!text) return std::move(text).error();
    return around_.scripts.Read(*text, ScriptFile());
  }

  void Exit(int code) {
    if (exit_.generation != 0) return;
    exit_ = around_.world.After(kStopTime, Rank::kProcess, [this, code] { events_.exited(code); });
  }

  Surroundings& around_;
  const ContainerSpec spec_;
  const ContainerEvents events_;
  World::Timer exit_;
  std::shared_ptr<const mock_mc::Script> script_;
  mock_mc::Moment started_;
  std::optional<mock_mc::Service> service_;
};

}  // namespace

Result<std::shared_ptr<const mock_mc::Script>> ScriptCache::Read(const std::string& text,
                                                                 const std::string& file) {
  const auto found = scripts_.find(text);
  if (found != scripts_.end()) return found->second;
  auto script = mock_mc::ReadScript(text, file, [](const std::string& path) {
    return Result<std::string>(
        Error{ErrorCode::kNotFound, path + ": there are no files beside mock-mc's script"});
  });
  if (!script) return std::move(script).error();
  if (scripts_.size() >= kMost) scripts_.clear();
  auto shared = std::make_shared<const mock_mc::Script>(*std::move(script));
  scripts_[text] = shared;
  return shared;
}

std::unique_ptr<Container> StartMockMc(Surroundings& around, const ContainerSpec& spec,
                                       ContainerEvents events) {
  return std::make_unique<MockContainer>(around, spec, std::move(events));
}

Result<std::string> CallAdmin(HttpEndpoint* endpoint, std::string_view method,
                              std::string_view target, const std::string& body) {
  auto* mock = dynamic_cast<MockContainer*>(endpoint);
  if (mock == nullptr) {
    return Error{ErrorCode::kUnavailable, "no endpoints available for service"};
  }
  mock_mc::AdminApi api(mock->service());
  const auto outcome = api.Handle(method, target, body);
  const auto* reply = std::get_if<mock_mc::AdminReply>(&outcome);
  if (reply == nullptr) {
    return Error{ErrorCode::kInvalidArgument, "/wait is not served in a simulation"};
  }
  if (reply->status >= 200 && reply->status < 300) return reply->body;
  return Error{reply->status == 404 ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument,
               reply->body};
}

ContainerRuntime::ImageState Programs::ImageOf(std::string_view image) {
  const bool present = image == gate_image_ || image == mock_image_ || added_.contains(image);
  return present ? ImageState::kPresent : ImageState::kMissing;
}

std::unique_ptr<Container> Programs::Start(const ContainerSpec& spec, ContainerEvents events) {
  if (const auto added = added_.find(spec.image); added != added_.end()) {
    return added->second(std::move(events));
  }
  return spec.image == gate_image_ ? StartGate(around_, spec, std::move(events))
                                   : StartMockMc(around_, spec, std::move(events));
}

}  // namespace drill::sim
