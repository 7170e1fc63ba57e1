#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "mock-mc/behaviour/journal.h"

namespace mock_mc {

// What has happened since the start, for Prometheus; unlike the journal nothing of it is dropped.
struct Tally {
  static constexpr std::size_t kEndings = 6;
  // Upper bounds of how much later than intended a first byte was, in nanoseconds; the last bucket
  // has none.
  static constexpr std::array<std::int64_t, 8> kLateness = {
      50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000, 20'000'000, 100'000'000};

  std::uint64_t arrived = 0;
  std::uint64_t internal_errors = 0;
  std::map<std::string, std::uint64_t> faults;  // by name
  std::array<std::uint64_t, kEndings> ended{};  // by Ending
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::array<std::uint64_t, kLateness.size() + 1> lateness{};  // of answers with a delay
  std::int64_t lateness_sum_ns = 0;

  void CountArrival(const Decision& decision);
  // `entry` is null if the journal has dropped it.
  void CountEnd(const Completion& completion, const JournalEntry* entry);
};

}  // namespace mock_mc
