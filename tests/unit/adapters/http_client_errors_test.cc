// Every way in which an exchange can fail, against peers that misbehave byte by byte.

#include <sys/socket.h>

#include <condition_variable>
#include <mutex>

#include "gate/adapters/beast_http_client.h"
#include "tests/support/raw_server.h"
#include "tests/unit/adapters/http_test_helpers.h"

namespace gate {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kToken = "t0p-s3cret-token";

HttpError Failure(const RawServer& server, const HttpRequest& request = {}) {
  BeastHttpClient client;
  HttpRequest copy = request;
  copy.url = server.Url("/private?nonce=n0nce");
  copy.bearer_token = Secret(std::string(kToken));
  HttpError error = ErrorOf(client.Send(copy, In(kPlenty)));
  // What every message owes: the peer, and no secret.
  EXPECT_NE(error.message.find("127.0.0.1:" + std::to_string(server.port())), std::string::npos)
      << error.message;
  EXPECT_EQ(error.message.find(kToken), std::string::npos);
  EXPECT_EQ(error.message.find("n0nce"), std::string::npos);
  return error;
}

// A port that refuses connections: it was free a moment ago.
int ClosedPort() {
  return RawServer([](RawPeer&) {}).port();
}

TEST(HttpClientErrorsTest, ARefusedConnectionIsConnect) {
  BeastHttpClient client;
  const HttpError error = ErrorOf(
      client.Send(GetOf("http://127.0.0.1:" + std::to_string(ClosedPort()) + "/"), In(kPlenty)));
  EXPECT_EQ(error.kind, HttpErrorKind::kConnect);
  EXPECT_NE(error.message.find("Connection refused"), std::string::npos) << error.message;
}

TEST(HttpClientErrorsTest, AnUnknownNameIsResolve) {
  BeastHttpClient client;
  EXPECT_EQ(ErrorOf(client.Send(GetOf("http://name.invalid/"), In(kPlenty))).kind,
            HttpErrorKind::kResolve);
}

TEST(HttpClientErrorsTest, AResetIsReset) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Reset();
  });
  EXPECT_EQ(Failure(server).kind, HttpErrorKind::kReset);
}

TEST(HttpClientErrorsTest, AResetInTheMiddleOfTheBodyIsReset) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello");
    peer.Reset();
  });
  EXPECT_EQ(Failure(server).kind, HttpErrorKind::kReset);
}

TEST(HttpClientErrorsTest, ClosingWithoutAnAnswerIsReset) {
  const RawServer server([](RawPeer& peer) { peer.ReadRequest(); });
  EXPECT_EQ(Failure(server).kind, HttpErrorKind::kReset);
}

TEST(HttpClientErrorsTest, ATruncatedBodyIsReset) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello");
  });
  EXPECT_EQ(Failure(server).kind, HttpErrorKind::kReset);
}

TEST(HttpClientErrorsTest, GarbageIsProtocol) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("220 mail.example.org ESMTP\r\n");
    peer.AwaitClose();
  });
  EXPECT_EQ(Failure(server).kind, HttpErrorKind::kProtocol);
}

TEST(HttpClientErrorsTest, AFloodOfHeadersIsProtocol) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n");
    while (peer.Send("X-Flood: 0123456789\r\n")) {
    }
  });
  EXPECT_EQ(Failure(server).kind, HttpErrorKind::kProtocol);
}

TEST(HttpClientErrorsTest, AFloodOfBodyIsBodyTooLarge) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.Send(std::string(10'000, 'x'))) {
    }
  });
  EXPECT_EQ(Failure(server).kind, HttpErrorKind::kBodyTooLarge);
}

TEST(HttpClientErrorsTest, EndingAStreamIsCancelled) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.Send("x")) {
    }
  });
  HttpRequest request;
  request.on_body = [](std::string_view) { return false; };
  EXPECT_EQ(Failure(server, request).kind, HttpErrorKind::kCancelled);
}

TEST(HttpClientErrorsTest, UnusableRequestsNeverReachThePeer) {
  const RawServer server([](RawPeer&) {});
  BeastHttpClient client;
  const auto refused = [&](const std::function<void(HttpRequest&)>& spoil) {
    HttpRequest request = GetOf(server.Url());
    spoil(request);
    const HttpError error = ErrorOf(client.Send(request, In(kPlenty)));
    EXPECT_EQ(error.kind, HttpErrorKind::kInvalidRequest) << error.message;
    EXPECT_EQ(error.message.find(kToken), std::string::npos);
  };
  refused([](HttpRequest& r) { r.method = "GET /x HTTP/1.1\r\nX: y\r\n\r\nGET"; });
  refused([](HttpRequest& r) { r.method = ""; });
  refused([](HttpRequest& r) { r.method = "CONNECT"; });
  refused([](HttpRequest& r) { r.url += "\r\nX-Injected: 1"; });
  refused([](HttpRequest& r) { r.url = "unix:///run/x"; });
  refused([](HttpRequest& r) { r.headers.Add("X", "a\r\nX-Injected: 1"); });
  refused([](HttpRequest& r) { r.headers.Add("X", "a\n"); });
  refused([](HttpRequest& r) { r.headers.Add("X", std::string("a\0b", 3)); });
  refused([](HttpRequest& r) { r.headers.Add("X: 1\r\nY", "a"); });
  refused([](HttpRequest& r) { r.headers.Add("", "a"); });
  refused([](HttpRequest& r) { r.headers.Add("content-length", "5"); });
  refused([](HttpRequest& r) { r.headers.Add("Transfer-Encoding", "chunked"); });
  refused([](HttpRequest& r) { r.headers.Add("Host", "elsewhere"); });
  refused([](HttpRequest& r) { r.headers.Add("Connection", "close"); });
  refused([](HttpRequest& r) { r.bearer_token = Secret(std::string(kToken) + "\n"); });
  refused([](HttpRequest& r) {
    r.bearer_token = Secret(std::string(kToken));
    r.headers.Add("authorization", "Basic x");
  });
  EXPECT_EQ(server.connections(), 0);
}

