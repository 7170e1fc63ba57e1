#include "gate/adapters/os_seed.h"

#include <sys/random.h>

#include <cerrno>

#include "gate/base/check.h"

namespace gate {

std::uint64_t SeedFromOs() {
  std::uint64_t seed = 0;
  for (;;) {
    const ssize_t count = getrandom(&seed, sizeof seed, 0);
    // Requests of up to 256 bytes are never answered in part (getrandom(2)).
    if (count == static_cast<ssize_t>(sizeof seed)) return seed;
    GATE_CHECK(count < 0 && errno == EINTR);
  }
}

}  // namespace gate
