#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gate/seams/kube_api.h"

namespace gate {

// How deep an object of the API may be: schemas in custom resource definitions are deep.
inline constexpr std::size_t kDeepestObject = 128;

// Cuts the stream of a watch into events, one JSON document per line, however the lines are split
// over pieces, and hands them to a handler. An ERROR event is an error, classified by its Status
// (410: kGone). Anything else that is no event is kProtocol; one that is longer than the limit is
// kInvalidArgument, as the server would send it again.
class WatchDecoder {
 public:
  // `handler` must outlive this.
  WatchDecoder(const KubeEventHandler& handler, std::size_t event_limit)
      : handler_(handler), event_limit_(event_limit) {}

  // False once nothing more is wanted: the handler or an error has ended the watch.
  bool Feed(std::string_view piece);

  // The stream has ended in an orderly way; also takes a last line without its newline.
  void Finish();

  bool ended_by_handler() const { return ended_by_handler_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  void Line(std::string_view line);

  const KubeEventHandler& handler_;
  const std::size_t event_limit_;
  std::string partial_;  // a line whose end has not arrived; shorter than event_limit_
  bool ended_by_handler_ = false;
  std::optional<Error> error_;
};

}  // namespace gate
