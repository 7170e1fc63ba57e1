#include "gate/adapters/watch_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gate/adapters/kube_status.h"

namespace gate {
namespace {

std::optional<KubeEventType> ParseType(std::string_view type) {
  if (type == "ADDED") return KubeEventType::kAdded;
  if (type == "MODIFIED") return KubeEventType::kModified;
  if (type == "DELETED") return KubeEventType::kDeleted;
  if (type == "BOOKMARK") return KubeEventType::kBookmark;
  return std::nullopt;
}

}  // namespace

bool WatchDecoder::Feed(std::string_view piece) {
  while (!ended_by_handler_ && !error_ && !piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::size_t size = std::min(end, piece.size());
    if (partial_.size() + size > event_limit_) {
      error_ = Error{ErrorCode::kInvalidArgument,
                     fmt::format("an event of more than the {} bytes allowed", event_limit_)};
    } else if (end == std::string_view::npos) {
      partial_ += piece;
      piece = {};
    } else if (partial_.empty()) {
      Line(piece.substr(0, end));
      piece.remove_prefix(end + 1);
    } else {
      partial_ += piece.substr(0, end);
      Line(std::exchange(partial_, {}));
      piece.remove_prefix(end + 1);
    }
  }
  return !ended_by_handler_ && !error_;
}

void WatchDecoder::Finish() {
  if (!partial_.empty() && !ended_by_handler_ && !error_) Line(std::exchange(partial_, {}));
}

void WatchDecoder::Line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  auto event = ParseStrictJson(line, {event_limit_, kDeepestObject});
  if (!event) {
    error_ = std::move(event).error().Wrap("an event that cannot be read");
    return;
  }
  const std::string type = JsonString(*event, "/type");
  if (!event->is_object() || !event->contains("object") || !(*event)["object"].is_object()) {
    error_ = Error{ErrorCode::kProtocol, "an event without an object"};
    return;
  }
  Json& object = (*event)["object"];
  if (type == "ERROR") {
    error_ = KubeStatusToError(static_cast<int>(JsonInt(object, "/code")), object);
    return;
  }
  const auto known = ParseType(type);
  if (!known) {
    error_ = Error{ErrorCode::kProtocol, "an event of an unknown type"};
    return;
  }
  if (!handler_({*known, std::move(object)})) ended_by_handler_ = true;
}

}  // namespace gate
