#include "gate/adapters/fd_line_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

namespace gate {
namespace {

class FdLineSinkTest : public testing::Test {
 protected:
  FdLineSinkTest() { EXPECT_EQ(pipe2(pipe_, O_CLOEXEC), 0); }
  ~FdLineSinkTest() override {
    CloseReader();
    CloseWriter();
  }

  void CloseReader() {
    if (pipe_[0] >= 0) close(pipe_[0]);
    pipe_[0] = -1;
  }
  void CloseWriter() {
    if (pipe_[1] >= 0) close(pipe_[1]);
    pipe_[1] = -1;
  }

  // Everything until the writing end is closed.
  std::string ReadAll() {
    std::string text;
    char buffer[4096];
    for (;;) {
      const ssize_t count = read(pipe_[0], buffer, sizeof buffer);
      if (count <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(count));
    }
  }

  int pipe_[2] = {-1, -1};
};

TEST_F(FdLineSinkTest, EndsEachLineWithANewline) {
  FdLineSink sink(pipe_[1]);
  sink.Write("one");
  sink.Write("");
  sink.Write("three");
  CloseWriter();
  EXPECT_EQ(ReadAll(), "one\n\nthree\n");
  EXPECT_EQ(sink.lost_lines(), 0U);
}

TEST_F(FdLineSinkTest, NeverMixesTheLinesOfSeveralThreads) {
  constexpr int kThreads = 4;
  constexpr int kLines = 50;
  FdLineSink sink(pipe_[1]);
  std::vector<std::thread> writers;
  for (int i = 0; i < kThreads; ++i) {
    writers.emplace_back([&sink, i] {
      // More than PIPE_BUF, so that the kernel alone would not keep it together.
      const std::string line(10'000, static_cast<char>('a' + i));
      for (int j = 0; j < kLines; ++j) sink.Write(line);
    });
  }
  std::thread closer([&] {
    for (std::thread& writer : writers) writer.join();
    CloseWriter();
  });
  std::istringstream lines(ReadAll());
  closer.join();
  std::map<std::string, int> counts;
  for (std::string line; std::getline(lines, line);) ++counts[line];
  ASSERT_EQ(counts.size(), static_cast<std::size_t>(kThreads));
  for (const auto& [line, count] : counts) {
    EXPECT_EQ(count, kLines);
    EXPECT_EQ(line, std::string(10'000, line.front()));
  }
}

TEST_F(FdLineSinkTest, WaitsWhileANonBlockingPipeIsFull) {
  ASSERT_EQ(fcntl(pipe_[1], F_SETFL, O_NONBLOCK), 0);
  const std::string line(std::size_t{1} << 20U, 'x');
  FdLineSink sink(pipe_[1]);
  std::thread writer([&] {
    sink.Write(line);
    CloseWriter();
  });
  const std::string text = ReadAll();
  writer.join();
  EXPECT_EQ(text, line + "\n");
  EXPECT_EQ(sink.lost_lines(), 0U);
}

TEST_F(FdLineSinkTest, CountsLinesThatNobodyWillRead) {
  const auto former = std::signal(SIGPIPE, SIG_IGN);
  CloseReader();
  FdLineSink sink(pipe_[1]);
  sink.Write("lost");
  sink.Write("lost");
  EXPECT_EQ(sink.lost_lines(), 2U);
  std::signal(SIGPIPE, former);
}

TEST(FdLineSinkDiskTest, CountsLinesThatDoNotFitOnTheDisk) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  FdLineSink sink(full);
  sink.Write("lost");
  EXPECT_EQ(sink.lost_lines(), 1U);
  close(full);
}

}  // namespace
}  // namespace gate
