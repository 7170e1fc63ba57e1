#pragma once

#include <functional>

#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"

namespace gate {

// What a consumer of WatchObjects sees: a full snapshot first (and again whenever the server had
// forgotten our place), then the changes in the server's order. Bookmarks are consumed inside.
struct WatchHandlers {
  std::function<void(const KubeList&)> on_snapshot;
  // If set, gets the snapshot in place of on_snapshot, page by page, for lists that may be too long
  // to be held. A snapshot that breaks off is begun anew.
  enum class Page { kFirst, kNext };
  std::function<void(Page page, std::vector<Json> items)> on_page;
  std::function<void()> on_complete;  // after the last page
  std::function<void(const KubeEvent&)> on_event;
  // An error that is being retried, for the log; may be empty.
  std::function<void(const Error&)> on_retry;
};

// Keeps watching until `deadline`: list, watch, resume from the last seen resourceVersion when the
// connection ends, list again on 410 Gone; errors, and lists that take longer than two minutes, are
// retried with capped exponential back-off.
// Returns the error that ended it: kDeadlineExceeded or kCancelled, or at once a kPermissionDenied
// or kInvalidArgument, which waiting would not cure.
Error WatchObjects(KubeApi& kube, Runtime& runtime, const KubeResource& resource,
                   const std::string& ns, const KubeSelector& selector,
                   const WatchHandlers& handlers, const Deadline& deadline);

}  // namespace gate
