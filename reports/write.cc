#include <array>

#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/read.h"
#include "reports/render.h"

namespace reports {
std::span<const ReportFile> ReportFiles() {
  static constexpr std::array kFiles = {
      ReportFile{"report.json", RenderJson},   ReportFile{"report.html", RenderHtml},
      ReportFile{"report.md", RenderMarkdown}, ReportFile{"junit.xml", RenderJUnit},
      ReportFile{"ctrf.json", RenderCtrf},     ReportFile{"oscal.json", RenderOscal}};
  return kFiles;
}

gate::Result<RunResult> WriteReport(const std::string& folder, const std::string& journal) {
  auto run = ReadRun(journal);
  if (!run) return run;
  for (const ReportFile& file : ReportFiles()) {
    auto written = WriteFileAtomically(folder + "/" + file.name, file.render(*run));
    if (!written) return std::move(written).error();
  }
  return run;
}

gate::Result<RunResult> WriteReport(const std::string& folder) {
  return WriteReport(folder, JournalPath(folder));
}

}  // namespace reports
