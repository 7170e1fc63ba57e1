#include "gate/service/gate_handler.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "gate/base/digest.h"
#include "gate/base/strict_json.h"
#include "gate/seams/secret_file.h"

namespace gate::service {
namespace {

constexpr std::string_view kVerdicts = "/v1/verdicts";

HttpResponse Respond(int status, std::string type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("Content-Type", std::move(type));
  response.body = std::move(body);
  return response;
}

HttpResponse RespondJson(int status, const Json& body) {
  return Respond(status, "application/json", DumpJson(body));
}

HttpResponse Refuse(int status, const std::string& error) {
  return RespondJson(status, {{"error", error}});
}

HttpResponse WrongMethod(const char* allowed) {
  HttpResponse response = Refuse(405, std::string("use ") + allowed);
  response.headers.Add("Allow", allowed);
  return response;
}

// In a dry run the verdict is always a pass, and `wouldBe` says what it would have been.
Json ToJson(const VerdictRequest& request, const Answer& answer) {
  const decide::Verdict& verdict = answer.verdict;
  const bool dry_run = answer.mode == evaluate::Mode::kDryRun;
  Json json = {{"verdict", dry_run ? "pass" : decide::ToString(verdict.outcome())},
               {"reason", evidence::ToString(verdict.reason())},
               {"message", verdict.message()},
               {"releaseId", request.question.release_id},
               {"stage", request.question.stage},
               {"digest", answer.evidence_digest},
               {"traceId", answer.trace_id},
               {"dryRun", dry_run}};
  if (dry_run) json["wouldBe"] = decide::ToString(verdict.outcome());
  return json;
}

std::optional<std::string_view> BearerToken(const std::optional<std::string>& header) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!header || !header->starts_with(kScheme)) return std::nullopt;
  return std::string_view(*header).substr(kScheme.size());
}

}  // namespace

// The digests are compared, so that the time it takes says nothing about a token.
Result<void> GateHandler::CheckToken(const ServerRequest& request) {
  if (paths_.callers.empty()) return {};
  const auto header = request.headers.Get("Authorization");
  const auto presented = BearerToken(header);
  if (!presented || request.headers.Count("Authorization") != 1) {
    return Error{ErrorCode::kPermissionDenied, "a bearer token is needed"};
  }
  const auto accepted = ReadSecrets(files_, paths_.callers);
  if (!accepted) return accepted.error();
  const std::string digest = Sha256(*presented);
  const bool known = std::any_of(accepted->begin(), accepted->end(), [&](const Secret& token) {
    return Sha256(token.Reveal()) == digest;
  });
  if (known) return {};
  return Error{ErrorCode::kPermissionDenied, "the bearer token is not the right one"};
}

HttpResponse GateHandler::Verdict(const ServerRequest& request, const Judge& judge) {
  if (auto allowed = CheckToken(request); !allowed) {
    meter_.RequestRefused("unauthorized");
    // A token that we cannot read is no mistake of the caller's, but nobody can be let in either.
    HttpResponse response = Refuse(allowed.error().code == ErrorCode::kPermissionDenied ? 401 : 503,
                                   allowed.error().code == ErrorCode::kPermissionDenied
                                       ? allowed.error().message
                                       : "the gate cannot read the token that callers must have");
    response.headers.Add("WWW-Authenticate", "Bearer");
    return response;
  }
  auto parsed = ParseVerdictRequest(request.body);
  if (!parsed) {
    meter_.RequestRefused("malformed");
    return Refuse(400, parsed.error().message);
  }
  return RespondJson(200, ToJson(*parsed, judge(*parsed)));
}

HttpResponse GateHandler::Ready(const std::stop_token& stop) {
  if (stop.stop_requested()) return Refuse(503, "shutting down");
  if (!paths_.callers.empty()) {
    if (auto token = ReadSecrets(files_, paths_.callers); !token) {
      return Refuse(503, token.error().message);
    }
  }
  return Respond(200, "text/plain", "ok\n");
}

// What cannot be read counts as very old: else the alert about old tokens would be silent.
void GateHandler::TellAgeOfToken() {
  if (paths_.token_issued.empty()) return;
  const auto text = ReadSecret(files_, paths_.token_issued);
  const auto issued = text ? ParseRfc3339(text->Reveal()) : Result<WallTime>(text.error());
  meter_.TokenIssued(issued ? *issued : WallTime(std::chrono::seconds(1)));
}

HttpResponse GateHandler::Route(const ServerRequest& request, const Judge& judge,
                                const std::stop_token& stop) {
  const std::string_view path = request.path();
  if (path == kVerdicts) {
    if (request.method != "POST") return WrongMethod("POST");
    return Verdict(request, judge);
  }
  const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics";
  if (!known) return Refuse(404, "there is nothing here; see docs/service-api.md");
  if (request.method != "GET" && request.method != "HEAD") return WrongMethod("GET, HEAD");
  if (path == "/readyz") return Ready(stop);
  if (path == "/metrics") {
    TellAgeOfToken();
    return Respond(200, "text/plain; version=0.0.4", meter_.Expose());
  }
  return Respond(200, "text/plain", "ok\n");
}

HttpResponse GateHandler::Handle(const ServerRequest& request, const Deadline& deadline) {
  const auto judge = [&](const VerdictRequest& asked) { return verdicts_.Judge(asked, deadline); };
  return Route(request, judge, deadline.stop);
}

HttpResponse GateHandler::Overloaded(const ServerRequest& request) {
  const auto judge = [&](const VerdictRequest& asked) { return verdicts_.Overloaded(asked); };
  return Route(request, judge, {});
}

}  // namespace gate::service
