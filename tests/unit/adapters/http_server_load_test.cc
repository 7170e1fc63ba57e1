#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "gate/adapters/beast_http_client.h"
#include "tests/unit/adapters/http_server_fixture.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HttpServerLoadTest : public HttpServerFixture {
 protected:
  // Served, with a client of its own.
  bool IsServed(const std::string& path = "/") {
    BeastHttpClient client;
    const auto response = client.Send(GetOf(Url(path)), In(kPlenty));
    return response && response->status == 200;
  }

  void AwaitIdle(std::size_t count) const {
    while (server_->idle_connections() != count) std::this_thread::yield();
  }
};

constexpr std::string_view kStartOfARequest = "GET / HTTP/1.1\r\nHost: g\r\nX: ";

TEST_F(HttpServerLoadTest, ADripDoesNotStretchTheTimeForARequest) {
  options_.read_timeout = milliseconds(300);
  Start();
  RawClient client(Address());
  const Instant begin = SteadyNow();
  client.Send(kStartOfARequest);
  std::jthread drip([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      client.Send("x");
      std::this_thread::sleep_for(milliseconds(20));  // what is tested is a slow client
    }
  });
  const std::string answer = client.ReadAnswer();
  drip.request_stop();
  drip.join();
  EXPECT_EQ(StatusOf(answer), 408) << answer;
  EXPECT_GE(SteadyNow() - begin, milliseconds(300));
  EXPECT_LT(SteadyNow() - begin, kSlack);
}

TEST_F(HttpServerLoadTest, HalfARequestIsAnsweredWithATimeout) {
  options_.read_timeout = milliseconds(100);
  Start();
  EXPECT_EQ(StatusOf(Exchange(kStartOfARequest).bytes), 408);
  EXPECT_EQ(StatusOf(Exchange("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\n\r\na").bytes),
            408);
}

TEST_F(HttpServerLoadTest, AnIdleConnectionIsClosedWithoutAWord) {
  options_.longest_idle = milliseconds(100);
  Start();
  const Received fresh = Exchange("");
  EXPECT_THAT(fresh.bytes, IsEmpty());
  EXPECT_EQ(fresh.end, End::kEof);
  const Received used = Exchange("GET / HTTP/1.1\r\nHost: g\r\n\r\n");
  EXPECT_EQ(CountOf(used.bytes, "HTTP/1.1 "), 1U);
  EXPECT_EQ(used.end, End::kEof);
}

TEST_F(HttpServerLoadTest, AClientThatDoesNotReadItsAnswerIsCutOff) {
  options_.write_timeout = milliseconds(200);
  Start();
  RawClient client(Address());
  client.Get("/large");
  while (handler_.handled() == 0) std::this_thread::yield();
  server_->Stop();  // returns once the connection is gone, long before its own patience ends
  const Received received = client.ReadToEnd();
  EXPECT_EQ(StatusOf(received.bytes), 200);
  EXPECT_LT(received.bytes.size(), std::size_t{32} << 20U);
}

TEST_F(HttpServerLoadTest, AThousandIdleConnectionsHoldUpNobody) {
  Start();
  std::list<RawClient> idle;
  for (int i = 0; i < 1000; ++i) idle.emplace_back(Address());
  for (RawClient& client : idle) client.Send("GET / HTTP/1.1\r\nHost: g\r\n");  // and no end
  const Instant begin = SteadyNow();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(IsServed());
  EXPECT_LT(SteadyNow() - begin, std::chrono::seconds(2));
  idle.front().Send("\r\n");
  EXPECT_EQ(StatusOf(idle.front().ReadAnswer()), 200) << "they are still there";
}

TEST_F(HttpServerLoadTest, TwoHundredRequestsAtOnceAreAllHandled) {
  Start();
  std::list<RawClient> clients;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(Address());
    clients.back().Get("/block");
  }
  handler_.AwaitBlocked(200);
  handler_.Release();
  for (RawClient& client : clients) EXPECT_EQ(StatusOf(client.ReadAnswer()), 200);
}

TEST_F(HttpServerLoadTest, BeyondItsPlacesItAnswersAtOnce) {
  options_.most_requests = 2;
  Start();
  RawClient first(Address());
  RawClient second(Address());
  first.Get("/block");
  second.Get("/block");
  handler_.AwaitBlocked(2);
  RawClient third(Address());
  third.Get("/block");
  const std::string answer = third.ReadAnswer();
  EXPECT_EQ(StatusOf(answer), 503);
  EXPECT_THAT(answer, HasSubstr("overloaded"));
  EXPECT_TRUE(IsServed("/healthz"));
  handler_.Release();
  EXPECT_EQ(StatusOf(first.ReadAnswer()), 200);
  EXPECT_EQ(StatusOf(second.ReadAnswer()), 200);
  third.Get("/");
  EXPECT_EQ(StatusOf(third.ReadAnswer()), 200) << "a place is free again";
}

