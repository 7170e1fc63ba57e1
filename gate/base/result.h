#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "gate/base/check.h"

namespace gate {

// What went wrong, as far as code can react to it. A new code is added only when some caller does
// something different because of it.
enum class ErrorCode {
  kInvalidArgument,    // the input or configuration is wrong; repeating does not help
  kNotFound,           // HTTP 404, a missing file
  kAlreadyExists,      // HTTP 409 on create
  kConflict,           // HTTP 409 on update: read again, then write again
  kGone,               // HTTP 410: a watch's resourceVersion is too old; list again
  kPermissionDenied,   // HTTP 401, 403, EACCES
  kResourceExhausted,  // HTTP 429; see Error::retry_after
  kUnavailable,        // not reachable, 5xx: may work later
  kDeadlineExceeded,   // the caller's deadline passed; the effect is unknown
  kCancelled,          // the caller asked to stop
  kProtocol,           // the peer said something that the protocol does not allow
};

// "invalid-argument", "not-found", ...
std::string_view ToString(ErrorCode code);

// An operating error: a code to react to and a sentence for a person. Never holds a secret.
struct Error {
  ErrorCode code;
  std::string message;
  // How long the peer asked us to wait (Retry-After), if it did.
  std::optional<std::chrono::nanoseconds> retry_after = std::nullopt;

  // Prefixes the message with what was being attempted: Wrap("reading keyring") gives
  // "reading keyring: <message>".
  Error Wrap(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

inline Error InvalidArgument(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

inline Error ProtocolError(std::string message) {
  return {ErrorCode::kProtocol, std::move(message)};
}

// Either a value or an error; ignoring one is a compile error. The interface is a subset of C++23's
// std::expected, except that errors are constructed directly from E.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<T, E>);

 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    GATE_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    GATE_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    GATE_CHECK(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  E& error() & {
    GATE_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  const E& error() const& {
    GATE_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  E&& error() && {
    GATE_CHECK(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, E> state_;
};

// Success without a value: `return {};`.
template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(E error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }

  E& error() & {
    GATE_CHECK(error_.has_value());
    return *error_;
  }
  const E& error() const& {
    GATE_CHECK(error_.has_value());
    return *error_;
  }
  E&& error() && {
    GATE_CHECK(error_.has_value());
    return std::move(*error_);
  }

 private:
  std::optional<E> error_;
};

}  // namespace gate
