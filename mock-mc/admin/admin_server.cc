#include "mock-mc/admin/admin_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gate/adapters/listen.h"
#include "mock-mc/admin/admin_api.h"
#include "mock-mc/wire/listener.h"

namespace mock_mc {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ErrorValue = boost::system::error_code;

constexpr std::size_t kMostConnections = 64;
constexpr std::uint64_t kBodyLimit = std::uint64_t{1} << 20U;  // of a script
constexpr std::chrono::seconds kIdleTimeout{60};
constexpr std::chrono::milliseconds kAcceptRetry{100};

// One client of the admin API.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::uint64_t id, tcp::socket socket, Service& service,
          std::function<void(std::uint64_t)> on_gone)
      : id_(id),
        socket_(std::move(socket)),
        service_(service),
        api_(service),
        on_gone_(std::move(on_gone)),
        timer_(socket_.get_executor()) {}

  void Read() {
    parser_.emplace();
    parser_->body_limit(kBodyLimit);
    timer_.expires_after(kIdleTimeout);
    timer_.async_wait([self = shared_from_this()](const ErrorValue& error) {
      if (!error) self->Close();
    });
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](const ErrorValue& error, std::size_t /*bytes*/) {
                       self->timer_.cancel();
                       self->OnRead(error);
                     });
  }

  void Close() {
    const auto self = shared_from_this();
    EndWait();
    ErrorValue ignored;
    socket_.close(ignored);
    if (on_gone_) std::exchange(on_gone_, nullptr)(id_);
  }

 private:
  void OnRead(const ErrorValue& error) {
    if (error == http::error::body_limit) {
      keep_alive_ = false;
      return Write({413, "{\"error\": \"the body is larger than 1 MiB\"}\n", "application/json"});
    }
    if (error) return Close();
    const auto request = parser_->release();
    keep_alive_ = request.keep_alive();
    const auto method = request.method_string();
    const auto target = request.target();
    auto outcome =
        api_.Handle({method.data(), method.size()}, {target.data(), target.size()}, request.body());
    if (auto* reply = std::get_if<AdminReply>(&outcome)) return Write(std::move(*reply));
    Wait(std::get<AdminWait>(std::move(outcome)));
  }

  // Whichever comes first: the count, the time, or the end of the client.
  void Wait(AdminWait wait) {
    wait_ = std::move(wait);
    timer_.expires_after(wait_->timeout);
    timer_.async_wait([self = shared_from_this()](const ErrorValue& error) {
      if (!error) self->FinishWait(AdminApi::WaitEnd::kTimeOver);
    });
    socket_.async_wait(tcp::socket::wait_read,
                       [self = shared_from_this()](const ErrorValue& error) {
                         if (!error && self->wait_) self->Close();
                       });
    // Called by whichever thread sees the last request, perhaps when the wait is over already.
    ticket_ = service_.AwaitCount(
        wait_->filter, wait_->count,
        [weak = weak_from_this(), number = ++last_wait_, executor = socket_.get_executor()] {
          asio::post(executor, [weak, number] {
            const auto self = weak.lock();
            if (self && self->last_wait_ == number) self->FinishWait(AdminApi::WaitEnd::kReached);
          });
        });
  }

  void FinishWait(AdminApi::WaitEnd end) {
    if (!wait_) return;
    AdminReply reply = api_.WaitReply(*wait_, end);
    EndWait();
    Write(std::move(reply));
  }

  void EndWait() {
    timer_.cancel();
    wait_.reset();
    if (ticket_) service_.Cancel(*ticket_);
    ticket_.reset();
  }

  void Write(AdminReply reply) {
    response_ = {};
    response_.result(static_cast<unsigned>(reply.status));
    response_.set(http::field::content_type, reply.content_type);
    response_.keep_alive(keep_alive_);
    response_.body() = std::move(reply.body);
    response_.prepare_payload();
    http::async_write(socket_, response_,
                      [self = shared_from_this()](const ErrorValue& error, std::size_t /*bytes*/) {
                        if (error || !self->keep_alive_) return self->Close();
                        self->Read();
                      });
  }

  const std::uint64_t id_;
  tcp::socket socket_;
  Service& service_;
  AdminApi api_;
  std::function<void(std::uint64_t)> on_gone_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  bool keep_alive_ = true;
  std::optional<AdminWait> wait_;
  std::uint64_t last_wait_ = 0;
  std::optional<Service::Ticket> ticket_;
};

}  // namespace

struct AdminServer::Parts {
  Parts(asio::io_context& event_loop, Service& shared)
      : service(shared), acceptor(event_loop), retry(event_loop) {}

  void Accept() {
    if (sessions.size() >= kMostConnections) {
      paused = true;
      return;
    }
    acceptor.async_accept([this](const ErrorValue& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        retry.expires_after(kAcceptRetry);
        retry.async_wait([this](const ErrorValue& cancelled) {
          if (!cancelled) Accept();
        });
        return;
      }
      const std::uint64_t id = ++last_id;
      auto session = std::make_shared<Session>(id, std::move(socket), service,
                                               [this](std::uint64_t gone) { Forget(gone); });
      sessions.emplace(id, session);
      session->Read();
      Accept();
    });
  }

  void Forget(std::uint64_t id) {
    sessions.erase(id);
    if (std::exchange(paused, false)) Accept();
  }

  Service& service;
  tcp::acceptor acceptor;
  asio::steady_timer retry;
  // Shared with the handlers of the operations that a session waits for.
  std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions;
  std::uint64_t last_id = 0;
  bool paused = false;
};

AdminServer::AdminServer(asio::io_context& loop, Service& service)
    : parts_(std::make_unique<Parts>(loop, service)) {}

AdminServer::~AdminServer() { Stop(); }

gate::Result<std::string> AdminServer::Listen(const std::string& address) {
  auto acceptor = OpenListener(
      static_cast<asio::io_context&>(parts_->acceptor.get_executor().context()), address);
  if (!acceptor) return std::move(acceptor).error();
  parts_->acceptor = *std::move(acceptor);
  parts_->Accept();
  return gate::ToText(parts_->acceptor.local_endpoint());
}

void AdminServer::Stop() {
  ErrorValue ignored;
  parts_->paused = false;
  parts_->retry.cancel();
  parts_->acceptor.close(ignored);
  std::vector<std::shared_ptr<Session>> all;
  for (const auto& [id, session] : parts_->sessions) all.push_back(session);
  for (const auto& session : all) session->Close();
}

}  // namespace mock_mc
