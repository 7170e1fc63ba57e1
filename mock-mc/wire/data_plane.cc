#include "mock-mc/wire/data_plane.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <list>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gate/adapters/listen.h"
#include "mock-mc/wire/connection.h"
#include "mock-mc/wire/listener.h"

namespace mock_mc {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using gate::Result;
using ErrorValue = boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptRetry{100};
constexpr std::chrono::seconds kPatienceCheck{1};

// What all threads share.
struct Shared {
  Service& service;
  const std::size_t most_connections;
  std::atomic<std::size_t> open{0};
  std::atomic<std::uint64_t> last_id{0};
  // Some listener does not accept because there are too many connections.
  std::atomic<bool> any_paused{false};
  std::function<void()> resume_all;
};

// One thread's event loop, listeners and connections; everything but Post is done on that thread.
class Lane {
 public:
  explicit Lane(Shared& shared) : shared_(shared), loop_(1), patience_timer_(loop_) {}

  asio::io_context& loop() { return loop_; }

  // Before Start.
  void Add(Acceptor acceptor, const Entrance& entrance) {
    doors_.push_back({std::move(acceptor), entrance, asio::steady_timer(loop_)});
  }

  void Start() {
    for (Door& door : doors_) Accept(door);
    CheckPatience();
    thread_ = std::thread([this] { loop_.run(); });
  }

  template <typename F>
  void Post(F&& f) {
    asio::post(loop_, std::forward<F>(f));
  }

  void Resume() {
    for (Door& door : doors_) {
      if (std::exchange(door.paused, false)) Accept(door);
    }
  }

  void CancelAnswers(std::uint64_t generation) {
    for (const auto& connection : All()) connection->CancelAnswer(generation);
  }

  void Stop() {
    if (thread_.joinable()) {
      Post([this] { CloseAll(); });
      thread_.join();
    } else {
      CloseAll();
    }
  }

 private:
  struct Door {
    Acceptor acceptor;
    const Entrance& entrance;
    asio::steady_timer retry;
    bool paused = false;
  };

  void Accept(Door& door) {
    if (shared_.open >= shared_.most_connections) return Pause(door);
    door.acceptor.async_accept([this, &door](const ErrorValue& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return RetryAccept(door, error);
      Take(door, std::move(socket));
      Accept(door);
    });
  }

  void Pause(Door& door) {
    door.paused = true;
    shared_.any_paused = true;
    // One may have ended before anybody could know that we wait for it.
    if (shared_.open < shared_.most_connections) Resume();
  }

  // Out of file descriptors or memory: clients wait in the kernel's queue meanwhile.
  void RetryAccept(Door& door, const ErrorValue& error) {
    std::fprintf(stderr, "mock-mc: cannot accept a connection (will retry): %s\n",
                 error.message().c_str());
    door.retry.expires_after(kAcceptRetry);
    door.retry.async_wait([this, &door](const ErrorValue& cancelled) {
      if (!cancelled) Accept(door);
    });
  }

  void Take(Door& door, tcp::socket socket) {
    const std::uint64_t id = ++shared_.last_id;
    ++shared_.open;
    ++shared_.service.connections().open;
    ++shared_.service.connections().total;
    auto connection =
        std::make_shared<Connection>(id, std::move(socket), door.entrance, shared_.service,
                                     [this](std::uint64_t gone) { Forget(gone); });
    connections_.emplace(id, connection);
    connection->Start();
  }

  void Forget(std::uint64_t id) {
    connections_.erase(id);
    --shared_.open;
    --shared_.service.connections().open;
    if (shared_.any_paused.exchange(false)) shared_.resume_all();
  }

  void CheckPatience() {
    patience_timer_.expires_after(kPatienceCheck);
    patience_timer_.async_wait([this](const ErrorValue& cancelled) {
      if (cancelled) return;
      const gate::Instant now = shared_.service.Now().at;
      for (const auto& connection : All()) connection->CheckPatience(now);
      CheckPatience();
    });
  }