// --- Deadlines: one for everything, whatever the peer does.

TEST(HttpClientDeadlineTest, HoldsWhileTheResolverHangs) {
  // Outlives the client, as the thread that is left behind does.
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
    int inside = 0;
  };
  const auto gate = std::make_shared<Gate>();
  BeastHttpClient client({},
                         HostResolver([gate](const std::string&, std::uint16_t) -> LookUpResult {
                           std::unique_lock lock(gate->mutex);
                           ++gate->inside;
                           gate->changed.wait(lock, [&] { return gate->open; });
                           --gate->inside;
                           gate->changed.notify_all();
                           return std::string("too late");
                         }));
  ExpectTimeout(client, GetOf("http://hung.example/"), "resolving");
  ExpectCancelled(client, GetOf("http://hung.example/"), "resolving");
  std::unique_lock lock(gate->mutex);
  gate->open = true;
  gate->changed.notify_all();
  gate->changed.wait(lock, [&] { return gate->inside == 0; });
}

TEST(HttpClientDeadlineTest, HoldsWhileConnecting) {
  const RawServer server{RawServer::Unreachable()};
  BeastHttpClient client;
  ExpectTimeout(client, GetOf(server.Url()), "connecting");
  ExpectCancelled(client, GetOf(server.Url()), "connecting");
}

TEST(HttpClientDeadlineTest, HoldsDuringTheHandshake) {
  const RawServer server([](RawPeer& peer) { peer.AwaitClose(); });
  BeastHttpClient client;
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  ExpectTimeout(client, GetOf(url), "TLS handshake");
  ExpectCancelled(client, GetOf(url), "TLS handshake");
}

TEST(HttpClientDeadlineTest, HoldsWhileSending) {
  const RawServer server([](RawPeer& peer) { peer.AwaitClose(); });
  BeastHttpClient client;
  // More than the kernel buffers.
  const HttpRequest request = PostOf(server.Url(), std::string(std::size_t{32} << 20U, 'x'));
  ExpectTimeout(client, request, "sending");
  ExpectCancelled(client, request, "sending");
}

TEST(HttpClientDeadlineTest, HoldsWhileWaitingForAnAnswer) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.AwaitClose();
  });
  BeastHttpClient client;
  ExpectTimeout(client, GetOf(server.Url()), "reading");
  ExpectCancelled(client, GetOf(server.Url()), "reading");
}

TEST(HttpClientDeadlineTest, CannotBeStretchedByADrippedHeader) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Drip("HTTP/1.1 200 OK\r\nX: " + std::string(10'000, 'x'), 10ms);
  });
  BeastHttpClient client;
  ExpectTimeout(client, GetOf(server.Url()), "reading");
  ExpectCancelled(client, GetOf(server.Url()), "reading");
}

TEST(HttpClientDeadlineTest, CannotBeStretchedByADrippedBody) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
    peer.Drip(std::string(10'000, 'x'), 10ms);
  });
  BeastHttpClient client;
  ExpectTimeout(client, GetOf(server.Url()), "reading");
  ExpectCancelled(client, GetOf(server.Url()), "reading");
}

TEST(HttpClientDeadlineTest, CannotBeStretchedByAnEndlessStream) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.Send(std::string(10'000, 'x'))) {
    }
  });
  BeastHttpClient client;
  HttpRequest request = GetOf(server.Url());
  request.on_body = [](std::string_view) { return true; };
  ExpectTimeout(client, request, "reading");
  ExpectCancelled(client, request, "reading");
}

TEST(HttpClientDeadlineTest, APassedDeadlineSendsNothing) {
  const RawServer server([](RawPeer&) {});
  BeastHttpClient client;
  EXPECT_EQ(ErrorOf(client.Send(GetOf(server.Url()), In(Nanos(0)))).kind, HttpErrorKind::kTimeout);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClientDeadlineTest, AnEarlierStopRequestSendsNothing) {
  const RawServer server([](RawPeer&) {});
  BeastHttpClient client;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(ErrorOf(client.Send(GetOf(server.Url()), In(kPlenty, stop.get_token()))).kind,
            HttpErrorKind::kCancelled);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClientDeadlineTest, MayBeInfinite) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 204 No Content\r\n\r\n");
  });
  BeastHttpClient client;
  EXPECT_TRUE(client.Send(GetOf(server.Url()), {Instant::max()}));
}

}  // namespace
}  // namespace gate
