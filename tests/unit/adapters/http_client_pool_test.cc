// Connections that are kept, and what happens when one turns out dead.

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "gate/adapters/beast_http_client.h"
#include "tests/support/raw_server.h"
#include "tests/unit/adapters/http_test_helpers.h"

namespace gate {
namespace {

void ExpectOk(HttpClient& client, const HttpRequest& request) {
  const auto response = client.Send(request, In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response.value().body, "ok");
}

TEST(HttpClientPoolTest, UsesAConnectionAgain) {
  const RawServer server(AnswerAll);
  BeastHttpClient client;
  for (int i = 0; i < 3; ++i) ExpectOk(client, GetOf(server.Url()));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientPoolTest, KeepsNoneIfToldSo) {
  const RawServer server(AnswerAll);
  HttpClientOptions options;
  options.most_idle_connections = 0;
  BeastHttpClient client(options);
  for (int i = 0; i < 3; ++i) ExpectOk(client, GetOf(server.Url()));
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClientPoolTest, KeepsNoneForLongerThanAllowed) {
  const RawServer server(AnswerAll);
  HttpClientOptions options;
  options.longest_idle = Nanos(0);
  BeastHttpClient client(options);
  for (int i = 0; i < 3; ++i) ExpectOk(client, GetOf(server.Url()));
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClientPoolTest, ClosesTheLongestIdleBeyondTheMost) {
  const RawServer a(AnswerAll);
  const RawServer b(AnswerAll);
  HttpClientOptions options;
  options.most_idle_connections = 1;
  BeastHttpClient client(options);
  ExpectOk(client, GetOf(a.Url()));
  ExpectOk(client, GetOf(b.Url()));  // closes a's
  ExpectOk(client, GetOf(b.Url()));
  ExpectOk(client, GetOf(a.Url()));
  EXPECT_EQ(a.connections(), 2);
  EXPECT_EQ(b.connections(), 1);
}

TEST(HttpClientPoolTest, DoesNotKeepAConnectionThatThePeerWillClose) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    peer.AwaitClose();
  });
  BeastHttpClient client;
  for (int i = 0; i < 2; ++i) ExpectOk(client, GetOf(server.Url()));
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClientPoolTest, DoesNotKeepAConnectionWithUnexpectedBytes) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    // The second answer could be taken for that of somebody else's request.
    peer.Send(std::string(kOk) + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    peer.AwaitClose();
  });
  BeastHttpClient client;
  for (int i = 0; i < 2; ++i) ExpectOk(client, GetOf(server.Url()));
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClientPoolTest, DoesNotKeepAConnectionThatTimedOut) {
  std::atomic<int> requests = 0;
  const RawServer server([&](RawPeer& peer) {
    // A late answer to the first request would otherwise be taken for that to the second.
    if (!peer.ReadRequest().empty() && ++requests == 1) return peer.AwaitClose();
    peer.Send(kOk);
    peer.AwaitClose();
  });
  BeastHttpClient client;
  while (requests == 0) {
    EXPECT_EQ(ErrorOf(client.Send(GetOf(server.Url()), In(kShort))).kind, HttpErrorKind::kTimeout);
  }
  ExpectOk(client, GetOf(server.Url()));
}

TEST(HttpClientPoolTest, AStopRequestAfterAnAnswerDoesNotHarmTheNext) {
  const RawServer server(AnswerAll);
  BeastHttpClient client;
  for (int i = 0; i < 20; ++i) {
    std::stop_source stop;
    std::thread stopper([&] { stop.request_stop(); });
    // Whichever comes first: an answer or the stop.
    const auto response = client.Send(GetOf(server.Url()), In(kPlenty, stop.get_token()));
    if (!response) {
      EXPECT_EQ(response.error().kind, HttpErrorKind::kCancelled);
    }
    stopper.join();
    ExpectOk(client, GetOf(server.Url()));
    ExpectOk(client, PostOf(server.Url(), "x"));
  }
}

// A server whose first connection dies at the second request, without a word.
class DyingServer {
 public:
  int connections() const { return server_.connections(); }
  int requests() const { return requests_.load(); }
  std::string Url() const { return server_.Url(); }

