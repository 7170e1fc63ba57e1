#pragma once

#include <optional>
#include <string_view>

#include "gate/seams/http_client.h"
#include "gate/seams/kube_api.h"

namespace gate {

// A metav1.Status as an Error: an ERROR event of a watch, or the body of an answer.
Error KubeStatusToError(int http_status, const Json& status);

// Any answer other than 2xx as an Error, classified by its HTTP status and, for 409, by the
// Status object's reason. A body that is no Status (a proxy's error page) is not quoted.
Error KubeAnswerToError(const HttpResponse& response, WallTime now);

// No answer at all.
Error KubeTransportError(const HttpError& error);

}  // namespace gate
