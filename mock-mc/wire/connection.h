#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "mock-mc/behaviour/plan.h"
#include "mock-mc/wire/service.h"
#include "mock-mc/wire/transport.h"

namespace mock_mc {

// One client's connection: reads requests one after the other and does with the socket what each
// plan says. Waits are timers; no thread sleeps. Internal to wire/.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `on_gone` is called once, when the socket is closed.
  Connection(std::uint64_t id, std::unique_ptr<Transport> transport, Service& service,
             std::function<void(std::uint64_t id)> on_gone);

  void Start();

  // Cuts off an answer that is not finished and closes; a connection between requests stays.
  void CancelAnswer();

  // Closes at once, whatever is going on.
  void Abort();

 private:
  using Error = boost::system::error_code;
  struct Answer {
    std::uint64_t sequence;
    Plan plan;
    gate::Instant arrived;
    std::size_t step = 0;
    std::size_t dripped = 0;  // bytes of the current Drip
    std::optional<gate::Instant> first_byte;
    std::uint64_t bytes_written = 0;
  };

  // A handler that does nothing if the state of the connection has moved on (epoch_) meanwhile.
  template <typename Handler>
  auto Guard(Handler handler);

  void ReadRequest();
  void ParseBuffer();
  void ReadMore();
  void SendContinue();
  void Refuse(const Error& error);
  void Begin(Service::Begun begun);

  void NextStep();
  void RunStep();
  void Run(const Wait& wait);
  void Run(const Send& send);
  void Run(const Drip& drip);
  void Run(const DripForever& drip);
  void Run(const Hang& hang);
  void Run(const CloseFin& close);
  void Run(const CloseRst& close);
  // Writes all of `bytes`, which belong to the answer's plan.
  void WriteBytes(std::string_view bytes, std::function<void()> then);
  void DripNext(gate::Instant due);
  void DripForeverNext(gate::Instant due);
  void WaitUntil(gate::Instant due, std::function<void()> then);
  void ResetWhenSent(gate::Instant give_up);

  void WatchClient();
  void CheckClient();
  bool ClientIsGone();

  void FinishAnswer();
  void EndAnswer(Ending ending);
  void SayGoodbyeAndClose();
  void CloseSlowly();
  void AwaitEof();
  void Close();

  const std::uint64_t id_;
  std::unique_ptr<Transport> transport_;
  Service& service_;
  std::function<void(std::uint64_t id)> on_gone_;

  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  bool continue_sent_ = false;
  // Shared with the write that is going on, which needs the bytes even if the answer is cut off.
  std::shared_ptr<Answer> answer_;
  std::uint64_t epoch_ = 0;
  boost::asio::steady_timer timer_;        // of the current step, or of reading
  boost::asio::steady_timer watch_timer_;  // of looking after the client
};

}  // namespace mock_mc
