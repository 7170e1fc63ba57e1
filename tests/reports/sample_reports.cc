// Writes reports of made-up runs, one folder each, for checks by other programs: schemas, browsers.
#include <fmt/format.h>

#include <string>

#include "reports/file_io.h"
#include "reports/render.h"
#include "tests/reports/drawn_run.h"
#include "tests/unit/reports/sample_run.h"

namespace {

// "</script>" and what else ends something somewhere.
constexpr const char* kHostile =
    "</script></title><img src=x onerror=\"alert(1)\"> ]]> -->'\"&| `x` \x1b[2J ${{ x }} "
    "%0A::error::x";

reports::RunResult Killed() {
  reports::RunResult run = reports::DrawnRun(5);
  run.finished.reset();
  run.scenarios.back() = {};
  run.scenarios.back().id = "GATE-005";
  run.scenarios.back().title = "Not begun";
  run.scenarios.back().reason = "the run ended before this scenario began";
  return run;
}

bool Write(const std::string& folder, const reports::RunResult& run) {
  auto done = reports::MakeFolder(folder);
  for (const reports::ReportFile& file : reports::ReportFiles()) {
    if (done) done = reports::WriteFileAtomically(folder + "/" + file.name, file.render(run));
  }
  if (!done) fmt::print(stderr, "{}\n", done.error().message);
  return done.has_value();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: sample-reports FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  const bool written = Write(folder + "/green", reports::GreenRun()) &&
                       Write(folder + "/failing", reports::SampleRun()) &&
                       Write(folder + "/drawn", reports::DrawnRun(24)) &&
                       Write(folder + "/passing", reports::DrawnRun(6)) &&
                       Write(folder + "/many", reports::DrawnRun(200)) &&
                       Write(folder + "/killed", Killed()) &&
                       Write(folder + "/empty", reports::RunResult()) &&
                       Write(folder + "/hostile", reports::RunWithTextEverywhere(kHostile));
  return written ? 0 : 1;
}
