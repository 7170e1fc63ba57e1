#include "gate/service/metered_http_client.h"

#include <array>

namespace gate::service {
namespace {

constexpr std::array<std::string_view, 6> kClasses = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};

std::string_view ResultOf(const Result<HttpResponse, HttpError>& result) {
  if (!result) return ToString(result.error().kind);
  const int status_class = result->status / 100;
  return status_class >= 1 && status_class <= 5 ? kClasses[static_cast<std::size_t>(status_class)]
                                                : kClasses[0];
}

}  // namespace

std::vector<std::string_view> McResults() {
  std::vector<std::string_view> results(kClasses.begin(), kClasses.end());
  for (int i = 0; i <= static_cast<int>(HttpErrorKind::kCancelled); ++i) {
    results.push_back(ToString(static_cast<HttpErrorKind>(i)));
  }
  return results;
}

Result<HttpResponse, HttpError> MeteredHttpClient::Send(const HttpRequest& request,
                                                        const Deadline& deadline) {
  const Instant started = runtime_.Now();
  auto result = http_.Send(request, deadline);
  meter_.McAsked(runtime_.Now() - started, ResultOf(result));
  return result;
}

}  // namespace gate::service
