#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mock-mc/behaviour/plan.h"
#include "mock-mc/wire/service.h"
#include "mock-mc/wire/tls_faces.h"
#include "mock-mc/wire/transport.h"

namespace mock_mc {

// What a connection comes in through.
struct Entrance {
  std::string name;
  std::optional<Fault> accept;
  std::unique_ptr<TlsFaces> tls;  // null: plain
};

// One client's connection: reads requests one after the other and does with the socket what each
// plan says. Waits are timers; no thread sleeps. Used from the thread of the socket's executor.
// Internal to wire/.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `on_gone` is called once, when the socket is closed.
  Connection(std::uint64_t id, TcpSocket socket, const Entrance& entrance, Service& service,
             std::function<void(std::uint64_t id)> on_gone);

  void Start();

  // Cuts off an answer that is not finished, and that a script before `generation` decided, and
  // closes; a connection between requests stays.
  void CancelAnswer(std::uint64_t generation);

  // Closes if the client has taken too long to send a whole request. Called from time to time.
  void CheckPatience(gate::Instant now);

  // Closes at once, whatever is going on.
  void Abort();

 private:
  using Error = boost::system::error_code;
  struct Answer {
    Service::Begun begun;
    std::function<void()> then;  // instead of waiting for the next request; empty: that
    std::uint64_t bytes_read = 0;
    std::size_t step = 0;
    std::size_t dripped = 0;  // bytes of the current Drip
    std::optional<gate::Instant> first_byte;
    std::uint64_t bytes_written = 0;
  };

  // A handler that does nothing if the state of the connection has moved on (epoch_) meanwhile.
  template <typename Handler>
  auto Guard(Handler handler);

  // Before there are requests.
  void BeginFault(const Fault& fault, std::string_view where, std::function<void()> then);
  void Secure();
  void Handshake();
  void HandshakeFault(const Fault& fault);

  void ReadRequest();
  void ParseBuffer();
  void ReadMore();
  void SendContinue();
  void Refuse(const Error& error);
  void Begin(Service::Begun begun, std::function<void()> then = nullptr);

  void NextStep();
  void RunStep();
  void Run(const Wait& wait);
  void Run(const Send& send);
  void Run(const Drip& drip);
  void Run(const DripForever& drip);
  void Run(const Hang& hang);
  void Run(const CloseFin& close);
  void Run(const CloseRst& close);
  void Run(const HalfClose& close);
  void ReadToTheEnd();
  const Plan& plan() const { return answer_->begun.plan; }
  // Writes all of `bytes`, which belong to the answer's plan.
  void WriteBytes(std::string_view bytes, std::function<void()> then);
  void DripNext(gate::Instant due);
  void DripForeverNext(gate::Instant due);
  void WaitUntil(gate::Instant due, std::function<void()> then);
  void ResetWhenSent(gate::Instant give_up);

  void WatchClient();
  void CheckClient();

  void FinishAnswer();
  void EndAnswer(Ending ending, std::string detail = "");
  void SayGoodbyeAndClose();
  void CloseSlowly();
  void AwaitEof();
  void Close();

  const std::uint64_t id_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Transport> retired_;  // what a handshake's fault has gone beneath
  const Entrance& entrance_;
  Service& service_;
  std::function<void(std::uint64_t id)> on_gone_;

  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  bool continue_sent_ = false;
  std::uint64_t request_bytes_ = 0;
  std::optional<gate::Instant> patience_;  // until when a whole request must have arrived
  // Shared with the write that is going on, which needs the bytes even if the answer is cut off.
  std::shared_ptr<Answer> answer_;
  std::uint64_t epoch_ = 0;
  boost::asio::steady_timer timer_;        // of the current step, or of the end
  boost::asio::steady_timer watch_timer_;  // of looking after the client
};

}  // namespace mock_mc
