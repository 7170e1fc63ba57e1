#include "harness/sim/stage/gate_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "harness/sim/stage/web_client.h"
#include "harness/sim/world/fiber.h"
#include "harness/sim/world/sim_runtime.h"

namespace drill::sim {
namespace {

using gate::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Answers each request after a while, or when it is asked to stop.
class SlowHandler : public gate::HttpHandler {
 public:
  explicit SlowHandler(gate::Runtime& runtime) : runtime_(runtime) {}
  gate::HttpResponse Handle(const gate::ServerRequest& request,
                            const gate::Deadline& deadline) override {
    asked.push_back(request.method + " " + request.target + " " + request.body);
    deadlines.push_back(deadline.at - runtime_.Now());
    const auto waited = runtime_.Sleep({runtime_.Now() + takes, deadline.stop});
    return {.status = 200,
            .headers = {},
            .body = waited == gate::WaitResult::kStopped ? "stopped" : "answered"};
  }
  gate::HttpResponse Overloaded(const gate::ServerRequest& /*request*/) override {
    return {.status = 200, .headers = {}, .body = "overloaded"};
  }

  gate::Nanos takes = seconds(1);
  std::vector<std::string> asked;
  std::vector<gate::Nanos> deadlines;

 private:
  gate::Runtime& runtime_;
};

// A pod of the gate behind a Service, and Argo Rollouts' way to it.
class GateServiceTest : public testing::Test {
 protected:
  GateServiceTest() {
    Create({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "shop"}}}});
    Create(
        {{"apiVersion", "v1"},
         {"kind", "Service"},
         {"metadata", {{"name", "gate"}, {"namespace", "shop"}}},
         {"spec",
          {{"selector", {{"app", "gate"}}}, {"ports", {{{"port", 80}, {"targetPort", 8080}}}}}}});
    pod_ = Create(
        {{"apiVersion", "v1"},
         {"kind", "Pod"},
         {"metadata", {{"name", "gate-1"}, {"namespace", "shop"}, {"labels", {{"app", "gate"}}}}},
         {"spec", {{"containers", {{{"name", "gate"}, {"image", "gate"}}}}}}});
    SetReady("True");
    process_.emplace(world_, "gate");
    runtime_.emplace(*process_);
    handler_.emplace(*runtime_);
  }
  ~GateServiceTest() override { process_->Kill(); }

  ObjectPtr Create(const Json& json) {
    const std::string kind = gate::JsonString(json, "/kind");
    const Type type = kind == "Pod"       ? Type::kPod
                      : kind == "Service" ? Type::kService
                                          : Type::kNamespace;
    auto object = FromJson(InfoOf(type), json);
    EXPECT_TRUE(object);
    auto created = server_.Create("test", *std::move(object));
    EXPECT_TRUE(created);
    return *created;
  }
  void SetReady(const char* status) {
    Object next = *server_.Get(Type::kPod, "shop", "gate-1");
    next.status = Share(Json{{"conditions", {{{"type", "Ready"}, {"status", status}}}}});
    EXPECT_TRUE(server_.Update("test", std::move(next), WritePart::kStatus));
  }

  // The program: listens, and serves until `stop_at`.
  void Serve(gate::Nanos stop_at = std::chrono::hours(1), std::size_t most_requests = 8) {
    main_ = world_.fibers().Start(*process_, [this, stop_at, most_requests] {
      SimServiceHost host(*process_, *runtime_, network_, pod_->meta.uid,
                          [this](bool listening) { listening_.push_back(listening); });
      auto server = host.StartServer(*handler_, {.listen = "0.0.0.0:8080",
                                                 .cert_file = "",
                                                 .key_file = "",
                                                 .most_requests = most_requests,
                                                 .answer_timeout = seconds(40),
                                                 .warn = {}});
      ASSERT_TRUE(server) << server.error().message;
      (void)runtime_->Sleep({gate::Instant() + stop_at, {}});
      (*server)->Stop();
      stopped_after_ = world_.Now() - gate::Instant();
    });
    Pass(milliseconds(1));
  }
  void Pass(gate::Nanos time) {
    world_.Run(
        world_.Now() + time, [] { return false; }, 100'000);
  }
  void Ask(const std::string& url = "http://gate.shop.svc:80/v1?x=y") {
    web_.Send({.method = "POST", .url = url, .headers = {}, .body = "question"},
              [this](const gate::Result<WebResponse>& response) {
                heard_.push_back(response ? response->body : "error: " + response.error().message);
              });
  }

  World world_{World::Options{}};
  ApiServer server_{world_};
  NetworkWeather weather_;
  Network network_{world_, server_, weather_};
  SimWebTransport web_{world_, network_};
  ObjectPtr pod_;
  std::optional<Process> process_;
  std::optional<SimRuntime> runtime_;
  std::optional<SlowHandler> handler_;
  std::shared_ptr<FiberHandle> main_;
  std::vector<bool> listening_;
  std::vector<std::string> heard_;
  std::optional<gate::Nanos> stopped_after_;
};

