// What an independent implementation of HTTP understands of our requests, and we of its answers.

#include <httplib.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "gate/adapters/beast_http_client.h"
#include "tests/support/raw_server.h"
#include "tests/unit/adapters/http_test_helpers.h"

namespace gate {
namespace {

class HttpClientPeerTest : public testing::Test {
 protected:
  HttpClientPeerTest() { port_ = server_.bind_to_any_port("127.0.0.1"); }
  ~HttpClientPeerTest() override {
    client_.reset();  // its idle connections keep the server's threads
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void Start() {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  HttpResponse Send(const HttpRequest& request) {
    auto response = client_->Send(request, In(kPlenty));
    EXPECT_TRUE(response) << (response ? "" : response.error().message);
    return response ? *response : HttpResponse();
  }

  httplib::Server server_;
  std::optional<BeastHttpClient> client_{std::in_place};

 private:
  int port_ = 0;
  std::thread thread_;
};

TEST_F(HttpClientPeerTest, SendsMethodTargetHeadersAndBody) {
  std::mutex mutex;
  httplib::Request seen;
  const auto keep = [&](const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(mutex);
    seen = request;
    response.status = 201;
    response.set_content("made", "text/plain");
  };
  server_.Get("/.*", keep);
  server_.Post("/.*", keep);
  server_.Put("/.*", keep);
  server_.Patch("/.*", keep);
  server_.Delete("/.*", keep);
  Start();
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    const std::string body = method == "GET" ? "" : "the body";
    HttpRequest request = PostOf(Url("/a%20b?x=1&y=%26"), body);
    request.method = method;
    request.headers.Add("X-Test", "value");
    request.bearer_token = Secret("t0ken");
    const HttpResponse response = Send(request);
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.body, "made");
    EXPECT_EQ(response.headers.Get("content-type"), "text/plain");
    const std::lock_guard lock(mutex);
    EXPECT_EQ(seen.method, method);
    EXPECT_EQ(seen.path, "/a b");
    EXPECT_EQ(seen.get_param_value("x"), "1");
    EXPECT_EQ(seen.get_param_value("y"), "&");
    EXPECT_EQ(seen.get_header_value("X-Test"), "value");
    EXPECT_EQ(seen.get_header_value("Authorization"), "Bearer t0ken");
    EXPECT_EQ(seen.get_header_value("Accept-Encoding"), "identity");
    EXPECT_EQ(seen.body, body);
  }
}

TEST_F(HttpClientPeerTest, AnEmptyBearerTokenSendsNoAuthorization) {
  std::atomic<bool> has_header = true;
  server_.Get("/", [&](const httplib::Request& request, httplib::Response&) {
    has_header = request.has_header("Authorization");
  });
  Start();
  EXPECT_EQ(Send(GetOf(Url("/"))).status, 200);
  EXPECT_FALSE(has_header);
}

TEST_F(HttpClientPeerTest, SendsALargeBody) {
  std::atomic<std::size_t> size = 0;
  server_.Post("/", [&](const httplib::Request& request, httplib::Response&) {
    size = request.body.size();
  });
  Start();
  const std::size_t large = std::size_t{5} << 20U;
  EXPECT_EQ(Send(PostOf(Url("/"), std::string(large, 'x'))).status, 200);
  EXPECT_EQ(size, large);
}

TEST_F(HttpClientPeerTest, FollowsNoRedirects) {
  std::atomic<int> reached = 0;
  server_.Get("/from", [](const httplib::Request&, httplib::Response& response) {
    response.set_redirect("/to", 302);
  });
  server_.Get("/to", [&](const httplib::Request&, httplib::Response&) { ++reached; });
  Start();
  const HttpResponse response = Send(GetOf(Url("/from")));
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.headers.Get("Location"), "/to");
  EXPECT_EQ(reached, 0);
}

TEST_F(HttpClientPeerTest, AnswersOfAnyStatusAreValues) {
  server_.Get("/(\\d+)", [](const httplib::Request& request, httplib::Response& response) {
    response.status = std::stoi(request.matches[1]);
  });
  Start();
  for (const int status : {200, 204, 304, 400, 401, 404, 409, 410, 422, 429, 500, 503}) {
    EXPECT_EQ(Send(GetOf(Url("/" + std::to_string(status)))).status, status);
  }
}

TEST_F(HttpClientPeerTest, CollectsAndStreamsChunks) {
  server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("text/plain",
                                          [](std::size_t offset, httplib::DataSink& sink) {
                                            const std::string piece(1000, 'a');
                                            sink.write(piece.data(), piece.size());
                                            if (offset >= 99'000) sink.done();
                                            return true;
                                          });
  });
  Start();
  HttpRequest request = GetOf(Url("/"));
  EXPECT_EQ(Send(request).body, std::string(100'000, 'a'));
  std::string streamed;
  request.on_body = [&](std::string_view piece) {
    streamed += piece;
    return true;
  };
  EXPECT_EQ(Send(request).body, "");
  EXPECT_EQ(streamed, std::string(100'000, 'a'));
}

TEST_F(HttpClientPeerTest, ReadsAHeadAnswer) {
  server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("twelve bytes", "text/plain");
  });
  Start();
  HttpRequest request = GetOf(Url("/"));
  request.method = "HEAD";
  const HttpResponse response = Send(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("Content-Length"), "12");
  EXPECT_EQ(response.body, "");
}

TEST_F(HttpClientPeerTest, ServesManyThreadsAtOnce) {
  server_.Get("/(\\d+)", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.matches[1], "text/plain");
  });
  Start();
  constexpr int kThreads = 8;
  constexpr int kRequests = 25;
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < kRequests; ++j) {
        const std::string number = std::to_string(i * kRequests + j);
        const auto response = client_->Send(GetOf(Url("/" + number)), In(kPlenty));
        if (response && response.value().body == number) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, kThreads * kRequests);
}

