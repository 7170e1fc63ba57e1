#include "gate/seams/watch.h"

#include <algorithm>

#include "gate/base/strict_json.h"

namespace gate {
namespace {

constexpr Nanos kFirstPause = std::chrono::milliseconds(200);
constexpr Nanos kLongestPause = std::chrono::seconds(10);
// A list that was lost on its way must not be waited for as long as the watch is to last. An API
// server gives each page one minute.
constexpr Nanos kListPatience = std::chrono::minutes(2);

bool IsHopeless(const Error& error) {
  return error.code == ErrorCode::kPermissionDenied || error.code == ErrorCode::kInvalidArgument ||
         error.code == ErrorCode::kCancelled;
}

// Tells the handlers of all that is there; the version to watch from.
Result<std::string> Snapshot(KubeApi& kube, const KubeResource& resource, const std::string& ns,
                             const KubeSelector& selector, const WatchHandlers& handlers,
                             const Deadline& deadline) {
  if (!handlers.on_page) {
    auto list = kube.List(resource, ns, selector, deadline);
    if (!list) return std::move(list).error();
    handlers.on_snapshot(*list);
    return std::move(list->resource_version);
  }
  auto page = WatchHandlers::Page::kFirst;
  const auto on_page = [&](std::vector<Json> items) {
    handlers.on_page(page, std::move(items));
    page = WatchHandlers::Page::kNext;
  };
  auto version = kube.ListPages(resource, ns, selector, on_page, deadline);
  if (version) handlers.on_complete();
  return version;
}

}  // namespace

Error WatchObjects(KubeApi& kube, Runtime& runtime, const KubeResource& resource,
                   const std::string& ns, const KubeSelector& selector,
                   const WatchHandlers& handlers, const Deadline& deadline) {
  std::string resource_version;  // empty: list first
  Nanos pause = kFirstPause;
  const KubeEventHandler on_event = [&](const KubeEvent& event) {
    pause = kFirstPause;
    resource_version = JsonString(event.object, "/metadata/resourceVersion");
    if (event.type != KubeEventType::kBookmark) handlers.on_event(event);
    return true;
  };
  for (;;) {
    if (deadline.stop.stop_requested()) return Error{ErrorCode::kCancelled, "stopped"};
    if (runtime.Now() >= deadline.at) return Error{ErrorCode::kDeadlineExceeded, "deadline passed"};
    std::optional<Error> error;
    if (resource_version.empty()) {
      const Instant latest = std::min(deadline.at, runtime.Now() + kListPatience);
      auto version = Snapshot(kube, resource, ns, selector, handlers, {latest, deadline.stop});
      if (version) {
        resource_version = *std::move(version);
      } else {
        error = std::move(version).error();
      }
    }
    if (!error) {
      auto watched = kube.Watch(resource, ns, selector, resource_version, on_event, deadline);
      if (!watched) error = std::move(watched).error();
    }
    // The pause also follows an orderly end, so that a server that hangs up at once is not
    // hammered.
    Nanos wait = kFirstPause;
    if (error && error->code == ErrorCode::kGone) {
      resource_version.clear();
    } else if (error) {
      if (IsHopeless(*error)) return *std::move(error);
      if (handlers.on_retry) handlers.on_retry(*error);
      wait = std::max(pause, error->retry_after.value_or(Nanos(0)));
      pause = std::min(pause * 2, kLongestPause);
    }
    if (runtime.Sleep({std::min(deadline.at, runtime.Now() + wait), deadline.stop}) ==
        WaitResult::kStopped) {
      return Error{ErrorCode::kCancelled, "stopped"};
    }
  }
}

}  // namespace gate
