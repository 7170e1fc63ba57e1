#include "gate/adapters/beast_http_client.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "gate/adapters/connection_pool.h"
#include "gate/adapters/http_answer.h"
#include "gate/adapters/http_connection.h"
#include "gate/adapters/http_request_text.h"
#include "gate/adapters/http_url.h"
#include "gate/adapters/steady_instant.h"
#include "gate/adapters/tls_context.h"

namespace gate {
namespace {

// RFC 9110 section 9.2.2: the methods whose repetition has no further effect.
bool IsIdempotent(std::string_view method) {
  constexpr std::array<std::string_view, 5> kMethods = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

HttpError InvalidRequest(Error error) {
  return HttpError{HttpErrorKind::kInvalidRequest, std::move(error.message)};
}

// One request on its way.
struct Exchange {
  const HttpRequest& request;
  const HttpUrl& url;
  const std::string& text;
  const std::optional<TlsContext::Current>& tls;
  const Deadline& deadline;
  std::size_t header_limit;
};

struct Outcome {
  Result<HttpResponse, HttpError> result;
  std::size_t sent = 0;
  bool answer_started = false;
  bool keeps_connection = false;
};

Result<void, HttpError> ReadAnswer(HttpConnection& connection, HttpAnswer& answer,
                                   const Deadline& deadline) {
  while (!answer.complete()) {
    auto bytes = connection.Read(deadline);
    if (!bytes) return std::move(bytes).error();
    auto fed = bytes->empty() ? answer.FeedEnd() : answer.Feed(*bytes);
    if (!fed) return fed;
  }
  return {};
}

Outcome Perform(const Exchange& exchange, HttpConnection& connection) {
  HttpAnswer answer(exchange.request, exchange.header_limit);
  Outcome outcome = {HttpError{HttpErrorKind::kReset, ""}};
  auto written = connection.Write(exchange.text, exchange.deadline, outcome.sent);
  // A server may refuse a request before it has read all of it, and close: its answer counts.
  const bool broke_off = !written && written.error().kind == HttpErrorKind::kReset;
  if (!written && !broke_off) {
    outcome.result = std::move(written).error();
    return outcome;
  }
  auto read = ReadAnswer(connection, answer, exchange.deadline);
  outcome.answer_started = answer.started();
  if (!read) {
    outcome.result = std::move(read).error();
    return outcome;
  }
  outcome.result = answer.Take();
  outcome.keeps_connection = !broke_off && answer.keeps_connection();
  return outcome;
}

}  // namespace

struct BeastHttpClient::State {
  HttpClientOptions options;
  HostResolver resolver;
  TlsContext tls;
  ConnectionPool pool;

  Result<std::unique_ptr<HttpConnection>, HttpError> Dial(const Exchange& exchange);
  Result<HttpResponse, HttpError> Send(const Exchange& exchange);
};

Result<std::unique_ptr<HttpConnection>, HttpError> BeastHttpClient::State::Dial(
    const Exchange& exchange) {
  auto addresses = resolver.Resolve(exchange.url.host, exchange.url.port, exchange.deadline);
  if (!addresses) return std::move(addresses).error();
  const std::string& name =
      options.tls.server_name.empty() ? exchange.url.host : options.tls.server_name;
  return HttpConnection::Open(*addresses, exchange.tls ? &*exchange.tls : nullptr, name,
                              exchange.deadline);
}

Result<HttpResponse, HttpError> BeastHttpClient::State::Send(const Exchange& exchange) {
  const ConnectionPool::Key key = {exchange.url.Origin(),
                                   exchange.tls ? exchange.tls->generation : 0};
  auto connection = pool.Take(key);
  if (connection != nullptr) {
    Outcome outcome = Perform(exchange, *connection);
    if (outcome.keeps_connection) pool.Put(key, std::move(connection));
    const bool died_unused = !outcome.result && !outcome.answer_started &&
                             outcome.result.error().kind == HttpErrorKind::kReset;
    const bool repeatable = outcome.sent == 0 || IsIdempotent(exchange.request.method);
    if (!died_unused || !repeatable) return std::move(outcome.result);
  }
  auto fresh = Dial(exchange);
  if (!fresh) return std::move(fresh).error();
  Outcome outcome = Perform(exchange, **fresh);
  if (outcome.keeps_connection) pool.Put(key, *std::move(fresh));
  return std::move(outcome.result);
}

BeastHttpClient::BeastHttpClient(const HttpClientOptions& options, HostResolver resolver)
    : state_(new State{options, std::move(resolver), TlsContext(options.tls),
                       ConnectionPool(options.most_idle_connections, options.longest_idle)}) {}

BeastHttpClient::~BeastHttpClient() = default;

Result<HttpResponse, HttpError> BeastHttpClient::Send(const HttpRequest& request,
                                                      const Deadline& deadline) {
  auto url = ParseHttpUrl(request.url);
  if (!url) return InvalidRequest(std::move(url).error());
  const auto text = WriteHttpRequest(request, *url);
  if (!text) return InvalidRequest(text.error());
  const auto locate = [&](HttpError error) {
    error.message.insert(0, url->Authority() + ": ");
    return error;
  };
  if (deadline.stop.stop_requested()) {
    return locate({HttpErrorKind::kCancelled, "cancelled before it began"});
  }
  if (SteadyNow() >= deadline.at) {
    return locate({HttpErrorKind::kTimeout, "the deadline had passed before it began"});
  }
  std::optional<TlsContext::Current> tls;
  if (url->https) {
    auto current = state_->tls.Get();
    if (!current) return locate(std::move(current).error());
    tls = *std::move(current);
  }
  auto response = state_->Send({request, *url, *text, tls, deadline, state_->options.header_limit});
  if (!response) return locate(std::move(response).error());
  return response;
}

}  // namespace gate
