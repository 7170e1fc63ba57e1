#include "gate/adapters/kube_status.h"

#include <fmt/format.h>

#include "gate/base/encoding.h"

namespace gate {
namespace {

constexpr std::size_t kLongestMessage = 1024;
constexpr Nanos kLongestRetryAfter = std::chrono::hours(24);

ErrorCode Classify(int http_status, std::string_view reason) {
  switch (http_status) {
    case 401:
    case 403:
      return ErrorCode::kPermissionDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 408:
      return ErrorCode::kUnavailable;
    case 409:
      return reason == "AlreadyExists" ? ErrorCode::kAlreadyExists : ErrorCode::kConflict;
    case 410:
      return ErrorCode::kGone;
    case 429:
      return ErrorCode::kResourceExhausted;
    default:
      break;
  }
  if (http_status >= 500) return ErrorCode::kUnavailable;
  if (http_status >= 400) return ErrorCode::kInvalidArgument;
  return ErrorCode::kProtocol;  // a redirect: the API has none
}

}  // namespace

Error KubeStatusToError(int http_status, const Json& status) {
  const std::string reason = JsonString(status, "/reason");
  const std::string message = JsonString(status, "/message");
  Error error{
      Classify(http_status, reason),
      fmt::format("{}{}{}{}{}", http_status, reason.empty() ? "" : " ", Truncate(reason, 64),
                  message.empty() ? "" : ": ", Truncate(message, kLongestMessage))};
  const std::int64_t seconds = JsonInt(status, "/details/retryAfterSeconds");
  if (seconds > 0) {
    error.retry_after = seconds > kLongestRetryAfter / std::chrono::seconds(1)
                            ? kLongestRetryAfter
                            : Nanos(std::chrono::seconds(seconds));
  }
  return error;
}

Error KubeAnswerToError(const HttpResponse& response, WallTime now) {
  const auto parsed = ParseStrictJson(response.body);
  const bool is_status = parsed && JsonString(*parsed, "/kind") == "Status";
  Error error = KubeStatusToError(response.status, is_status ? *parsed : Json::object());
  if (auto header = RetryAfter(response.headers, now)) error.retry_after = header;
  return error;
}

Error KubeTransportError(const HttpError& error) {
  ErrorCode code = ErrorCode::kUnavailable;
  switch (error.kind) {
    case HttpErrorKind::kInvalidRequest:
    case HttpErrorKind::kBodyTooLarge:  // as will be the answer to the same question asked again
      code = ErrorCode::kInvalidArgument;
      break;
    case HttpErrorKind::kTimeout:
      code = ErrorCode::kDeadlineExceeded;
      break;
    case HttpErrorKind::kCancelled:
      code = ErrorCode::kCancelled;
      break;
    case HttpErrorKind::kResolve:
    case HttpErrorKind::kConnect:
    case HttpErrorKind::kTls:
    case HttpErrorKind::kReset:
    case HttpErrorKind::kProtocol:
    case HttpErrorKind::kCircuitOpen:
      break;
  }
  return Error{code, fmt::format("{} ({})", error.message, ToString(error.kind))};
}

}  // namespace gate
