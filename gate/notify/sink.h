#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/notify/config.h"
#include "gate/notify/notice.h"
#include "gate/seams/deadline.h"
#include "gate/seams/files.h"
#include "gate/seams/http_client.h"
#include "gate/seams/runtime.h"

namespace gate::notify {

enum class Again {
  kLater,  // the sink, the network or the secret may recover
  kNever,  // the sink will never take this
};

// Why a notice was not delivered. Whether it was after all is unknown if the answer was lost.
struct DeliveryError {
  Again again;
  std::string message;               // for logs: names the sink's type, never the secret
  std::optional<Nanos> retry_after;  // how long the sink asked us to wait
};

struct Courier {
  HttpClient& http;
  Files& files;
  Runtime& runtime;
};

// Tells `sink` of `notice`, in one attempt, within the sink's timeout for each request and the
// deadline for all. The secret is read from its file anew. Slack has taken it if it says "ok",
// PagerDuty if it says 202; then kNever for 4xx other than 408 and 429, which say that the message
// or the webhook is wrong, and kLater for everything else, also for a 200 that is not Slack's own.
Result<void, DeliveryError> Deliver(const Courier& courier, const Sink& sink,
                                    std::string_view playbook_url, const Notice& notice,
                                    const Deadline& deadline);

}  // namespace gate::notify