TEST_F(GateServiceTest, ARequestGoesThroughTheServicesPortToThePods) {
  Serve();
  Ask();
  Pass(milliseconds(990));
  EXPECT_THAT(heard_, IsEmpty());
  Pass(milliseconds(20));
  EXPECT_THAT(heard_, ElementsAre("answered"));
  EXPECT_THAT(handler_->asked, ElementsAre("POST /v1?x=y question"));
  EXPECT_THAT(handler_->deadlines, ElementsAre(seconds(40)));
}

TEST_F(GateServiceTest, SeveralRequestsAreHandledAtOnceAndNoMoreThanItMay) {
  Serve(std::chrono::hours(1), /*most_requests=*/2);
  for (int i = 0; i < 3; ++i) Ask();
  Pass(milliseconds(500));
  EXPECT_THAT(heard_, ElementsAre("overloaded"));
  Pass(milliseconds(600));
  EXPECT_THAT(heard_, ElementsAre("overloaded", "answered", "answered"));
  Ask();
  Pass(milliseconds(1100));
  EXPECT_EQ(heard_.back(), "answered");
}

TEST_F(GateServiceTest, WhereNothingListensConnectionsAreRefused) {
  Ask();
  Pass(seconds(1));
  Serve();
  Ask("http://gate.shop.svc:8080/");  // the pod's port, not the Service's
  Ask("http://gates.shop.svc:80/");
  SetReady("False");
  Ask();
  Pass(seconds(1));
  const std::string refused = "error: dial tcp: connect: connection refused";
  EXPECT_THAT(heard_, testing::UnorderedElementsAre(refused, refused, refused,
                                                    "error: dial tcp: lookup: no such host"));
  EXPECT_THAT(handler_->asked, IsEmpty());
}

TEST_F(GateServiceTest, AStopLetsRequestsEndAndTakesInNoMore) {
  handler_->takes = seconds(8);
  Serve(seconds(2));
  Pass(seconds(1));
  Ask();
  Pass(seconds(2));
  EXPECT_THAT(listening_, ElementsAre(true, false));
  Ask();
  Pass(seconds(7));
  EXPECT_THAT(heard_, ElementsAre("error: dial tcp: connect: connection refused", "answered"));
  EXPECT_TRUE(main_->over);
}

TEST_F(GateServiceTest, WhatTakesLongerIsAskedToStop) {
  handler_->takes = seconds(30);
  Serve(seconds(2));
  Ask();
  Pass(seconds(20));
  EXPECT_THAT(heard_, ElementsAre("stopped"));
  EXPECT_GE(stopped_after_.value(), seconds(12));
  EXPECT_LE(stopped_after_.value(), milliseconds(12'100));
}

TEST_F(GateServiceTest, WhenTheProcessIsKilledConnectionsBreak) {
  Serve();
  Ask();
  Pass(milliseconds(500));
  process_->Kill();
  EXPECT_TRUE(main_->over);
  Pass(seconds(60));
  EXPECT_THAT(heard_, ElementsAre("error: EOF"));
  Ask();
  Pass(seconds(1));
  EXPECT_EQ(heard_.back(), "error: dial tcp: connect: connection refused");
}

TEST_F(GateServiceTest, SoTheyDoWhenItDiesInTheMiddleOfARequest) {
  process_->on_seam = [](std::uint64_t number, std::string_view, Process::Moment) {
    return number == 3;  // 0: the program sleeps; 1, 2, 3: the requests begin to, and one has
  };
  Serve();
  Ask();
  Ask();
  Pass(seconds(60));
  EXPECT_TRUE(main_->over);
  EXPECT_THAT(heard_, ElementsAre("error: EOF", "error: EOF"));
}

TEST_F(GateServiceTest, TheNetworkLosesRequestsAndAnswers) {
  Serve();
  weather_.lost_ppm = 1'000'000;
  Ask();
  Pass(seconds(5));
  EXPECT_THAT(heard_, IsEmpty()) << "whoever asks has a timeout";
  EXPECT_THAT(handler_->asked, IsEmpty());
  weather_.lost_ppm = 0;
  weather_.reset_ppm = 1'000'000;
  Ask();
  Pass(seconds(5));
  EXPECT_THAT(heard_, ElementsAre("error: read tcp: read: connection reset by peer"));
  EXPECT_THAT(handler_->asked, SizeIs(1)) << "it was handled all the same";
}

TEST_F(GateServiceTest, ThereIsNoTlsAndNoServerWithoutAPort) {
  SimServiceHost host(*process_, *runtime_, network_, pod_->meta.uid, [](bool) {});
  gate::cli::ServerSettings settings{.listen = "0.0.0.0",
                                     .cert_file = "",
                                     .key_file = "",
                                     .most_requests = 1,
                                     .answer_timeout = seconds(1),
                                     .warn = {}};
  EXPECT_FALSE(host.StartServer(*handler_, settings));
  settings.listen = "0.0.0.0:8443";
  settings.cert_file = "tls.crt";
  EXPECT_FALSE(host.StartServer(*handler_, settings));
}

}  // namespace
}  // namespace drill::sim
