#pragma once

#include <cstdint>
#include <memory>

#include "gate/base/rng.h"
#include "gate/base/time.h"
#include "harness/sim/argo/web_transport.h"
#include "harness/sim/stage/network.h"
#include "harness/sim/world/world.h"

namespace drill::sim {

// Argo Rollouts' way to what its web metrics ask: through the network, to whatever listens behind a
// Service ("http://NAME.NAMESPACE.svc:PORT/"). The weather is that of all connections. Errors have
// the words of Go's client, without addresses. Redirects are not followed: nothing here sends any.
class SimWebTransport : public WebTransport {
 public:
  // Both must outlive it, and it must outlive the containers of the world.
  SimWebTransport(World& world, Network& network);

  void Send(WebRequest request, Done done) override;

 private:
  struct Call;
  void Connect(const std::shared_ptr<Call>& call);
  void Deliver(const std::shared_ptr<Call>& call);
  void Fail(const std::shared_ptr<Call>& call, const char* why);
  bool Draw(std::uint32_t ppm);
  gate::Nanos OneWay();

  World& world_;
  Network& network_;
  gate::Rng rng_;
};

}  // namespace drill::sim
