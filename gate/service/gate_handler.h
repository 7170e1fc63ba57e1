#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "gate/seams/files.h"
#include "gate/seams/http_handler.h"
#include "gate/service/meter.h"
#include "gate/service/verdict_service.h"

namespace gate::service {

// The gate's HTTP interface:
//   POST /v1/verdicts   a VerdictRequest, answered with the verdict (docs/service-api.md). Always
//                       200, except for what only a change of the request mends: 400 malformed,
//                       401 without the bearer token.
//   GET /healthz        200 while the process answers at all
//   GET /readyz         200, or 503 while it is shutting down or its token cannot be read
//   GET /metrics        Prometheus
// Anything else: 404, or 405 with Allow. Errors have the body {"error": "..."}.
class GateHandler : public HttpHandler {
 public:
  struct Paths {
    // The bearer tokens, one a line, of which callers of /v1/verdicts must present one, read for
    // every request, so that it can be rotated; empty: none is asked for.
    std::string callers;
    // When the token for MC was issued, read for the metrics; empty: nobody says.
    std::string token_issued = {};
  };
  GateHandler(VerdictService& verdicts, Meter& meter, Files& files, Paths paths)
      : verdicts_(verdicts), meter_(meter), files_(files), paths_(std::move(paths)) {}

  HttpResponse Handle(const ServerRequest& request, const Deadline& deadline) override;
  // Only verdicts need a place: the rest is answered as always.
  HttpResponse Overloaded(const ServerRequest& request) override;

 private:
  using Judge = std::function<Answer(const VerdictRequest&)>;
  HttpResponse Route(const ServerRequest& request, const Judge& judge, const std::stop_token& stop);
  HttpResponse Verdict(const ServerRequest& request, const Judge& judge);
  HttpResponse Ready(const std::stop_token& stop);
  Result<void> CheckToken(const ServerRequest& request);
  void TellAgeOfToken();

  VerdictService& verdicts_;
  Meter& meter_;
  Files& files_;
  const Paths paths_;
};

}  // namespace gate::service
