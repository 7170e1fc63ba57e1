// A simulated run that is killed at any moment: what it leaves is a report that says INCOMPLETE.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <set>

#include "gate/base/rng.h"
#include "gate/base/strict_json.h"
#include "reports/file_io.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace drill {
namespace {

namespace fs = std::filesystem;
using test_support::Program;
using test_support::ProgramOutcome;
using test_support::ProgramSpec;
using testing::ElementsAre;
using testing::HasSubstr;

// What happens in a folder, as it happens.
class FolderEvents {
 public:
  explicit FolderEvents(const std::string& folder) : descriptor_(::inotify_init1(IN_CLOEXEC)) {
    EXPECT_GE(descriptor_, 0);
    EXPECT_GE(::inotify_add_watch(descriptor_, folder.c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO),
              0);
  }
  ~FolderEvents() { ::close(descriptor_); }
  FolderEvents(const FolderEvents&) = delete;
  FolderEvents& operator=(const FolderEvents&) = delete;

  // Waits for the next; false if the program ended first.
  bool Await(const Program& program) const {
    std::array<pollfd, 2> files = {pollfd{descriptor_, POLLIN, 0}, pollfd{program.output(), 0, 0}};
    constexpr int kLongest = 120'000;
    while (::poll(files.data(), files.size(), kLongest) < 0) continue;  // a signal
    if (files[0].revents == 0) return false;
    alignas(inotify_event) std::array<char, 4096> events;
    return ::read(descriptor_, events.data(), events.size()) > 0;
  }

 private:
  int descriptor_;
};

class KilledRunTest : public testing::Test {
 protected:
  KilledRunTest() {
    fs::create_directory(folder_.path() + "/scenarios");
    for (const char* name : {"gate-001-dry-run-positive.yaml", "gate-004-false-at-20.yaml"}) {
      fs::copy_file(std::string(SCENARIO_FOLDER "/") + name, folder_.path() + "/scenarios/" + name);
    }
    EXPECT_EQ(Run({"keygen", "--out", "ci"}).exit_code, 0);
  }

  ProgramSpec Drill(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), GATE_DRILL_PROGRAM);
    return {std::move(arguments), folder_.path()};
  }
  ProgramOutcome Run(std::vector<std::string> arguments) const {
    return test_support::RunProgram(Drill(std::move(arguments)));
  }
  ProgramSpec DrillInto(const std::string& report) const {
    return Drill({"run", "--jobs", "1", "--seed", "5", "--report", report});
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Read(const std::string& name) const {
    const auto text = reports::ReadWholeFile(Path(name), std::size_t{16} << 20U);
    return text ? *text : text.error().message;
  }
  // How long a run goes on after it has begun its journal, and how many things it writes then.
  struct Length {
    std::chrono::milliseconds time{0};
    std::uint64_t events = 0;
  };
  Length PlayWhole(const std::string& report) const {
    fs::create_directory(Path(report));
    const FolderEvents events(Path(report));
    Program program(DrillInto(report));
    EXPECT_TRUE(events.Await(program));
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    Length length;
    while (events.Await(program)) ++length.events;
    EXPECT_EQ(program.Wait().exit_code, 0);
    length.time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    return length;
  }

  // Kills a run that has begun its journal after another `events` that it writes, or after `time`.
  // Where that hits it depends on the machine; what has to hold does not.
  void KillAfterEvents(const std::string& report, std::uint64_t events) const {
    fs::create_directory(Path(report));
    const FolderEvents folder(Path(report));
    Program program(DrillInto(report));
    for (std::uint64_t i = 0; i <= events && folder.Await(program); ++i) continue;
    program.Signal(SIGKILL);
    program.Wait();
  }
  void KillAfter(const std::string& report, std::chrono::milliseconds time) const {
    fs::create_directory(Path(report));
    const FolderEvents folder(Path(report));
    Program program(DrillInto(report));
    EXPECT_TRUE(folder.Await(program));
    pollfd end{program.output(), 0, 0};
    ::poll(&end, 1, static_cast<int>(time.count()));
    program.Signal(SIGKILL);
    program.Wait();
  }

  // Whatever has its name is whole.
  void ExpectNoHalfFiles(const std::string& report) const {
    if (fs::exists(Path(report + "/report.json"))) {
      EXPECT_TRUE(gate::ParseStrictJson(Read(report + "/report.json"), {.max_bytes = 1U << 24U}));
    }
    if (fs::exists(Path(report + "/report.html"))) {
      EXPECT_THAT(Read(report + "/report.html"), testing::EndsWith("</html>\n"));
    }
  }

  std::set<std::string> NamesIn(const std::string& report) const {
    std::set<std::string> names;
    for (const auto& each : fs::directory_iterator(Path(report))) {
      names.insert(each.path().filename());
    }
    return names;
  }

  const test_support::TempFolder folder_;
};

TEST_F(KilledRunTest, AtFiftyMomentsItsReportIsWholeSignedAndIncomplete) {
  const Length whole = PlayWhole("whole");
  EXPECT_THAT(Read("whole/report.md"), HasSubstr("# Readiness report: READY"));
  gate::Rng rng(50);
  int incomplete = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string report = "killed-" + std::to_string(i);
    SCOPED_TRACE(report);
    if (i % 2 == 0) {
      KillAfterEvents(report, rng.Below(whole.events + 1));
    } else {
      const auto most = static_cast<std::uint64_t>(whole.time.count()) + 1;
      KillAfter(report, std::chrono::milliseconds(rng.Below(most)));
    }
    ExpectNoHalfFiles(report);

    const bool ended =
        Read(report + "/journal.jsonl").find(R"("kind":"run.end")") != std::string::npos;
    incomplete += ended ? 0 : 1;
    // Makes the report again, and signs it.
    const ProgramOutcome rebuilt = Run({"sign", report, "--key", "ci.key"});
    EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.err;
    EXPECT_THAT(Read(report + "/report.md"),
                HasSubstr(ended ? "# Readiness report: READY" : "# Readiness report: INCOMPLETE"));
    EXPECT_THAT(NamesIn(report),
                ElementsAre("ctrf.json", "journal.jsonl", "junit.xml", "oscal.json", "report.html",
                            "report.json", "report.md", "report.sigstore.json"));
    const ProgramOutcome verified = Run({"verify", report, "--key", "ci.pub"});
    EXPECT_EQ(verified.exit_code, 0) << verified.out;
    if (i % 10 != 0) continue;
    EXPECT_EQ(Run({"report", report}).exit_code, ended ? 0 : 2);
  }
  RecordProperty("incomplete", incomplete);
  EXPECT_GT(incomplete, 0);
  EXPECT_EQ(test_support::RunProgram(DrillInto("killed-0")).exit_code, 0) << "and it starts again";
}

}  // namespace
}  // namespace drill
