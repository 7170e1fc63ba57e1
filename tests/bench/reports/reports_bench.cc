// How long it takes to render a large run in all formats, and how much memory.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>

#include "reports/render.h"
#include "tests/reports/drawn_run.h"

namespace {

// The most memory that this process has had so far.
long MostMemory() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const reports::RunResult run = reports::DrawnRun(count);
  fmt::print("{} scenarios in memory: {} MiB\n", count, MostMemory());
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  double total = 0;
  for (const reports::ReportFile& file : reports::ReportFiles()) {
    const auto begin = Clock::now();
    const std::string text = file.render(run);
    const double took = Seconds(Clock::now() - begin).count();
    total += took;
    fmt::print("{:<12} {:>8.3f} s {:>12} bytes, at most {} MiB until here\n", file.name, took,
               text.size(), MostMemory());
  }
  fmt::print("{} scenarios: {:.3f} s in all, at most {} MiB\n", count, total, MostMemory());
  return 0;
}