  void CloseAll() {
    ErrorValue ignored;
    patience_timer_.cancel();
    for (Door& door : doors_) {
      door.paused = false;
      door.retry.cancel();
      door.acceptor.close(ignored);
    }
    for (const auto& connection : All()) connection->Abort();
    loop_.stop();
  }

  // A copy, as ending connections take themselves out of the map.
  std::vector<std::shared_ptr<Connection>> All() const {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections_.size());
    for (const auto& [id, connection] : connections_) all.push_back(connection);
    return all;
  }

  Shared& shared_;
  asio::io_context loop_;
  asio::steady_timer patience_timer_;
  std::list<Door> doors_;  // a list, as handlers refer to them
  // Shared with the handlers of the operations that a connection waits for.
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace

struct DataPlane::Parts {
  Parts(Service& service, std::size_t threads, std::size_t most)
      : shared{service, most, {}, {}, {}, [this] { ResumeAll(); }} {
    for (std::size_t i = 0; i < threads; ++i) lanes.push_back(std::make_unique<Lane>(shared));
  }

  void ResumeAll() {
    for (const auto& lane : lanes) {
      lane->Post([&lane = *lane] { lane.Resume(); });
    }
  }

  // Connections that nobody ever accepts need no thread.
  Result<std::string> ListenWithoutAccepting(const ListenerSpec& listener) {
    asio::io_context& loop = lanes.front()->loop();
    auto acceptor = listener.accept->kind == Fault::Kind::kRefuse
                        ? OpenRefusing(loop, listener.address)
                        : OpenUnanswering(loop, listener.address, fillers);
    if (!acceptor) return std::move(acceptor).error();
    unaccepting.push_back(*std::move(acceptor));
    return gate::ToText(unaccepting.back().local_endpoint());
  }

  Shared shared;
  std::list<Entrance> entrances;  // a list, as connections refer to them
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<Acceptor> unaccepting;
  std::vector<tcp::socket> fillers;
};

DataPlane::DataPlane(Service& service, std::size_t threads, std::size_t most_connections)
    : parts_(std::make_unique<Parts>(service, threads, most_connections)) {}

DataPlane::~DataPlane() { Stop(); }

Result<std::string> DataPlane::Listen(const ListenerSpec& listener, const Authority* authority) {
  if (listener.accept && (listener.accept->kind == Fault::Kind::kRefuse ||
                          listener.accept->kind == Fault::Kind::kTimeout)) {
    return parts_->ListenWithoutAccepting(listener);
  }
  Entrance entrance{listener.name, listener.accept, nullptr};
  if (listener.tls) {
    auto faces = TlsFaces::Make(listener, authority);
    if (!faces) return std::move(faces).error();
    entrance.tls = *std::move(faces);
  }
  std::vector<asio::io_context*> loops;
  for (const auto& lane : parts_->lanes) loops.push_back(&lane->loop());
  auto acceptors = OpenListeners(loops, listener.address);
  if (!acceptors) return std::move(acceptors).error();
  const std::string in_force = gate::ToText(acceptors->front().local_endpoint());
  parts_->entrances.push_back(std::move(entrance));
  for (std::size_t i = 0; i < acceptors->size(); ++i) {
    parts_->lanes[i]->Add(std::move((*acceptors)[i]), parts_->entrances.back());
  }
  return in_force;
}

void DataPlane::Start() {
  for (const auto& lane : parts_->lanes) lane->Start();
}

void DataPlane::CancelAnswers(std::uint64_t generation) {
  for (const auto& lane : parts_->lanes) {
    lane->Post([&lane = *lane, generation] { lane.CancelAnswers(generation); });
  }
}

void DataPlane::Stop() {
  for (const auto& lane : parts_->lanes) lane->Stop();
}

}  // namespace mock_mc
