#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/records.h"
#include "reports/render.h"

namespace reports {
namespace {

// 200 scenarios with every event that is kept stay far below it.
constexpr std::size_t kLargestJournal = std::size_t{512} << 20U;

}  // namespace

gate::Result<RunResult> WriteReport(const std::string& folder) {
  const std::string path = JournalPath(folder);
  const auto text = ReadWholeFile(path, kLargestJournal);
  if (!text) return text.error();
  const auto journal = ParseJournal(*text);
  if (!journal) return gate::Error(journal.error()).Wrap(path);
  auto run = BuildRunResult(*journal);
  if (!run) return std::move(run).error().Wrap(path);
  const std::pair<const char*, std::string> files[] = {{"/report.json", RenderJson(*run)},
                                                       {"/report.md", RenderMarkdown(*run)},
                                                       {"/junit.xml", RenderJUnit(*run)}};
  for (const auto& [name, content] : files) {
    if (auto written = WriteFileAtomically(folder + name, content); !written) {
      return std::move(written).error();
    }
  }
  return run;
}

}  // namespace reports
