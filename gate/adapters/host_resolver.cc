#include "gate/adapters/host_resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "gate/adapters/steady_instant.h"

namespace gate {
namespace {

std::optional<SocketAddress> ParseAddress(const std::string& host, std::uint16_t port) {
  SocketAddress address;
  sockaddr_in v4 = {};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.size = sizeof v4;
    return address;
  }
  sockaddr_in6 v6 = {};
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.size = sizeof v6;
    return address;
  }
  return std::nullopt;
}

// Only libc's own parts: /etc/hosts and DNS, as Go's resolver does. Others are shared libraries
// that are loaded when needed, and a static program must not load those of another libc.
void ConfineLookUps() {
  static const int confined = __nss_configure_lookup("hosts", "files dns");
  (void)confined;  // a failure leaves what /etc/nsswitch.conf says
}

// One look-up, shared by the thread that performs it and the call that waits for it.
struct Pending {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<LookUpResult> result;
};

}  // namespace

struct HostResolver::Shared {
  LookUp look_up;
  std::atomic<int> under_way = 0;
};

HostResolver::HostResolver(LookUp look_up) : shared_(std::make_shared<Shared>()) {
  shared_->look_up = std::move(look_up);
}

Result<std::vector<SocketAddress>, HttpError> HostResolver::Resolve(const std::string& host,
                                                                    std::uint16_t port,
                                                                    const Deadline& deadline) {
  if (auto address = ParseAddress(host, port)) return std::vector{*address};
  if (shared_->under_way.fetch_add(1) >= kMostLookUps) {
    --shared_->under_way;
    return HttpError{HttpErrorKind::kResolve, "resolving: too many look-ups are still unanswered"};
  }
  auto pending = std::make_shared<Pending>();
  try {
    std::thread([shared = shared_, pending, host, port] {
      LookUpResult result = shared->look_up(host, port);
      --shared->under_way;
      const std::lock_guard lock(pending->mutex);
      pending->result.emplace(std::move(result));
      pending->changed.notify_one();
    }).detach();
  } catch (const std::system_error& error) {
    --shared_->under_way;
    return HttpError{HttpErrorKind::kResolve, std::string("resolving: no thread: ") + error.what()};
  }
  std::unique_lock lock(pending->mutex);
  pending->changed.wait_until(lock, deadline.stop, ToSteady(deadline.at),
                              [&] { return pending->result.has_value(); });
  if (deadline.stop.stop_requested()) {
    return HttpError{HttpErrorKind::kCancelled, "resolving: cancelled"};
  }
  if (!pending->result) return HttpError{HttpErrorKind::kTimeout, "resolving: deadline passed"};
  if (!*pending->result) {
    return HttpError{HttpErrorKind::kResolve, "resolving: " + pending->result->error()};
  }
  return std::move(**pending->result);
}

LookUpResult HostResolver::SystemLookUp(const std::string& host, std::uint16_t port) {
  ConfineLookUps();
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (failure == EAI_SYSTEM) return std::generic_category().message(errno);
  if (failure != 0) return std::string(gai_strerror(failure));
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (addresses.size() == kMostAddresses) break;
    if (entry->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
  }
  freeaddrinfo(list);
  if (addresses.empty()) return std::string("no addresses");
  return addresses;
}

}  // namespace gate
