#include <gmock/gmock.h>

#include <thread>

#include "gate/adapters/beast_http_client.h"
#include "tests/unit/adapters/http_server_fixture.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class HttpServerStopTest : public HttpServerFixture {
 protected:
  // Takes nothing in any more.
  bool Refuses() {
    BeastHttpClient client;
    const auto result = client.Send(GetOf(Url("/")), In(seconds(5)));
    return !result && result.error().kind == HttpErrorKind::kConnect;
  }

  // Joined after the test's clients have gone away, for which the server would wait.
  std::jthread stopper_;
};

TEST_F(HttpServerStopTest, ClosesWhatIsIdleAndListensNoLonger) {
  Start();
  RawClient fresh(Address());
  RawClient used(Address());
  used.Get("/");
  used.ReadAnswer();
  const Instant begin = SteadyNow();
  server_->Stop();
  EXPECT_LT(SteadyNow() - begin, seconds(5));
  EXPECT_THAT(fresh.ReadToEnd().bytes, IsEmpty());
  EXPECT_EQ(used.ReadToEnd().end, End::kEof);
  EXPECT_TRUE(Refuses());
}

TEST_F(HttpServerStopTest, ARequestUnderWayIsAnsweredAsIfNothingWere) {
  Start();
  RawClient client(Address());
  client.Get("/block");
  handler_.AwaitBlocked(1);
  stopper_ = std::jthread([&] { server_->Stop(); });
  while (!Refuses()) std::this_thread::yield();
  handler_.Release();
  const Received received = client.ReadToEnd();
  EXPECT_EQ(StatusOf(received.bytes), 200);
  EXPECT_THAT(received.bytes, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(received.bytes, Not(HasSubstr("Stopped")));
}

TEST_F(HttpServerStopTest, ARequestThatTakesLongerIsAskedToEndAndStillAnswered) {
  options_.grace = milliseconds(100);
  Start();
  RawClient client(Address());
  client.Get("/block");
  handler_.AwaitBlocked(1);
  stopper_ = std::jthread([&] { server_->Stop(); });
  const Received received = client.ReadToEnd();
  EXPECT_EQ(StatusOf(received.bytes), 200);
  EXPECT_THAT(received.bytes, HasSubstr("\r\nStopped: yes\r\n"));
}

TEST_F(HttpServerStopTest, WhoeverWaitsForAHandlerThatDoesNotHearIsCutOff) {
  options_.grace = milliseconds(10);
  Start();
  RawClient client(Address());
  client.Get("/deaf");
  handler_.AwaitBlocked(1);
  stopper_ = std::jthread([&] { server_->Stop(); });
  EXPECT_THAT(client.ReadToEnd().bytes, IsEmpty());
  handler_.Release();  // Stop waits for it
}

TEST_F(HttpServerStopTest, HalfARequestMayStillArrive) {
  Start();
  RawClient client(Address());
  client.Send("POST /x HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  client.ReadAtLeast(1);  // the invitation: the server has begun to read this request
  stopper_ = std::jthread([&] { server_->Stop(); });
  while (!Refuses()) std::this_thread::yield();
  client.Send("ab");
  EXPECT_THAT(client.ReadToEnd().bytes, HasSubstr("POST /x ab"));
}

TEST_F(HttpServerStopTest, StoppingTwiceOrNeverIsAllTheSame) {
  Start();
  server_->Stop();
  server_->Stop();
  Start();
}

}  // namespace
}  // namespace gate
