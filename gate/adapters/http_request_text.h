#pragma once

#include <string>

#include "gate/adapters/http_url.h"
#include "gate/seams/http_client.h"

namespace gate {

// The bytes of an HTTP/1.1 request, header and body. kInvalidArgument if something in it cannot be
// sent as it is (see BeastHttpClient); the message names a header, never a value.
Result<std::string> WriteHttpRequest(const HttpRequest& request, const HttpUrl& url);

}  // namespace gate
