#include "gate/notify/sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/base/encoding.h"
#include "gate/base/secret.h"
#include "gate/notify/pagerduty_event.h"
#include "gate/notify/slack_message.h"
#include "gate/seams/secret_file.h"

namespace gate::notify {
namespace {

using Delivery = Result<void, DeliveryError>;

constexpr std::size_t kAnswerLimit = std::size_t{64} << 10U;
constexpr std::size_t kQuotedLimit = 300;

DeliveryError Later(std::string message) {
  return {Again::kLater, std::move(message), std::nullopt};
}

// It may be mounted, or mended, later.
DeliveryError NoSecret(const Error& error) { return Later("reading the secret: " + error.message); }

// Sends one request; an answer of any status is a value.
Result<HttpResponse, DeliveryError> Post(const Courier& courier, const Sink& sink, std::string url,
                                         const Json& body, const Deadline& deadline) {
  HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.Add("Content-Type", "application/json");
  request.body = DumpJson(body);
  request.body_limit = kAnswerLimit;
  const Instant until = std::min(deadline.at, courier.runtime.Now() + sink.timeout);
  auto answer = courier.http.Send(request, {until, deadline.stop});
  if (answer) return *std::move(answer);
  if (answer.error().kind == HttpErrorKind::kInvalidRequest) {
    // Such as a URL that is none: the message is not repeated, for its author may quote the URL.
    return Later(fmt::format("{}: the request is invalid; is the URL right?", sink.Type()));
  }
  return Later(fmt::format("{}: {}: {}", sink.Type(), ToString(answer.error().kind),
                           answer.error().message));
}

bool IsFinal(int status) { return status >= 400 && status < 500 && status != 408 && status != 429; }

DeliveryError Refused(const Sink& sink, const HttpResponse& answer, std::string_view quoted,
                      WallTime now) {
  std::string message = fmt::format("{} answered {}", sink.Type(), answer.status);
  if (!quoted.empty()) message += fmt::format(" ({})", Truncate(quoted, kQuotedLimit));
  return {IsFinal(answer.status) ? Again::kNever : Again::kLater, std::move(message),
          RetryAfter(answer.headers, now)};
}

// Slack's errors are one word, such as invalid_blocks. Anything else is not Slack's, may be a page
// that repeats the URL, and is not quoted.
std::string_view SlackError(const HttpResponse& answer) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz_";
  const bool word =
      answer.body.size() <= 64 && answer.body.find_first_not_of(kLetters) == std::string::npos;
  return word ? std::string_view(answer.body) : "an answer that is not Slack's";
}

Delivery DeliverToSlack(const Courier& courier, const Sink& sink, const SlackSink& slack,
                        const Json& message, const Deadline& deadline) {
  auto url = ReadSecret(courier.files, slack.url_file);
  if (!url) return NoSecret(url.error());
  auto answer = Post(courier, sink, std::string(url->Reveal()), message, deadline);
  if (!answer) return std::move(answer).error();
  // A portal on the way may say 200 as well: it is Slack's only with Slack's word.
  if (answer->status / 100 == 2 && answer->body == "ok") return {};
  return Refused(sink, *answer, SlackError(*answer), courier.runtime.WallNow());
}

// What PagerDuty says is wrong, unless it (or somebody in its place) repeats the key.
std::string PagerDutyErrors(const HttpResponse& answer, const Secret& key) {
  const auto body = ParseStrictJson(answer.body);
  if (!body || !body->is_object()) return "an answer that is not PagerDuty's";
  std::string text = JsonString(*body, "/message");
  const auto errors = body->find("errors");
  if (errors != body->end() && errors->is_array()) {
    for (const Json& error : *errors) {
      if (error.is_string()) text += "; " + error.get<std::string>();
    }
  }
  return text.find(key.Reveal()) == std::string::npos ? text : "an answer that repeats the key";
}

Delivery DeliverToPagerDuty(const Courier& courier, const Sink& sink,
                            const PagerDutySink& pagerduty,
                            const std::vector<PagerDutyEvent>& events, const Deadline& deadline) {
  auto key = ReadSecret(courier.files, pagerduty.routing_key_file);
  if (!key) return NoSecret(key.error());
  for (const PagerDutyEvent& event : events) {
    Json body = event.body;
    body["routing_key"] = key->Reveal();
    const bool alert = event.endpoint == PagerDutyEvent::Endpoint::kAlert;
    auto answer =
        Post(courier, sink, pagerduty.url + (alert ? "/v2/enqueue" : "/v2/change/enqueue"), body,
             deadline);
    if (!answer) return std::move(answer).error();
    if (answer->status != 202) {
      return Refused(sink, *answer, PagerDutyErrors(*answer, *key), courier.runtime.WallNow());
    }
  }
  return {};
}

}  // namespace

Delivery Deliver(const Courier& courier, const Sink& sink, std::string_view playbook_url,
                 const Notice& notice, const Deadline& deadline) {
  if (const auto* slack = std::get_if<SlackSink>(&sink.to)) {
    return DeliverToSlack(courier, sink, *slack, SlackMessage(notice, playbook_url), deadline);
  }
  return DeliverToPagerDuty(courier, sink, std::get<PagerDutySink>(sink.to),
                            PagerDutyEvents(notice, playbook_url), deadline);
}

}  // namespace gate::notify
