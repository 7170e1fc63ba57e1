#pragma once

#include <cstdint>

namespace gate {

// 64 unpredictable bits from the operating system (getrandom(2)), to seed the one Rng of a
// program. Waits for the kernel's entropy pool at early boot; ends the process if there is none.
std::uint64_t SeedFromOs();

}  // namespace gate
