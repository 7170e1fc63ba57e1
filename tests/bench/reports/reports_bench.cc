// How long it takes to render a large run in all formats, and how much memory.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>

#include "reports/render.h"
#include "tests/reports/drawn_run.h"

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const reports::RunResult run = reports::DrawnRun(count);
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  double total = 0;
  for (const reports::ReportFile& file : reports::ReportFiles()) {
    const auto begin = Clock::now();
    const std::string text = file.render(run);
    const double took = Seconds(Clock::now() - begin).count();
    total += took;
    fmt::print("{:<12} {:>8.3f} s {:>12} bytes\n", file.name, took, text.size());
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{} scenarios: {:.3f} s in all, at most {} MiB\n", count, total,
             usage.ru_maxrss / 1024);
  return 0;
}
