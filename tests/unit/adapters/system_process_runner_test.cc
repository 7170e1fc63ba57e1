#include "gate/adapters/system_process_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gate/adapters/system_runtime.h"

namespace gate {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

class ProcessTest : public testing::Test {
 protected:
  Result<ProcessOutput> Run(ProcessRequest request, Nanos time = seconds(30),
                            std::stop_token stop = {}) {
    return runner_.Run(request, {runtime_.Now() + time, stop});
  }
  Result<ProcessOutput> Shell(const std::string& script, Nanos time = seconds(30),
                              std::stop_token stop = {}) {
    return Run({.argv = {"sh", "-c", script}}, time, stop);
  }

  SystemRuntime runtime_;
  SystemProcessRunner runner_{runtime_};
};

TEST_F(ProcessTest, BothStreamsAndTheExitCodeComeBack) {
  const auto output = Shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "out\n");
  EXPECT_EQ(output->err, "err\n");
  EXPECT_EQ(output->exit_code, 3);
}

TEST_F(ProcessTest, ArgumentsReachTheProgramAsTheyAreWithoutAShell) {
  const auto output = Run({.argv = {"printf", "%s|", "$HOME", "a b", "", "*", "'"}});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "$HOME|a b||*|'|");
}

TEST_F(ProcessTest, AddedVariablesReplaceOursAndTheOthersAreInherited) {
  ASSERT_EQ(::setenv("DRILL_TEST_KEPT", "kept", 1), 0);
  ASSERT_EQ(::setenv("DRILL_TEST_REPLACED", "old", 1), 0);
  const auto output = Run({.argv = {"sh", "-c", "env | grep ^DRILL_TEST_ | sort"},
                           .environment = {{"DRILL_TEST_REPLACED", "new"}}});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "DRILL_TEST_KEPT=kept\nDRILL_TEST_REPLACED=new\n");
}

TEST_F(ProcessTest, InputLargerThanAPipeArrivesWhole) {
  const std::string input(300'000, 'x');
  const auto output = Run({.argv = {"wc", "-c"}, .input = input});
  ASSERT_TRUE(output);
  EXPECT_THAT(output->out, HasSubstr("300000"));
}

TEST_F(ProcessTest, WithoutInputTheStandardInputIsEmpty) {
  const auto output = Run({.argv = {"cat"}});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "");
}

TEST_F(ProcessTest, OutputUpToTheLimitIsKeptAndTheRestIsDroppedWithoutBlocking) {
  const auto output =
      Run({.argv = {"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' y"}, .output_limit = 1000});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, std::string(1000, 'y'));
  EXPECT_EQ(output->exit_code, 0);
}

TEST_F(ProcessTest, AMissingProgramIsNamed) {
  const auto by_name = Run({.argv = {"no-such-program-anywhere"}});
  ASSERT_FALSE(by_name);
  EXPECT_EQ(by_name.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(by_name.error().message, "no-such-program-anywhere is not on PATH");
  const auto by_path = Run({.argv = {"/no/such/program"}});
  ASSERT_FALSE(by_path);
  EXPECT_EQ(by_path.error().message, "/no/such/program does not exist");
}

TEST_F(ProcessTest, AFileThatIsNoProgramIsPermissionDenied) {
  const std::string file = testing::TempDir() + "drill_process_test_no_program";
  std::ofstream(file) << "x";
  const auto output = Run({.argv = {file}});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::kPermissionDenied);
}

TEST_F(ProcessTest, ADeathBySignalIsAnError) {
  const auto output = Shell("kill -9 $$");
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(output.error().message, EndsWith("was ended by signal 9"));
}

// The child and its own child write their ids and then sleep for much longer than the test.
class ProcessEndTest : public ProcessTest {
 protected:
  static constexpr const char* kSleepers = "sleep 600 & echo $$ $!; wait";

  // Has the process ended, or does it within seconds? A signal takes effect when its receiver is
  // next scheduled; a pidfd becomes readable just then.
  static bool Ends(pid_t pid) {
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) return errno == ESRCH;
    pollfd ended = {fd, POLLIN, 0};
    const bool has_ended = poll(&ended, 1, /*timeout=*/5000) == 1;
    close(fd);
    return has_ended;
  }
};

TEST_F(ProcessEndTest, TheDeadlineEndsTheWholeProcessGroup) {
  // The ids go to a file, as an error brings no output.
  const std::string file = testing::TempDir() + "drill_process_test_pids";
  const auto output =
      Shell("exec >" + file + "; " + std::string(kSleepers), std::chrono::milliseconds(300));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::kDeadlineExceeded);
  std::FILE* pids = std::fopen(file.c_str(), "re");
  ASSERT_NE(pids, nullptr);
  int parent = 0;
  int child = 0;
  ASSERT_EQ(std::fscanf(pids, "%d %d", &parent, &child), 2);
  std::fclose(pids);
  EXPECT_TRUE(Ends(parent));
  EXPECT_TRUE(Ends(child));
}

