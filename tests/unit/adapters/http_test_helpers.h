#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "gate/adapters/steady_instant.h"
#include "gate/seams/http_client.h"
#include "tests/support/raw_server.h"

namespace gate {

// For calls that are to succeed, or to fail by themselves: never reached unless a test hangs.
inline constexpr Nanos kPlenty = std::chrono::seconds(30);
// For calls that are to time out.
inline constexpr Nanos kShort = std::chrono::milliseconds(150);
// How long after its deadline a call may return on a busy machine.
inline constexpr Nanos kSlack = std::chrono::seconds(10);

inline Deadline In(Nanos duration, std::stop_token stop = {}) {
  return {SteadyNow() + duration, std::move(stop)};
}

inline HttpRequest GetOf(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

inline HttpRequest PostOf(std::string url, std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.body = std::move(body);
  return request;
}

inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Answers every request on a connection until it is closed.
inline void AnswerAll(RawPeer& peer) {
  while (!peer.ReadRequest().empty()) peer.Send(kOk);
}

// The error of a call that must fail.
inline HttpError ErrorOf(const Result<HttpResponse, HttpError>& result) {
  if (!result) return result.error();
  ADD_FAILURE() << "answered with status " << result.value().status;
  return HttpError{HttpErrorKind::kInvalidRequest, ""};
}

// Expects that `client` gives up on `request` at the deadline, and in `phase`. On a busy machine a
// short deadline may pass before that phase is reached; then a longer one must do.
inline void ExpectTimeout(HttpClient& client, const HttpRequest& request,
                          const std::string& phase) {
  std::string message;
  for (Nanos duration = kShort; duration < kSlack; duration *= 2) {
    const Instant begin = SteadyNow();
    const auto result = client.Send(request, In(duration));
    const Nanos took = SteadyNow() - begin;
    const HttpError error = ErrorOf(result);
    EXPECT_EQ(error.kind, HttpErrorKind::kTimeout) << error.message;
    EXPECT_GE(took, duration);
    EXPECT_LT(took, duration + kSlack);
    message = error.message;
    if (message.find(phase) != std::string::npos) return;
  }
  FAIL() << message;
}

// Expects that a stop request ends `request` in `phase`, long before the deadline.
inline void ExpectCancelled(HttpClient& client, const HttpRequest& request,
                            const std::string& phase) {
  std::string message;
  for (Nanos delay = kShort / 4; delay < kSlack; delay *= 2) {
    std::stop_source stop;
    Instant stopped_at;
    std::thread stopper([&] {
      // Lets the request get into the phase: nothing observable tells when it has.
      std::this_thread::sleep_for(delay);
      stopped_at = SteadyNow();
      stop.request_stop();
    });
    const auto result = client.Send(request, In(kPlenty, stop.get_token()));
    const Instant returned_at = SteadyNow();
    stopper.join();
    const HttpError error = ErrorOf(result);
    EXPECT_EQ(error.kind, HttpErrorKind::kCancelled) << error.message;
    EXPECT_LT(returned_at - stopped_at, kSlack);
    message = error.message;
    if (message.find(phase) != std::string::npos) return;
  }
  FAIL() << message;
}

}  // namespace gate