TEST_F(HttpServerLoadTest, OneConnectionMoreTakesThePlaceOfTheLongestIdleOne) {
  options_.most_connections = 3;
  Start();
  RawClient busy(Address());
  busy.Get("/block");
  handler_.AwaitBlocked(1);
  RawClient older(Address());
  older.Get("/");
  EXPECT_EQ(StatusOf(older.ReadAnswer()), 200);
  AwaitIdle(1);
  RawClient younger(Address());
  younger.Get("/");
  EXPECT_EQ(StatusOf(younger.ReadAnswer()), 200);
  AwaitIdle(2);
  RawClient newcomer(Address());
  newcomer.Get("/");
  EXPECT_EQ(StatusOf(newcomer.ReadAnswer()), 200);
  EXPECT_EQ(older.ReadToEnd().bytes, "");
  younger.Get("/");
  EXPECT_EQ(StatusOf(younger.ReadAnswer()), 200);
  handler_.Release();
  EXPECT_EQ(StatusOf(busy.ReadAnswer()), 200);
}

TEST_F(HttpServerLoadTest, WhenNobodyIsIdleTheNewcomerIsTurnedAway) {
  options_.most_connections = 1;
  Start();
  RawClient busy(Address());
  busy.Get("/block");
  handler_.AwaitBlocked(1);
  RawClient newcomer(Address());
  EXPECT_THAT(newcomer.ReadToEnd().bytes, IsEmpty());
  EXPECT_THAT(warnings(), Contains("a connection was refused: all 1 are in use"));
  handler_.Release();
  EXPECT_EQ(StatusOf(busy.ReadAnswer()), 200);
}

// cpp-httplib's server, which waits in select(), answers 500 here, and five of those in a row make
// Argo abort a good release.
TEST_F(HttpServerLoadTest, DescriptorNumbersBeyondAThousandAreNothingSpecial) {
  Start();  // raises the limit
  std::vector<int> fillers;
  do {
    fillers.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_GE(fillers.back(), 0);
  } while (fillers.back() < 1100);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(IsServed());
  for (const int fd : fillers) close(fd);
}

// clang++'s UBSan makes a pipe to look at an object of a type that is new to it, and takes what it
// then cannot look at for a mistake.
#if defined(__clang__)
constexpr bool kProgramNeedsDescriptors = __has_feature(undefined_behavior_sanitizer);
#else
constexpr bool kProgramNeedsDescriptors = false;
#endif

// For as long as it lives, one more descriptor can be opened. Whatever number becomes free
// meanwhile is below the limit, too: gaps are filled first, so that the limit is above all that is
// open.
class OneDescriptorLeft {
 public:
  OneDescriptorLeft() {
    const int highest = Highest();
    int next = dup(0);
    for (; next < highest; next = dup(0)) fillers_.push_back(next);
    close(next);
    getrlimit(RLIMIT_NOFILE, &former_);
    rlimit limit = former_;
    limit.rlim_cur = static_cast<rlim_t>(next) + 1;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~OneDescriptorLeft() {
    setrlimit(RLIMIT_NOFILE, &former_);
    for (const int filler : fillers_) close(filler);
  }

 private:
  // Of the open descriptors; may be that of the search itself, which does no harm.
  static int Highest() {
    int highest = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      highest = std::max(highest, std::stoi(entry.path().filename().string()));
    }
    return highest;
  }

  std::vector<int> fillers_;
  rlimit former_{};
};

TEST_F(HttpServerLoadTest, WithoutDescriptorsItGivesUpWhoeverIsIdleAndGoesOn) {
  if (kProgramNeedsDescriptors) GTEST_SKIP() << "UBSan needs descriptors of its own";
  Start();
  RawClient idle(Address());
  idle.Get("/");
  EXPECT_EQ(StatusOf(idle.ReadAnswer()), 200);
  AwaitIdle(1);
  std::string answer;
  {
    const OneDescriptorLeft left;
    RawClient client(Address());  // takes it
    client.Get("/");
    answer = client.ReadAnswer();
  }  // UBSan makes a pipe to look at what it does not know, such as gmock's matchers
  EXPECT_EQ(StatusOf(answer), 200);
  EXPECT_THAT(warnings(), Contains(HasSubstr("cannot accept connections: Too many open files")));
  EXPECT_EQ(idle.ReadToEnd().bytes, "");
}

TEST_F(HttpServerLoadTest, WithoutDescriptorsTheNextConnectionWaitsUntilOneIsFree) {
  if (kProgramNeedsDescriptors) GTEST_SKIP() << "UBSan needs descriptors of its own";
  Start();
  auto busy = std::make_unique<RawClient>(Address());
  busy->Get("/block");
  handler_.AwaitBlocked(1);
  std::optional<RawClient> client;
  {
    const OneDescriptorLeft left;
    client.emplace(Address());
    client->Get("/");
    while (warnings().empty()) std::this_thread::yield();
  }
  EXPECT_EQ(StatusOf(client->ReadAnswer()), 200);
  handler_.Release();
}

}  // namespace
}  // namespace gate