TEST_F(ProcessEndTest, TheErrorHoldsWhatTheChildSaidBeforeItWasEnded) {
  const auto output =
      Shell("echo pulling the image >&2; sleep 600", std::chrono::milliseconds(300));
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message,
              EndsWith("did not finish in time; it said: pulling the image"));
}

TEST_F(ProcessEndTest, AStopEndsTheChildAtOnce) {
  std::stop_source stop;
  const auto task = runtime_.Spawn("stopper", [&] {
    runtime_.Sleep({runtime_.Now() + std::chrono::milliseconds(100)});
    stop.request_stop();
  });
  const Instant begin = runtime_.Now();
  const auto output = Shell("sleep 600", seconds(60), stop.get_token());
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::kCancelled);
  EXPECT_LT(runtime_.Now() - begin, seconds(10));
}

TEST_F(ProcessEndTest, AChildThatIgnoresSigtermIsKilled) {
  const Instant begin = runtime_.Now();
  const auto output = Shell("trap '' TERM; while :; do sleep 1; done", seconds(1));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_LT(runtime_.Now() - begin, seconds(15));
}

TEST_F(ProcessEndTest, AChildMayCleanUpOnSigterm) {
  const std::string file = testing::TempDir() + "drill_process_test_cleaned";
  std::remove(file.c_str());
  const auto output = Shell("trap 'touch " + file + "; exit 1' TERM; sleep 600 & wait",
                            std::chrono::milliseconds(300));
  ASSERT_FALSE(output);
  EXPECT_EQ(std::remove(file.c_str()), 0);
}

TEST_F(ProcessEndTest, NothingIsStartedAfterAStop) {
  std::stop_source stop;
  stop.request_stop();
  const auto output = Shell("true", seconds(30), stop.get_token());
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::kCancelled);
}

TEST_F(ProcessEndTest, ADaemonLeftBehindWithTheOutputOpenDoesNotHoldTheCall) {
  const Instant begin = runtime_.Now();
  const auto output = Shell("sleep 5 & echo done");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "done\n");
  EXPECT_LT(runtime_.Now() - begin, seconds(4));
}

TEST_F(ProcessTest, ConcurrentChildrenDoNotInheritEachOthersPipes) {
  // A short child that was held by the long one would be read to the end only with it.
  std::stop_source stop;
  const auto slow =
      runtime_.Spawn("slow", [&] { (void)Shell("sleep 600", seconds(60), stop.get_token()); });
  const Instant begin = runtime_.Now();
  std::vector<std::unique_ptr<Task>> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(runtime_.Spawn("quick", [&] {
      for (int j = 0; j < 10; ++j) {
        const auto output = Shell("cat; echo x");
        ASSERT_TRUE(output);
        EXPECT_EQ(output->out, "x\n");
      }
    }));
  }
  for (const auto& task : tasks) task->Join();
  EXPECT_LT(runtime_.Now() - begin, seconds(40));
  stop.request_stop();
}

// Whoever opened it: a connection that a child holds open is never seen to close.
TEST_F(ProcessTest, DescriptorsThatLackCloseOnExecAreNotInherited) {
  const int inheritable = dup(STDERR_FILENO);
  ASSERT_GT(inheritable, STDERR_FILENO);
  const auto output = Shell("test -e /proc/self/fd/" + std::to_string(inheritable));
  close(inheritable);
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(output->exit_code, 1);
}

TEST_F(ProcessTest, RunCheckedSaysOnOneLineWhatTheProgramSaidLast) {
  const ProcessRequest request{
      .argv = {"sh", "-c", "echo first; echo 'it  broke\n here' >&2; exit 7"}};
  const auto output = RunChecked(runner_, request, {runtime_.Now() + seconds(30)});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(output.error().message, AllOf(HasSubstr("failed with exit code 7: it broke here"),
                                            testing::Not(HasSubstr("first\n"))));
}

TEST_F(ProcessTest, RunCheckedLeavesOutTheProgressBeforeTheCause) {
  const ProcessRequest request{
      .argv = {"sh", "-c",
               "printf 'Creating ...\nERROR: no such image\nsee the log\n' >&2; exit 1"}};
  const auto output = RunChecked(runner_, request, {runtime_.Now() + seconds(30)});
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message, EndsWith("exit code 1: no such image see the log"));
}

TEST_F(ProcessTest, RunCheckedKeepsTheEndOfALongMessage) {
  const ProcessRequest request{.argv = {"sh", "-c", "seq 1 5000; echo the cause; exit 1"}};
  const auto output = RunChecked(runner_, request, {runtime_.Now() + seconds(30)});
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message, EndsWith("5000 the cause"));
  EXPECT_LT(output.error().message.size(), 1500U);
}

}  // namespace
}  // namespace gate
