#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gate/adapters/beast_http_server.h"
#include "gate/adapters/steady_instant.h"
#include "tests/unit/adapters/http_test_helpers.h"
#include "tests/unit/mock_mc/raw_client.h"

namespace gate {

using mock_mc::testing::End;
using mock_mc::testing::RawClient;
using mock_mc::testing::Received;

// Tells what it was asked: "POST /path body". Three paths are special:
//   /block    is answered after Release, or once the deadline asks to stop
//   /deaf     is answered after Release only
//   /large    is answered with 32 MiB
class TellingHandler : public HttpHandler {
 public:
  HttpResponse Handle(const ServerRequest& request, const Deadline& deadline) override {
    if (request.path() == "/block") Block(deadline.stop);
    if (request.path() == "/deaf") Block({});
    const std::size_t size = request.path() == "/large" ? std::size_t{32} << 20U : 0;
    ++handled_;
    HttpResponse response = Say(200, request.method + " " + request.target + " " + request.body);
    response.body.append(size, 'x');
    if (deadline.stop.stop_requested()) response.headers.Add("Stopped", "yes");
    return response;
  }

  HttpResponse Overloaded(const ServerRequest& request) override {
    return Say(request.path() == "/healthz" ? 200 : 503, "overloaded");
  }

  void AwaitBlocked(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return blocked_ >= count; });
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  int handled() const { return handled_; }

 private:
  static HttpResponse Say(int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
  }

  void Block(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++blocked_;
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return released_; });
    --blocked_;
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  int blocked_ = 0;
  bool released_ = false;
  std::atomic<int> handled_ = 0;
};

class HttpServerFixture : public ::testing::Test {
 protected:
  ~HttpServerFixture() override { handler_.Release(); }

  void Start() {
    options_.warn = [this](const std::string& message) {
      const std::lock_guard lock(mutex_);
      warnings_.push_back(message);
    };
    auto started = BeastHttpServer::Start(handler_, options_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
  }

  std::string Address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  std::string Url(const std::string& path) const { return server_->url() + path; }

  // Everything that the server says to these bytes until it closes.
  Received Exchange(std::string_view bytes) const {
    RawClient client(Address());
    client.Send(bytes);
    return client.ReadToEnd();
  }

  std::vector<std::string> warnings() {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }

  TellingHandler handler_;
  HttpServerOptions options_;
  std::mutex mutex_;
  std::vector<std::string> warnings_;
  std::unique_ptr<BeastHttpServer> server_;  // last: stops before what it uses goes away
};

// The status of the first answer in `bytes`; 0 if there is none.
inline int StatusOf(const std::string& bytes) {
  return bytes.starts_with("HTTP/1.1 ") ? std::stoi(bytes.substr(9, 3)) : 0;
}

inline std::size_t CountOf(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace gate
