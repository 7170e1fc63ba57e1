#include "gate/cli/lint_command.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "gate/cli/lint_options.h"
#include "gate/lint/lint.h"
#include "gate/lint/render.h"

namespace gate::cli {
namespace {

constexpr int kClean = 0;
constexpr int kFound = 1;
constexpr int kInvalid = 3;

// Rendered charts are larger than single objects.
constexpr std::size_t kLargestFile = std::size_t{16} << 20U;

// Null if some file cannot be read; each such is reported.
std::optional<std::vector<lint::SourceFile>> ReadFiles(const std::vector<std::string>& names,
                                                       Platform& platform) {
  std::vector<lint::SourceFile> files;
  bool all = true;
  for (const std::string& name : names) {
    const bool is_input = name == "-";
    auto text =
        is_input ? platform.ReadInput(kLargestFile) : platform.files().Read(name, kLargestFile);
    if (!text) {
      platform.err().Write("rollout-gate: " + text.error().message);
      all = false;
      continue;
    }
    files.push_back({is_input ? "stdin" : name, *std::move(text)});
  }
  if (!all) return std::nullopt;
  return files;
}

std::string Render(const lint::Report& report, const LintOptions& options,
                   const std::string& version) {
  switch (options.format) {
    case LintOptions::Format::kText:
      return RenderText(report);
    case LintOptions::Format::kJson:
      return RenderJson(report);
    case LintOptions::Format::kSarif:
      return RenderSarif(report, version, options.docs_url);
  }
  GATE_CHECK(false);
}

void ListRules(LineSink& out) {
  for (const lint::RuleInfo& each : lint::AllRules()) {
    out.Write(fmt::format("{:<24} {:<8} {}", each.id, ToString(each.severity), each.summary));
  }
}

}  // namespace

int RunLint(const std::vector<std::string>& arguments, const std::string& version,
            Platform& platform) {
  auto options = ParseLint(arguments);
  if (!options) {
    Say(options.error(), platform);
    return options.error().is_error ? kInvalid : kClean;
  }
  if (options->list_rules) {
    ListRules(platform.out());
    return kClean;
  }
  const auto files = ReadFiles(options->files, platform);
  if (!files) return kInvalid;
  const auto report = lint::Lint(*files, options->rules);
  if (!report) {
    platform.err().Write(report.error().message);
    return kInvalid;
  }
  platform.out().Write(Render(*report, *options, version));
  const bool found =
      report->Count(lint::Severity::kError) > 0 || (options->strict && !report->findings.empty());
  return found ? kFound : kClean;
}

}  // namespace gate::cli
