#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gate/seams/http_client.h"

namespace gate {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

// What a look-up yields: addresses in the order in which to try them, or a sentence.
using LookUpResult = Result<std::vector<SocketAddress>, std::string>;

// Host names to addresses, with a deadline. getaddrinfo cannot be interrupted, so it runs on a
// thread of its own; when the caller gives up first, that thread is left behind until the system's
// resolver gives up too (by default 5 s per try and server). No more than kMostLookUps are under
// way at once: beyond that Resolve fails at once. Thread-safe; may be destroyed meanwhile.
class HostResolver {
 public:
  static constexpr int kMostLookUps = 16;
  static constexpr std::size_t kMostAddresses = 16;  // further ones are ignored

  // Blocks for as long as it takes; called on a thread of its own.
  using LookUp = std::function<LookUpResult(const std::string& host, std::uint16_t port)>;

  explicit HostResolver(LookUp look_up = SystemLookUp);

  // `host` may be an address, which needs no look-up. kResolve, kTimeout, kCancelled.
  Result<std::vector<SocketAddress>, HttpError> Resolve(const std::string& host, std::uint16_t port,
                                                        const Deadline& deadline);

  // getaddrinfo, with /etc/hosts and DNS whatever /etc/nsswitch.conf says (for the whole process).
  static LookUpResult SystemLookUp(const std::string& host, std::uint16_t port);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // with the threads that outlive a call, or this object
};

}  // namespace gate
