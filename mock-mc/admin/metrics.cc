#include "mock-mc/admin/metrics.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

namespace mock_mc {
namespace {

constexpr double kNanosPerSecond = 1e9;

// Builds the text, one metric after the other.
class MetricsWriter {
 public:
  void Head(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  }
  template <typename Value>
  void Sample(std::string_view name, std::string_view labels, const Value& value) {
    fmt::format_to(std::back_inserter(text_), "{}{} {}\n", name, labels, value);
  }
  template <typename Value>
  void Single(std::string_view name, std::string_view type, std::string_view help,
              const Value& value) {
    Head(name, type, help);
    Sample(name, "", value);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

void WriteEndings(const Tally& tally, MetricsWriter& writer) {
  constexpr std::string_view kName = "mock_mc_ended_total";
  writer.Head(kName, "counter", "Answers and connection faults, by how they ended.");
  for (std::size_t i = 0; i < tally.ended.size(); ++i) {
    writer.Sample(kName, fmt::format("{{ended=\"{}\"}}", ToString(static_cast<Ending>(i))),
                  tally.ended.at(i));
  }
}

// Names of faults are ours and need no escaping.
void WriteFaults(const Tally& tally, MetricsWriter& writer) {
  constexpr std::string_view kName = "mock_mc_faults_total";
  writer.Head(kName, "counter", "Scripted faults, by kind.");
  for (const auto& [fault, count] : tally.faults) {
    writer.Sample(kName, fmt::format("{{fault=\"{}\"}}", fault), count);
  }
}

void WriteLateness(const Tally& tally, MetricsWriter& writer) {
  constexpr std::string_view kName = "mock_mc_delay_lateness_seconds";
  writer.Head(kName, "histogram", "How much later than intended a delayed first byte was sent.");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < Tally::kLateness.size(); ++i) {
    count += tally.lateness.at(i);
    const double bound = static_cast<double>(Tally::kLateness.at(i)) / kNanosPerSecond;
    writer.Sample(fmt::format("{}_bucket", kName), fmt::format("{{le=\"{}\"}}", bound), count);
  }
  count += tally.lateness.back();
  writer.Sample(fmt::format("{}_bucket", kName), "{le=\"+Inf\"}", count);
  writer.Sample(fmt::format("{}_sum", kName), "",
                static_cast<double>(tally.lateness_sum_ns) / kNanosPerSecond);
  writer.Sample(fmt::format("{}_count", kName), "", count);
}

void WriteJournal(Service& service, MetricsWriter& writer) {
  struct Figures {
    std::size_t entries;
    std::size_t bytes;
    std::uint64_t dropped;
  };
  const Figures journal = service.Inspect([](const Engine&, const Journal& kept) {
    return Figures{kept.entries(), kept.bytes(), kept.dropped()};
  });
  writer.Single("mock_mc_journal_entries", "gauge", "Entries that the journal holds.",
                journal.entries);
  writer.Single("mock_mc_journal_bytes", "gauge", "Estimated memory of the journal's entries.",
                journal.bytes);
  writer.Single("mock_mc_journal_dropped_total", "counter", "Entries dropped for lack of room.",
                journal.dropped);
}

}  // namespace

std::string MetricsText(Service& service) {
  const Tally tally = service.tally();
  MetricsWriter writer;
  writer.Single("mock_mc_requests_total", "counter", "Requests and connection faults.",
                tally.arrived);
  writer.Single("mock_mc_internal_errors_total", "counter",
                "Answers that no script asked for: mock-mc itself failed.", tally.internal_errors);
  WriteFaults(tally, writer);
  WriteEndings(tally, writer);
  writer.Single("mock_mc_read_bytes_total", "counter", "Bytes of requests.", tally.bytes_read);
  writer.Single("mock_mc_written_bytes_total", "counter", "Bytes of answers.", tally.bytes_written);
  WriteLateness(tally, writer);
  writer.Single("mock_mc_connections", "gauge", "Open connections.",
                service.connections().open.load());
  writer.Single("mock_mc_connections_total", "counter", "Connections accepted.",
                service.connections().total.load());
  WriteJournal(service, writer);
  return writer.Take();
}

}  // namespace mock_mc
