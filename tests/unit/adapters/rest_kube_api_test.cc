#include "gate/adapters/rest_kube_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/seams/watch.h"
#include "tests/support/fake_files.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/fake_runtime.h"

namespace gate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const KubeRef kPod = {kube::kPods, "demo", "web"};
const KubeRef kRollout = {kube::kRollouts, "demo", "web"};

class RestKubeApiTest : public testing::Test {
 protected:
  const HttpRequest& Sent(std::size_t index = 0) const { return http_.sent().at(index).request; }
  std::string Url(std::size_t index = 0) const { return Sent(index).url; }
  Deadline Soon() const { return runtime_.In(10s); }

  static RestKubeApiOptions Options() {
    RestKubeApiOptions options;
    options.server = "https://kube:6443";
    options.token = Secret("t0ken");
    return options;
  }

  static std::string Status(int code, const std::string& reason,
                            const std::string& message = "server's words") {
    return Json{{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", message}}
        .dump();
  }

  Error GetError() {
    auto result = api_.Get(kPod, Soon());
    if (!result) return result.error();
    ADD_FAILURE() << "succeeded";
    return Error{ErrorCode::kProtocol, ""};
  }

  FakeRuntime runtime_;
  FakeHttpClient http_;
  FakeFiles files_;
  RestKubeApi api_{http_, files_, runtime_, Options()};
};

// --- What is sent

TEST_F(RestKubeApiTest, GetsObjectsOfTheCoreAndOfNamedGroups) {
  http_.Answer(200, R"({"metadata":{"name":"web"}})");
  http_.Answer(200, "{}");
  http_.Answer(200, "{}");
  EXPECT_EQ(JsonString(*api_.Get(kPod, Soon()), "/metadata/name"), "web");
  EXPECT_TRUE(api_.Get(kRollout, Soon()));
  EXPECT_TRUE(api_.Get({kube::kNamespaces, "", "demo"}, Soon()));
  EXPECT_EQ(Sent(0).method, "GET");
  EXPECT_EQ(Url(0), "https://kube:6443/api/v1/namespaces/demo/pods/web");
  EXPECT_EQ(Url(1), "https://kube:6443/apis/argoproj.io/v1alpha1/namespaces/demo/rollouts/web");
  EXPECT_EQ(Url(2), "https://kube:6443/api/v1/namespaces/demo");
  EXPECT_EQ(Sent(0).bearer_token.Reveal(), "t0ken");
  EXPECT_EQ(Sent(0).headers.Get("Accept"), "application/json");
}

TEST_F(RestKubeApiTest, PassesTheDeadlineOnUnchanged) {
  http_.Answer(200, "{}");
  std::stop_source stop;
  EXPECT_TRUE(api_.Get(kPod, runtime_.In(7s, stop.get_token())));
  EXPECT_EQ(http_.sent()[0].deadline.at, runtime_.Now() + 7s);
  stop.request_stop();
  EXPECT_TRUE(http_.sent()[0].deadline.stop.stop_requested());
}

TEST_F(RestKubeApiTest, RefusesNamesThatWouldAddressSomethingElse) {
  for (const char* name : {"", ".", "..", "a/b", "../secrets/x"}) {
    EXPECT_EQ(api_.Delete({kube::kPods, "demo", name}, Soon()).error().code,
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(api_.Get({kube::kPods, "demo", name}, Soon()).error().code,
              ErrorCode::kInvalidArgument);
  }
  for (const char* ns : {".", "..", "a/b"}) {
    EXPECT_EQ(api_.Get({kube::kPods, ns, "web"}, Soon()).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(api_.List(kube::kPods, ns, {}, Soon()).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(api_.Create(kube::kPods, ns, Json::object(), Soon()).error().code,
              ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(http_.sent().empty());
}

TEST_F(RestKubeApiTest, EncodesWhatIsSpecialInUrls) {
  http_.Answer(200, "{}");
  EXPECT_TRUE(api_.Get({kube::kPods, "demo", "a b?c#d%"}, Soon()));
  EXPECT_EQ(Url(), "https://kube:6443/api/v1/namespaces/demo/pods/a%20b%3Fc%23d%25");
}

TEST_F(RestKubeApiTest, CreatesAsAFieldManager) {
  http_.Answer(201, R"({"metadata":{"uid":"1"}})");
  const Json object = {{"metadata", {{"name", "c"}}}};
  EXPECT_EQ(JsonString(*api_.Create(kube::kConfigMaps, "demo", object, Soon()), "/metadata/uid"),
            "1");
  EXPECT_EQ(Sent().method, "POST");
  EXPECT_EQ(Url(), "https://kube:6443/api/v1/namespaces/demo/configmaps?fieldManager=rollout-gate");
  EXPECT_EQ(Sent().headers.Get("Content-Type"), "application/json");
  EXPECT_EQ(Json::parse(Sent().body), object);
}

TEST_F(RestKubeApiTest, PatchesObjectsAndTheirStatus) {
  http_.Answer(200, "{}");
  http_.Answer(200, "{}");
  const Json patch = {{"spec", {{"paused", nullptr}}}};
  EXPECT_TRUE(api_.MergePatch(kRollout, patch, KubeSubresource::kNone, Soon()));
  EXPECT_TRUE(api_.MergePatch(kRollout, patch, KubeSubresource::kStatus, Soon()));
  EXPECT_EQ(Sent(0).method, "PATCH");
  EXPECT_THAT(Url(0), testing::EndsWith("/rollouts/web?fieldManager=rollout-gate"));
  EXPECT_THAT(Url(1), testing::EndsWith("/rollouts/web/status?fieldManager=rollout-gate"));
  EXPECT_EQ(Sent(0).headers.Get("Content-Type"), "application/merge-patch+json");
  EXPECT_EQ(Sent(0).body, R"({"spec":{"paused":null}})");
}

TEST_F(RestKubeApiTest, AppliesWithAndWithoutForce) {
  http_.Answer(200, "{}");
  http_.Answer(200, "{}");
  EXPECT_TRUE(api_.Apply(kRollout, Json::object(), "a manager", KubeApi::Force::kNo,
                         KubeSubresource::kNone, Soon()));
  EXPECT_TRUE(api_.Apply(kRollout, Json::object(), "m", KubeApi::Force::kYes,
                         KubeSubresource::kStatus, Soon()));
  EXPECT_EQ(Sent(0).method, "PATCH");
  EXPECT_EQ(Sent(0).headers.Get("Content-Type"), "application/apply-patch+yaml");
  EXPECT_THAT(Url(0), testing::EndsWith("/rollouts/web?fieldManager=a%20manager&force=false"));
  EXPECT_THAT(Url(1), testing::EndsWith("/rollouts/web/status?fieldManager=m&force=true"));
}

TEST_F(RestKubeApiTest, DeletesInTheBackground) {
  http_.Answer(200, R"({"kind":"Status","status":"Success"})");
  EXPECT_TRUE(api_.Delete(kPod, Soon()));
  EXPECT_EQ(Sent().method, "DELETE");
  EXPECT_THAT(Url(), testing::EndsWith("/pods/web?propagationPolicy=Background"));
}

TEST_F(RestKubeApiTest, GetsRawText) {
  http_.Answer(200, "line 1\nline 2\n");
  EXPECT_EQ(*api_.GetRaw("/api/v1/namespaces/demo/pods/web/log?tailLines=2", Soon()),
            "line 1\nline 2\n");
  EXPECT_EQ(Url(), "https://kube:6443/api/v1/namespaces/demo/pods/web/log?tailLines=2");
  EXPECT_EQ(Sent().headers.Get("Accept"), std::nullopt);
  http_.Answer(404, Status(404, "NotFound"));
  EXPECT_EQ(api_.GetRaw("/x", Soon()).error().code, ErrorCode::kNotFound);
}

// --- Lists

TEST_F(RestKubeApiTest, ListsPageByPage) {
  http_.Answer(200, R"({"metadata":{"resourceVersion":"7","continue":"t/1="},
                        "items":[{"n":1},{"n":2}]})");
  http_.Answer(200, R"({"metadata":{"resourceVersion":"7","continue":""},"items":[{"n":3}]})");
  const auto list =
      api_.List(kube::kPods, "demo", {"app=web,tier!=db", "status.phase=Running"}, Soon());
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->resource_version, "7");
  EXPECT_THAT(list->items, ElementsAre(Json{{"n", 1}}, Json{{"n", 2}}, Json{{"n", 3}}));
  const std::string first =
      "https://kube:6443/api/v1/namespaces/demo/pods?labelSelector=app%3Dweb%2Ctier%21%3Ddb"
      "&fieldSelector=status.phase%3DRunning&limit=100";
  EXPECT_EQ(Url(0), first);
  EXPECT_EQ(Url(1), first + "&continue=t%2F1%3D");
}

TEST_F(RestKubeApiTest, HandsOverEachPageBeforeItAsksForTheNext) {
  http_.Answer(200,
               R"({"metadata":{"resourceVersion":"7","continue":"t"},"items":[{"n":1},{"n":2}]})");
  http_.Answer(200, R"({"metadata":{"resourceVersion":"7","continue":"u"},"items":null})");
  http_.Answer(410, Status(410, "Expired"));
  std::vector<std::string> seen;
  const auto version = api_.ListPages(
      kube::kPods, "demo", {},
      [&](const std::vector<Json>& items) {
        seen.push_back(std::to_string(http_.sent().size()) + ": " + Json(items).dump());
      },
      Soon());
  EXPECT_EQ(version.error().code, ErrorCode::kGone);
  EXPECT_THAT(seen, ElementsAre("1: [{\"n\":1},{\"n\":2}]", "2: []"));
}

TEST_F(RestKubeApiTest, ListsAllNamespaces) {
  http_.Answer(200, R"({"metadata":{"resourceVersion":"7"},"items":null})");
  EXPECT_TRUE(api_.List(kube::kRollouts, "", {}, Soon())->items.empty());
  EXPECT_EQ(Url(), "https://kube:6443/apis/argoproj.io/v1alpha1/rollouts?limit=100");
}

TEST_F(RestKubeApiTest, AListThatExpiresBetweenItsPagesIsGone) {
  http_.Answer(200, R"({"metadata":{"resourceVersion":"7","continue":"t"},"items":[]})");
  http_.Answer(410, Status(410, "Expired"));
  EXPECT_EQ(api_.List(kube::kPods, "demo", {}, Soon()).error().code, ErrorCode::kGone);
}

// Nothing but another question can help here, so nobody asks the same one again.
TEST_F(RestKubeApiTest, AListWithoutEndIsAnInvalidArgument) {
  for (int i = 0; i < 5000; ++i) {
    http_.Answer(200, R"({"metadata":{"resourceVersion":"7","continue":"t"},"items":[]})");
  }
  EXPECT_EQ(api_.List(kube::kPods, "demo", {}, Soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(http_.all_used());
}

TEST_F(RestKubeApiTest, WatchObjectsEndsWhenAListIsTooLarge) {
  http_.Fail(HttpErrorKind::kBodyTooLarge, "a body of more than the 33554432 bytes allowed");
  const Error ended = WatchObjects(api_, runtime_, kube::kPods, "demo", {}, {}, Soon());
  EXPECT_EQ(ended.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ended.message,
            "list pods demo: a body of more than the 33554432 bytes allowed (body-too-large)");
  EXPECT_EQ(http_.sent().size(), 1U);
}

TEST_F(RestKubeApiTest, WatchObjectsEndsWhenAnEventIsTooLarge) {
  RestKubeApi api(http_, files_, runtime_,
                  {.server = "https://kube:6443", .watch_event_limit = 100});
  http_.Answer(200, R"({"metadata":{"resourceVersion":"7"},"items":[]})");
  http_.Stream({std::string(101, ' ')});
  WatchHandlers handlers;
  handlers.on_snapshot = [](const KubeList&) {};
  const Error ended = WatchObjects(api, runtime_, kube::kPods, "demo", {}, handlers, Soon());
  EXPECT_EQ(ended.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ended.message, "watch pods demo: an event of more than the 100 bytes allowed");
  EXPECT_EQ(http_.sent().size(), 2U);
}

TEST_F(RestKubeApiTest, RefusesAnswersThatAreNoListOrNoObject) {
  for (const char* body : {"", "[]", "{", "1", "{\"items\":[]} x", "<html>"}) {
    http_.Answer(200, body);
    EXPECT_EQ(GetError().code, ErrorCode::kProtocol) << body;
  }
  for (const char* body : {"{}", R"({"items":{}})", R"({"items":"x"})"}) {
    http_.Answer(200, body);
    EXPECT_EQ(api_.List(kube::kPods, "demo", {}, Soon()).error().code, ErrorCode::kProtocol);
  }
}

// --- Watches

class RestKubeApiWatchTest : public RestKubeApiTest {
 protected:
  Result<void> Watch(Nanos duration) {
    return api_.Watch(kube::kPods, "demo", {"app=web", ""}, "42", handler_, runtime_.In(duration));
  }

  std::vector<std::string> seen_;
  bool more_ = true;
  const KubeEventHandler handler_ = [this](const KubeEvent& event) {
    seen_.push_back(JsonString(event.object, "/metadata/name"));
    return more_;
  };
  static constexpr const char* kEventA =
      "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"}}}\n";
};

TEST_F(RestKubeApiWatchTest, AsksForBookmarksAndAnEnd) {
  http_.Stream({});
  EXPECT_TRUE(Watch(90s));
  EXPECT_EQ(Url(),
            "https://kube:6443/api/v1/namespaces/demo/pods?watch=true&allowWatchBookmarks=true"
            "&resourceVersion=42&timeoutSeconds=90&labelSelector=app%3Dweb");
}

TEST_F(RestKubeApiWatchTest, LastsAtLeastASecondAndAtMostFiveMinutes) {
  http_.Stream({});
  http_.Stream({});
  EXPECT_TRUE(Watch(10ms));
  EXPECT_THAT(Url(0), HasSubstr("timeoutSeconds=1&"));
  EXPECT_EQ(http_.sent()[0].deadline.at, runtime_.Now() + 10ms);
  EXPECT_TRUE(Watch(24h));
  EXPECT_THAT(Url(1), HasSubstr("timeoutSeconds=300&"));
  // And then some, for the server to end it by itself.
  EXPECT_EQ(http_.sent()[1].deadline.at, runtime_.Now() + 330s);
}

TEST_F(RestKubeApiWatchTest, CanBeWithoutDeadline) {
  http_.Stream({});
  EXPECT_TRUE(api_.Watch(kube::kPods, "", {}, "1", handler_, {Instant::max()}));
  EXPECT_THAT(Url(), HasSubstr("timeoutSeconds=300"));
}

TEST_F(RestKubeApiWatchTest, DeliversEventsUntilAnOrderlyEnd) {
  http_.Stream({"{\"type\":\"ADDED\",\"object\":{\"metada", "ta\":{\"name\":\"a\"}}}\n{\"type\":",
                "\"DELETED\",\"object\":{\"metadata\":{\"name\":\"b\"}}}\n"});
  EXPECT_TRUE(Watch(1h));
  EXPECT_THAT(seen_, ElementsAre("a", "b"));
}

TEST_F(RestKubeApiWatchTest, SucceedsWhenTheHandlerEndsIt) {
  more_ = false;
  http_.Stream({kEventA, kEventA});
  EXPECT_TRUE(Watch(1h));
  EXPECT_THAT(seen_, ElementsAre("a"));
}

TEST_F(RestKubeApiWatchTest, IsGoneByAnswerOrByEvent) {
  http_.Answer(410, Status(410, "Expired"));
  EXPECT_EQ(Watch(1h).error().code, ErrorCode::kGone);
  http_.Stream({kEventA, "{\"type\":\"ERROR\",\"object\":" + Status(410, "Gone") + "}\n"});
  EXPECT_EQ(Watch(1h).error().code, ErrorCode::kGone);
}

TEST_F(RestKubeApiWatchTest, ABrokenConnectionIsUnavailableAfterItsEvents) {
  http_.Stream({kEventA}, HttpErrorKind::kReset);
  EXPECT_EQ(Watch(1h).error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(seen_, ElementsAre("a"));
}

TEST_F(RestKubeApiWatchTest, TellsTheCallersDeadlineFromASilentServer) {
  http_.Stream({}, HttpErrorKind::kTimeout);
  http_.Stream({}, HttpErrorKind::kTimeout);
  EXPECT_EQ(Watch(5s).error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(Watch(24h).error().code, ErrorCode::kUnavailable);
}

TEST_F(RestKubeApiWatchTest, ACancelledWatchIsCancelled) {
  http_.Stream({kEventA}, HttpErrorKind::kCancelled);
  EXPECT_EQ(Watch(1h).error().code, ErrorCode::kCancelled);
}

// --- Errors

TEST_F(RestKubeApiTest, ClassifiesAnswers) {
  const struct {
    int status;
    const char* reason;
    ErrorCode code;
  } cases[] = {
      {302, "", ErrorCode::kProtocol},
      {400, "BadRequest", ErrorCode::kInvalidArgument},
      {401, "Unauthorized", ErrorCode::kPermissionDenied},
      {403, "Forbidden", ErrorCode::kPermissionDenied},
      {404, "NotFound", ErrorCode::kNotFound},
      {405, "MethodNotAllowed", ErrorCode::kInvalidArgument},
      {408, "Timeout", ErrorCode::kUnavailable},
      {409, "Conflict", ErrorCode::kConflict},
      {409, "AlreadyExists", ErrorCode::kAlreadyExists},
      {410, "Expired", ErrorCode::kGone},
      {413, "RequestEntityTooLarge", ErrorCode::kInvalidArgument},
      {415, "UnsupportedMediaType", ErrorCode::kInvalidArgument},
      {422, "Invalid", ErrorCode::kInvalidArgument},
      {429, "TooManyRequests", ErrorCode::kResourceExhausted},
      {500, "InternalError", ErrorCode::kUnavailable},
      {503, "ServiceUnavailable", ErrorCode::kUnavailable},
      {504, "Timeout", ErrorCode::kUnavailable},
  };
  for (const auto& expected : cases) {
    http_.Answer(expected.status, Status(expected.status, expected.reason));
    const Error error = GetError();
    EXPECT_EQ(error.code, expected.code) << expected.status << expected.reason;
    EXPECT_THAT(error.message, HasSubstr("get pods demo/web: " + std::to_string(expected.status)));
    EXPECT_THAT(error.message, HasSubstr("server's words"));
  }
}

TEST_F(RestKubeApiTest, DoesNotQuoteAnAnswerThatIsNoStatus) {
  http_.Answer(502, "<html>internal details</html>");
  const Error error = GetError();
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(error.message, "get pods demo/web: 502");
}

TEST_F(RestKubeApiTest, LimitsTheServersWords) {
  http_.Answer(400, Status(400, "BadRequest", std::string(100'000, 'x')));
  EXPECT_LT(GetError().message.size(), 1200U);
}

TEST_F(RestKubeApiTest, KnowsHowLongToWait) {
  HttpHeaders headers;
  headers.Add("Retry-After", "7");
  http_.Answer(429, "", headers);
  EXPECT_EQ(GetError().retry_after, 7s);
  http_.Answer(500, R"({"kind":"Status","details":{"retryAfterSeconds":3}})");
  EXPECT_EQ(GetError().retry_after, 3s);
  http_.Answer(500, R"({"kind":"Status","details":{"retryAfterSeconds":9000000000000000000}})");
  EXPECT_EQ(GetError().retry_after, 24h);
  http_.Answer(500, "");
  EXPECT_EQ(GetError().retry_after, std::nullopt);
}

TEST_F(RestKubeApiTest, ClassifiesTransportErrors) {
  const std::pair<HttpErrorKind, ErrorCode> cases[] = {
      {HttpErrorKind::kInvalidRequest, ErrorCode::kInvalidArgument},
      {HttpErrorKind::kResolve, ErrorCode::kUnavailable},
      {HttpErrorKind::kConnect, ErrorCode::kUnavailable},
      {HttpErrorKind::kTls, ErrorCode::kUnavailable},
      {HttpErrorKind::kTimeout, ErrorCode::kDeadlineExceeded},
      {HttpErrorKind::kReset, ErrorCode::kUnavailable},
      {HttpErrorKind::kProtocol, ErrorCode::kUnavailable},
      {HttpErrorKind::kBodyTooLarge, ErrorCode::kInvalidArgument},
      {HttpErrorKind::kCircuitOpen, ErrorCode::kUnavailable},
      {HttpErrorKind::kCancelled, ErrorCode::kCancelled},
  };
  for (const auto& [kind, code] : cases) {
    http_.Fail(kind, "kube:6443: reason");
    const Error error = GetError();
    EXPECT_EQ(error.code, code) << ToString(kind);
    EXPECT_THAT(error.message, HasSubstr("get pods demo/web: kube:6443: reason"));
  }
}

// --- Tokens

TEST_F(RestKubeApiTest, ReadsTheTokenAnewForEveryRequest) {
  RestKubeApiOptions options = Options();
  options.token_file = "token";
  RestKubeApi api(http_, files_, runtime_, options);
  http_.Answer(200, "{}");
  http_.Answer(200, "{}");
  files_.Put("token", "first\n");
  EXPECT_TRUE(api.Get(kPod, Soon()));
  files_.Put("token", "second");
  EXPECT_TRUE(api.Get(kPod, Soon()));
  EXPECT_EQ(Sent(0).bearer_token.Reveal(), "first");
  EXPECT_EQ(Sent(1).bearer_token.Reveal(), "second");
}

TEST_F(RestKubeApiTest, ATokenThatCannotBeReadIsNeverAMissingObject) {
  RestKubeApiOptions options = Options();
  options.token_file = "token";
  RestKubeApi api(http_, files_, runtime_, options);
  EXPECT_EQ(api.Get(kPod, Soon()).error().code, ErrorCode::kUnavailable);
  files_.Put("token", " \n");
  EXPECT_EQ(api.Get(kPod, Soon()).error().code, ErrorCode::kUnavailable);
  files_.Fail("token", ErrorCode::kPermissionDenied);
  EXPECT_EQ(api.Get(kPod, Soon()).error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(api.Get(kPod, Soon()).error().message,
              HasSubstr("get pods demo/web: reading the token: token"));
  EXPECT_TRUE(http_.sent().empty());
}

TEST_F(RestKubeApiTest, NoErrorHoldsTheToken) {
  http_.Fail(HttpErrorKind::kReset);
  EXPECT_THAT(GetError().message, testing::Not(HasSubstr("t0ken")));
  http_.Answer(401, Status(401, "Unauthorized"));
  EXPECT_THAT(GetError().message, testing::Not(HasSubstr("t0ken")));
}

}  // namespace
}  // namespace gate
