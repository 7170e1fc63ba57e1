#include "gate/adapters/beast_http_server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "gate/adapters/http_server_connection.h"
#include "gate/adapters/listen.h"
#include "gate/adapters/server_tls_context.h"
#include "gate/adapters/steady_instant.h"

namespace gate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kIoThreads = 2;
constexpr Nanos kAcceptPause = std::chrono::milliseconds(100);
constexpr Nanos kAfterStop = std::chrono::seconds(2);  // for handlers that were asked to stop

// Each connection takes a descriptor, and a request that is handled takes some for what it asks.
void RaiseOpenFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // only a refinement: may fail
}

bool IsExhaustion(const error_code& error) {
  return error == asio::error::no_descriptors ||
         error == boost::system::errc::too_many_files_open_in_system ||
         error == asio::error::no_buffer_space || error == asio::error::no_memory;
}

// At most one message a second.
class Warnings {
 public:
  explicit Warnings(const std::function<void(const std::string&)>& sink) : sink_(sink) {}
  void Tell(const std::string& message) {
    const Instant now = SteadyNow();
    if (!sink_ || (last_ && now - *last_ < std::chrono::seconds(1))) return;
    last_ = now;
    sink_(message);
  }

 private:
  const std::function<void(const std::string&)>& sink_;
  std::optional<Instant> last_;
};

}  // namespace

struct BeastHttpServer::State {
  State(HttpHandler& handler, const HttpServerOptions& options)
      : shared{.options = options,
               .handler = handler,
               .connections = HttpConnectionTable(options.most_connections),
               .stop = {},
               .draining = false,
               .workers = WorkerPool(options.most_requests)} {}

  Result<void> Open();
  void Accept();
  void OnAccept(const error_code& error, tcp::socket socket);
  void Admit(tcp::socket socket);
  void Pause();

  asio::io_context io{kIoThreads};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  HttpServerShared shared;
  std::optional<ServerTlsContext> tls;

  // These, and `tls`, are used in this strand only.
  asio::strand<asio::io_context::executor_type> accepting{io.get_executor()};
  tcp::acceptor acceptor{accepting};
  asio::steady_timer pause{accepting};
  Warnings trouble{shared.options.warn};
  Warnings crowd{shared.options.warn};

  tcp::endpoint local;
  std::vector<std::thread> io_threads;
  std::once_flag stopped;
};

Result<void> BeastHttpServer::State::Open() {
  const HttpServerOptions& options = shared.options;
  auto endpoint = ParseListenAddress(options.listen);
  if (!endpoint) return std::move(endpoint).error();
  if (options.cert_file.empty() != options.key_file.empty()) {
    return InvalidArgument("a certificate and its key must be given together");
  }
  if (!options.cert_file.empty()) {
    auto loaded = ServerTlsContext::Load(options.cert_file, options.key_file);
    if (!loaded) return std::move(loaded).error();
    tls = *std::move(loaded);
  }
  error_code error = Listen(acceptor, *endpoint);
  if (!error) local = acceptor.local_endpoint(error);
  if (!error) return {};
  return Error{ErrorCode::kUnavailable,
               fmt::format("cannot listen on {}: {}", options.listen, error.message())};
}

void BeastHttpServer::State::Accept() {
  acceptor.async_accept(asio::make_strand(io), [this](const error_code& error, tcp::socket socket) {
    OnAccept(error, std::move(socket));
  });
}

void BeastHttpServer::State::OnAccept(const error_code& error, tcp::socket socket) {
  if (shared.draining) return;
  if (!error) Admit(std::move(socket));
  // The latter: of the one connection that was not to be.
  if (!error || error == asio::error::connection_aborted) return Accept();
  trouble.Tell("cannot accept connections: " + error.message());
  if (IsExhaustion(error)) {
    if (const auto evicted = shared.connections.EvictIdle()) evicted->Cut();
  }
  Pause();
}

void BeastHttpServer::State::Admit(tcp::socket socket) {
  std::shared_ptr<ssl_ctx_st> context;
  if (tls) {
    ServerTlsContext::Current current = tls->Get();
    if (current.trouble && shared.options.warn) {
      shared.options.warn("the former certificate stays in use: " + current.trouble->message);
    }
    context = std::move(current.context);
  }
  const auto connection =
      std::make_shared<HttpServerConnection>(std::move(socket), std::move(context), shared);
  const auto admission = shared.connections.Add(connection);
  if (admission.evicted != nullptr) admission.evicted->Cut();
  if (admission.admitted) return connection->Start();
  crowd.Tell(
      fmt::format("a connection was refused: all {} are in use", shared.options.most_connections));
}

void BeastHttpServer::State::Pause() {
  pause.expires_after(kAcceptPause);
  pause.async_wait([this](const error_code& error) {
    if (!error && !shared.draining) Accept();
  });
}

Result<std::unique_ptr<BeastHttpServer>> BeastHttpServer::Start(HttpHandler& handler,
                                                                const HttpServerOptions& options) {
  auto state = std::make_unique<State>(handler, options);
  if (auto opened = state->Open(); !opened) return std::move(opened).error();
  RaiseOpenFiles();
  asio::post(state->accepting, [raw = state.get()] { raw->Accept(); });
  for (int i = 0; i < kIoThreads; ++i) {
    state->io_threads.emplace_back([&io = state->io] {
      pthread_setname_np(pthread_self(), "http-io");
      io.run();
    });
  }
  return std::unique_ptr<BeastHttpServer>(new BeastHttpServer(std::move(state)));
}

BeastHttpServer::BeastHttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

BeastHttpServer::~BeastHttpServer() { Stop(); }

std::uint16_t BeastHttpServer::port() const { return state_->local.port(); }

std::string BeastHttpServer::url() const {
  return (state_->tls ? "https://" : "http://") + ToText(state_->local);
}

std::size_t BeastHttpServer::idle_connections() const { return state_->shared.connections.idle(); }

void BeastHttpServer::Stop() {
  std::call_once(state_->stopped, [this] {
    HttpServerShared& shared = state_->shared;
    std::promise<void> closed;
    asio::post(state_->accepting, [this, &closed] {
      state_->shared.draining = true;  // in this strand: no connection is added from here on
      error_code ignored;
      state_->acceptor.close(ignored);
      state_->pause.cancel();
      closed.set_value();
    });
    closed.get_future().wait();
    for (const auto& connection : shared.connections.All()) connection->Drain();
    if (!shared.connections.AwaitEmpty(SteadyNow() + shared.options.grace)) {
      shared.stop.request_stop();
      shared.connections.AwaitEmpty(SteadyNow() + kAfterStop);
    }
    for (const auto& connection : shared.connections.All()) connection->Cut();
    shared.workers.Finish();
    shared.connections.AwaitEmpty(Instant::max());
    state_->work.reset();
    for (std::thread& thread : state_->io_threads) thread.join();
  });
}

}  // namespace gate
