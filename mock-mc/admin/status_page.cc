#include "mock-mc/admin/status_page.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <string_view>
#include <vector>

#include "gate/base/encoding.h"

namespace mock_mc {
namespace {

constexpr std::size_t kLatest = 50;
constexpr std::size_t kMostRules = 200;

constexpr std::string_view kHead =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>mock-mc</title>\n"
    "<meta http-equiv=\"refresh\" content=\"2\">\n"
    "<style>body{font:14px/1.4 system-ui,sans-serif;margin:1.5em;color:#222}"
    "table{border-collapse:collapse;margin:.5em 0 1.5em}"
    "th,td{text-align:left;padding:.2em .8em;border-bottom:1px solid #ddd;"
    "font-variant-numeric:tabular-nums}th{font-weight:600;background:#f4f4f4}"
    "td.f{color:#a40000}</style></head>\n<body><h1>mock-mc</h1>\n";

struct Contents {
  std::vector<JournalEntry> latest;  // oldest first
  std::uint64_t dropped = 0;
  std::vector<std::string> rules;
};

Contents Gather(Service& service) {
  return service.Inspect([](const Engine& engine, const Journal& journal) {
    Contents contents;
    const std::uint64_t last = journal.last_sequence();
    const std::uint64_t after = last > kLatest ? last - kLatest : 0;
    for (const JournalEntry* entry : journal.Find({}, after, kLatest)) {
      contents.latest.push_back(*entry);
    }
    contents.dropped = journal.dropped();
    for (const Rule& rule : engine.script().rules) {
      if (contents.rules.size() == kMostRules) break;
      contents.rules.push_back(rule.id);
    }
    return contents;
  });
}

void AddFigures(const Tally& tally, Service& service, std::uint64_t dropped, std::string& page) {
  const auto up =
      std::chrono::duration_cast<std::chrono::seconds>(service.Now().at - service.started().at);
  fmt::format_to(std::back_inserter(page),
                 "<table><tr><th>up</th><th>requests</th><th>open connections</th>"
                 "<th>internal errors</th><th>dropped from the journal</th></tr>"
                 "<tr><td>{} s</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr></table>\n",
                 up.count(), tally.arrived, service.connections().open.load(),
                 tally.internal_errors, dropped);
  page += "<table><tr><th>fault</th><th>times</th></tr>";
  for (const auto& [fault, count] : tally.faults) {
    fmt::format_to(std::back_inserter(page), "<tr><td class=\"f\">{}</td><td>{}</td></tr>",
                   gate::EscapeMarkup(fault), count);
  }
  page += "</table>\n";
}

void AddEntry(const JournalEntry& entry, std::string& page) {
  const Decision& decision = entry.decision;
  const std::string_view ended = entry.completion ? ToString(entry.completion->ending) : "...";
  fmt::format_to(std::back_inserter(page),
                 "<tr><td>{}</td><td>{}</td><td>{} {}</td><td>{}</td><td>{}</td><td>{}</td>"
                 "<td class=\"f\">{}</td><td>{}</td><td>{}</td></tr>\n",
                 entry.sequence, gate::FormatRfc3339(entry.arrived.wall, 3),
                 gate::EscapeMarkup(entry.method), gate::EscapeMarkup(entry.path),
                 gate::EscapeMarkup(decision.rule), gate::EscapeMarkup(decision.response),
                 decision.status, gate::EscapeMarkup(decision.fault), ended,
                 entry.completion ? entry.completion->bytes_written : 0);
}

}  // namespace

std::string StatusPage(Service& service) {
  const Contents contents = Gather(service);
  std::string page(kHead);
  AddFigures(service.tally(), service, contents.dropped, page);
  page +=
      "<table><tr><th>#</th><th>arrived</th><th>request</th><th>rule</th><th>response</th>"
      "<th>status</th><th>fault</th><th>ended</th><th>bytes</th></tr>\n";
  for (auto entry = contents.latest.rbegin(); entry != contents.latest.rend(); ++entry) {
    AddEntry(*entry, page);
  }
  page += "</table>\n<p>Rules:";
  for (const std::string& rule : contents.rules) {
    page += " <code>" + gate::EscapeMarkup(rule) + "</code>";
  }
  page += "</p></body></html>\n";
  return page;
}

}  // namespace mock_mc
