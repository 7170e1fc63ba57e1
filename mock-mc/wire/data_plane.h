#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "gate/base/result.h"
#include "mock-mc/behaviour/listener_spec.h"
#include "mock-mc/wire/certificates.h"
#include "mock-mc/wire/service.h"

namespace mock_mc {

// Listens and answers on threads of its own: each has an event loop and, of each address, a
// listener, among which the kernel spreads the connections. `service` must outlive it.
class DataPlane {
 public:
  static constexpr std::size_t kMostThreads = 64;

  // At `most_connections` no more are accepted (they wait in the kernel's queue) until one ends:
  // turning clients away would be a fault that nobody scripted.
  DataPlane(Service& service, std::size_t threads, std::size_t most_connections);
  ~DataPlane();

  // Returns the address in force, with the real port. `authority` may be null if the listener needs
  // none. kInvalidArgument for a bad address or bad TLS files, kUnavailable if it cannot be
  // listened on. Only before Start.
  gate::Result<std::string> Listen(const ListenerSpec& listener, const Authority* authority);

  // Begins to accept.
  void Start();

  // Cuts off all unfinished answers that a script before `generation` decided. From any thread;
  // returns at once.
  void CancelAnswers(std::uint64_t generation);

  // Closes everything and ends the threads. Not from one of them.
  void Stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mock_mc
