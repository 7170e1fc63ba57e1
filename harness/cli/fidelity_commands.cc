#include "harness/cli/fidelity_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/cli/complain.h"
#include "harness/fidelity/compare.h"
#include "harness/fidelity/divergences.h"
#include "harness/fidelity/table.h"
#include "harness/fidelity/trace_files.h"

namespace drill::cli {
namespace {

// --- trace --------------------------------------------------------------------------------------

struct TraceOptions {
  std::string folder;
  std::string out;  // empty: traces in the report folder
};

ExitCode Trace(const TraceOptions& options) {
  const auto traces = LoadTraces(options.folder);
  if (!traces) return Complain(traces.error(), ExitCode::kInvalidInput);
  const std::string out = options.out.empty() ? options.folder + "/traces" : options.out;
  if (const auto written = WriteTraces(out, *traces); !written) {
    return Complain(written.error(), ExitCode::kInternal);
  }
  fmt::print("{} traces: {}\n", traces->size(), out);
  return ExitCode::kPass;
}

void AddTrace(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("trace", "write the milestones of a run's scenarios");
  const auto options = std::make_shared<TraceOptions>();
  command->add_option("folder", options->folder, "the report folder of a run")->required();
  command->add_option("--out", options->out,
                      "folder to write to (default: traces in the report folder)");
  command->callback([options, &chosen] { chosen = [options] { return Trace(*options); }; });
}

// --- compare ------------------------------------------------------------------------------------

struct CompareOptions {
  std::string a;
  std::string b;
  std::string divergences;  // a file; empty: every difference counts
  enum class Format { kText, kMarkdown } format = Format::kText;
};

ExitCode Compare(const CompareOptions& options) {
  const auto a = LoadTraces(options.a);
  if (!a) return Complain(a.error(), ExitCode::kInvalidInput);
  const auto b = LoadTraces(options.b);
  if (!b) return Complain(b.error(), ExitCode::kInvalidInput);
  std::vector<Divergence> listed;
  if (!options.divergences.empty()) {
    auto loaded = LoadDivergences(options.divergences);
    if (!loaded) return Complain(loaded.error(), ExitCode::kInvalidInput);
    listed = *std::move(loaded);
  }
  const auto agreements = CompareTraces(*a, *b);
  const bool as_text = options.format == CompareOptions::Format::kText;
  fmt::print("{}", as_text ? RenderAgreements(agreements) : RenderMarkdown(agreements, listed));
  if (options.divergences.empty()) {
    return AllAgree(agreements) ? ExitCode::kPass : ExitCode::kFail;
  }
  const auto contradictions = Contradictions(agreements, listed);
  for (const std::string& line : contradictions) fmt::print(stderr, "{}\n", line);
  return contradictions.empty() ? ExitCode::kPass : ExitCode::kFail;
}

void AddCompare(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("compare", "compare the milestones of two runs");
  const auto options = std::make_shared<CompareOptions>();
  command->add_option("a", options->a, "a report folder, or a folder of traces")->required();
  command->add_option("b", options->b, "another one")->required();
  command->add_option(
      "--divergences", options->divergences,
      "differences that are known (YAML); only others fail, and those that are gone");
  command->add_flag_callback(
      "--markdown", [options] { options->format = CompareOptions::Format::kMarkdown; },
      "print a table for a document");
  command->callback([options, &chosen] { chosen = [options] { return Compare(*options); }; });
}

}  // namespace

void AddFidelityCommands(CLI::App& app, Chosen& chosen) {
  AddTrace(app, chosen);
  AddCompare(app, chosen);
}

}  // namespace drill::cli
