#pragma once

#include <cstdio>
#include <cstdlib>

// Programmer errors end the process, in every build type: Kubernetes restarts us, and no answer
// never means a promotion. Never use it to validate input.
#define GATE_CHECK(condition)                                                            \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