TEST_F(HttpClientPeerTest, ReachesAHostByItsName) {
  server_.Get("/", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.get_header_value("Host"), "text/plain");
  });
  Start();
  std::string url = Url("/");
  url.replace(url.find("127.0.0.1"), 9, "LOCALHOST");
  // Where localhost is ::1 first, that address refuses, and the next one is tried.
  EXPECT_EQ(Send(GetOf(url)).body.substr(0, 10), "localhost:");
}

TEST(HttpClientAddressTest, ReachesAnIpv6Literal) {
  std::string seen;
  RawServer server(
      [&](RawPeer& peer) {
        seen = peer.ReadRequest();
        peer.Send("HTTP/1.1 204 No Content\r\n\r\n");
      },
      "::1");
  BeastHttpClient client;
  const auto response = client.Send(GetOf(server.Url()), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response.value().status, 204);
  EXPECT_NE(seen.find("\r\nHost: [::1]:" + std::to_string(server.port()) + "\r\n"),
            std::string::npos);
}

TEST(HttpClientAddressTest, TriesTheNextAddressIfOneRefuses) {
  RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 204 No Content\r\n\r\n");
  });
  // Nothing listens on this port at 127.0.0.2.
  BeastHttpClient client({}, HostResolver([](const std::string&, std::uint16_t port) {
                           HostResolver literal;
                           auto first = literal.Resolve("127.0.0.2", port, In(kPlenty));
                           auto second = literal.Resolve("127.0.0.1", port, In(kPlenty));
                           first->push_back(second->front());
                           return LookUpResult(*std::move(first));
                         }));
  const std::string url = "http://two.example:" + std::to_string(server.port()) + "/";
  EXPECT_TRUE(client.Send(GetOf(url), In(kPlenty)));
}

TEST(HttpClientAddressTest, OneSilentAddressDoesNotUseUpTheWholeDeadline) {
  const RawServer silent{RawServer::Unreachable()};
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 204 No Content\r\n\r\n");
  });
  BeastHttpClient client({}, HostResolver([&](const std::string&, std::uint16_t) {
                           HostResolver literal;
                           const auto address = [&](int port) {
                             return *literal.Resolve("127.0.0.1", static_cast<std::uint16_t>(port),
                                                     In(kPlenty));
                           };
                           auto both = address(silent.port());
                           both.push_back(address(server.port()).front());
                           return LookUpResult(both);
                         }));
  // Half of the time is for the other one. On a busy machine that may need to be more.
  bool reached = false;
  for (Nanos duration = 2 * kShort; !reached && duration < kSlack; duration *= 2) {
    reached = client.Send(GetOf("http://two.example/"), In(duration)).has_value();
  }
  EXPECT_TRUE(reached);
}

TEST(HttpClientAnswerTest, CountsAnAnswerThatComesBeforeTheRequestIsSent) {
  // As a server does that refuses a large body by its announced length.
  const RawServer server([](RawPeer& peer) {
    peer.Send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
    peer.ReadRequest();
  });
  BeastHttpClient client;
  const auto response =
      client.Send(PostOf(server.Url(), std::string(std::size_t{4} << 20U, 'x')), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response.value().status, 413);
  EXPECT_EQ(response.value().body, "big");
}

TEST(HttpClientAnswerTest, TakesABodyThatEndsWithTheConnection) {
  const RawServer server([](RawPeer& peer) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
  });
  BeastHttpClient client;
  const auto response = client.Send(GetOf(server.Url()), In(kPlenty));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response.value().body, "until the end");
}

}  // namespace
}  // namespace gate
