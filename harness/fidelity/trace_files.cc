#include "harness/fidelity/trace_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "reports/codec.h"
#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/read.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

constexpr std::string_view kFormat = "drill-trace/v1";

// Tenths of a second as text: 12.3.
std::string Tenths(gate::Nanos time) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

Error Wrong(const std::string& file, int line, std::string_view what) {
  return {ErrorCode::kProtocol, fmt::format("{}:{}: {}", file, line, what)};
}

Result<MilestoneTrace> ReadHead(const Json& head, const std::string& file) {
  reports::FieldReader reader(head);
  const std::string format = reader.String("format");
  MilestoneTrace trace{reader.String("scenario"), reader.String("sha256"),
                       reader.String("backend"),  reader.String("controller"),
                       reader.Bool("eventsCut"),  {}};
  if (auto read = reader.Finish(); !read) return Wrong(file, 1, read.error().message);
  if (format != kFormat) return Wrong(file, 1, fmt::format("is not a {}", kFormat));
  return trace;
}

Result<Milestone> ReadMilestone(const Json& record, const std::string& file, int line) {
  reports::FieldReader reader(record);
  Milestone milestone;
  milestone.event = reader.String("event");
  const std::string at = reader.String("t");
  if (auto read = reader.Finish(); !read) return Wrong(file, line, read.error().message);
  const auto time = gate::ParseDuration(at + "s");
  if (!time) return Wrong(file, line, "\"t\" is not a number of seconds");
  milestone.at = *time;
  for (const auto& [key, value] : record.items()) {
    if (value.is_structured()) return Wrong(file, line, fmt::format("\"{}\" is not flat", key));
    if (key != "event" && key != "t") milestone.fields[key] = value;
  }
  return milestone;
}

Result<std::vector<MilestoneTrace>> TracesOfRun(const std::string& journal_path) {
  const auto run = reports::ReadRun(journal_path);
  if (!run) return run.error();
  std::vector<MilestoneTrace> traces;
  for (const reports::ScenarioResult& scenario : run->scenarios) {
    if (scenario.started) traces.push_back(ExtractMilestones(*run, scenario));
  }
  return traces;
}

Result<std::vector<MilestoneTrace>> TracesInFolder(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".jsonl") files.push_back(entry->path().string());
  }
  if (error) return reports::FileError(folder, error.value());
  std::vector<MilestoneTrace> traces;
  for (const std::string& file : files) {
    const auto text = reports::ReadWholeFile(file);
    if (!text) return text.error();
    auto trace = ParseTrace(*text, file);
    if (!trace) return std::move(trace).error();
    traces.push_back(*std::move(trace));
  }
  return traces;
}

}  // namespace

std::string ToJsonLines(const MilestoneTrace& trace) {
  std::string text = gate::DumpJson({{"format", kFormat},
                                     {"scenario", trace.scenario},
                                     {"sha256", trace.sha256},
                                     {"backend", trace.backend},
                                     {"controller", trace.controller},
                                     {"eventsCut", trace.events_cut}}) +
                     "\n";
  for (const Milestone& milestone : trace.milestones) {
    Json record = milestone.fields;
    record["t"] = Tenths(milestone.at);
    record["event"] = milestone.event;
    text += gate::DumpJson(record) + "\n";
  }
  return text;
}

Result<MilestoneTrace> ParseTrace(std::string_view text, const std::string& file) {
  std::optional<MilestoneTrace> trace;
  int line = 0;
  while (!text.empty()) {
    ++line;
    const auto end = std::min(text.find('\n'), text.size());
    const auto record = gate::ParseStrictJson(text.substr(0, end));
    if (!record || !record->is_object()) return Wrong(file, line, "is no JSON object");
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!trace) {
      auto head = ReadHead(*record, file);
      if (!head) return head;
      trace = *std::move(head);
      continue;
    }
    auto milestone = ReadMilestone(*record, file, line);
    if (!milestone) return std::move(milestone).error();
    trace->milestones.push_back(*std::move(milestone));
  }
  if (!trace) return Wrong(file, 1, "is empty");
  return *std::move(trace);
}

Result<std::vector<MilestoneTrace>> LoadTraces(const std::string& folder) {
  std::error_code ignored;  // whatever it is, reading tells
  const std::string journal = reports::JournalPath(folder);
  auto traces =
      std::filesystem::exists(journal, ignored) ? TracesOfRun(journal) : TracesInFolder(folder);
  if (!traces) return traces;
  if (traces->empty()) {
    return Error{ErrorCode::kNotFound, folder + ": holds no trace and no run that played anything"};
  }
  std::sort(traces->begin(), traces->end(),
            [](const auto& a, const auto& b) { return a.scenario < b.scenario; });
  return traces;
}

Result<void> WriteTraces(const std::string& folder, const std::vector<MilestoneTrace>& traces) {
  if (auto made = reports::MakeFolder(folder); !made) return made;
  for (const MilestoneTrace& trace : traces) {
    const std::string path = folder + "/" + trace.scenario + ".jsonl";
    if (auto written = reports::WriteFileAtomically(path, ToJsonLines(trace)); !written) {
      return written;
    }
  }
  return {};
}

}  // namespace drill