 private:
  void Serve(RawPeer& peer) {
    const bool first = server_.connections() == 1;
    while (!peer.ReadRequest().empty()) {
      if (++requests_ == 2 && first) return peer.Reset();
      peer.Send(kOk);
    }
  }

  std::atomic<int> requests_ = 0;
  RawServer server_{[this](RawPeer& peer) { Serve(peer); }};
};

TEST(HttpClientPoolTest, ReplacesADeadConnectionForRequestsThatMayBeRepeated) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE"}) {
    const DyingServer server;
    BeastHttpClient client;
    ExpectOk(client, GetOf(server.Url()));
    HttpRequest request = GetOf(server.Url());
    request.method = method;
    const auto response = client.Send(request, In(kPlenty));
    ASSERT_TRUE(response) << method << ": " << response.error().message;
    EXPECT_EQ(server.connections(), 2);
    EXPECT_EQ(server.requests(), 3);
  }
}

TEST(HttpClientPoolTest, NeverRepeatsARequestThatMayHaveTakenEffect) {
  for (const char* method : {"POST", "PATCH"}) {
    const DyingServer server;
    BeastHttpClient client;
    ExpectOk(client, GetOf(server.Url()));
    HttpRequest request = PostOf(server.Url(), "x");
    request.method = method;
    EXPECT_EQ(ErrorOf(client.Send(request, In(kPlenty))).kind, HttpErrorKind::kReset);
    EXPECT_EQ(server.requests(), 2);
  }
}

TEST(HttpClientPoolTest, NeverRepeatsARequestOnAFreshConnection) {
  std::atomic<int> requests = 0;
  const RawServer server([&](RawPeer& peer) {
    peer.ReadRequest();
    ++requests;
    peer.Reset();
  });
  BeastHttpClient client;
  EXPECT_EQ(ErrorOf(client.Send(GetOf(server.Url()), In(kPlenty))).kind, HttpErrorKind::kReset);
  EXPECT_EQ(requests, 1);
}

TEST(HttpClientPoolTest, NeverRepeatsARequestWhoseAnswerHadBegun) {
  std::atomic<int> requests = 0;
  const RawServer server([&](RawPeer& peer) {
    peer.ReadRequest();
    ++requests;
    peer.Send(kOk);
    peer.ReadRequest();
    ++requests;
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
  });
  BeastHttpClient client;
  ExpectOk(client, GetOf(server.Url()));
  EXPECT_EQ(ErrorOf(client.Send(GetOf(server.Url()), In(kPlenty))).kind, HttpErrorKind::kReset);
  EXPECT_EQ(requests, 2);
}

TEST(HttpClientPoolTest, ARequestOnAKeptConnectionThatThePeerHasClosedGoesToAFreshOne) {
  // Even a POST: that the connection is closed shows before anything is sent.
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false;
  const RawServer server([&](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send(kOk);
    const std::lock_guard lock(mutex);
    if (std::exchange(closed, true)) return peer.AwaitClose();
    peer.Interrupt();
    changed.notify_one();
  });
  BeastHttpClient client;
  ExpectOk(client, PostOf(server.Url(), "x"));
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return closed; });
  }
  ExpectOk(client, PostOf(server.Url(), "x"));
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClientPoolTest, ARepetitionKeepsTheDeadline) {
  // On a busy machine a short deadline may pass before the repetition.
  for (Nanos duration = kShort; duration < kSlack; duration *= 2) {
    std::atomic<int> requests = 0;
    const RawServer server([&](RawPeer& peer) {
      while (!peer.ReadRequest().empty()) {
        const int number = ++requests;
        if (number == 1) peer.Send(kOk);
        if (number == 2) return peer.Reset();
      }
    });
    BeastHttpClient client;
    ExpectOk(client, GetOf(server.Url()));
    const Instant begin = SteadyNow();
    EXPECT_EQ(ErrorOf(client.Send(GetOf(server.Url()), In(duration))).kind,
              HttpErrorKind::kTimeout);
    EXPECT_GE(SteadyNow() - begin, duration);
    EXPECT_LT(SteadyNow() - begin, duration + kSlack);
    if (requests == 3) return;
  }
  FAIL() << "the request was never repeated";
}

}  // namespace
}  // namespace gate
