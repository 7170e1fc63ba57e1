#include "gate/adapters/system_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gate {
namespace {

class SystemFilesTest : public testing::Test {
 protected:
  SystemFilesTest() {
    std::string pattern = testing::TempDir() + "system-files-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~SystemFilesTest() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  ErrorCode CodeOf(const std::string& path, std::size_t limit = 100) {
    const auto content = files_.Read(path, limit);
    if (content) {
      ADD_FAILURE() << path << " was read";
      return ErrorCode::kProtocol;
    }
    EXPECT_NE(content.error().message.find(path), std::string::npos) << content.error().message;
    return content.error().code;
  }

  std::string directory_;
  SystemFiles files_;
};

TEST_F(SystemFilesTest, ReadsEveryByte) {
  const std::string bytes("a\0b\r\n\xff", 6);
  EXPECT_EQ(*files_.Read(Write("f", bytes), 100), bytes);
}

TEST_F(SystemFilesTest, ReadsAnEmptyFile) { EXPECT_EQ(*files_.Read(Write("f", ""), 100), ""); }

TEST_F(SystemFilesTest, ReadsAFileOfExactlyTheLimit) {
  EXPECT_EQ(files_.Read(Write("f", std::string(100, 'x')), 100)->size(), 100U);
}

TEST_F(SystemFilesTest, RefusesAFileOneByteBeyondTheLimit) {
  EXPECT_EQ(CodeOf(Write("f", std::string(101, 'x'))), ErrorCode::kInvalidArgument);
}

TEST_F(SystemFilesTest, ReadsAFileWhoseSizeIsNotKnownBefore) {
  EXPECT_FALSE(files_.Read("/proc/self/maps", std::size_t{1} << 30U)->empty());
}

TEST_F(SystemFilesTest, TakesTheLargestLimitThereIs) {
  EXPECT_EQ(*files_.Read(Write("f", "abc"), SIZE_MAX), "abc");
}

TEST_F(SystemFilesTest, AMissingFileIsNotFound) {
  EXPECT_EQ(CodeOf(directory_ + "/missing"), ErrorCode::kNotFound);
}

TEST_F(SystemFilesTest, AFileBelowAFileIsNotFound) {
  EXPECT_EQ(CodeOf(Write("f", "") + "/below"), ErrorCode::kNotFound);
}

TEST_F(SystemFilesTest, AFileThatMayNotBeReadIsPermissionDenied) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string path = Write("f", "secret");
  chmod(path.c_str(), 0);
  EXPECT_EQ(CodeOf(path), ErrorCode::kPermissionDenied);
}

TEST_F(SystemFilesTest, ADirectoryIsAnInvalidArgument) {
  EXPECT_EQ(CodeOf(directory_), ErrorCode::kInvalidArgument);
}

TEST_F(SystemFilesTest, DoesNotWaitForTheWriterOfANamedPipe) {
  const std::string path = directory_ + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(CodeOf(path), ErrorCode::kInvalidArgument);
}

TEST_F(SystemFilesTest, ALoopOfLinksIsAnInvalidArgument) {
  const std::string path = directory_ + "/loop";
  ASSERT_EQ(symlink("loop", path.c_str()), 0);
  EXPECT_EQ(CodeOf(path), ErrorCode::kInvalidArgument);
}

TEST_F(SystemFilesTest, FollowsALinkToItsNewTarget) {
  // How Kubernetes rotates a mounted Secret.
  Write("old", "1");
  Write("new", "2");
  const std::string link = directory_ + "/link";
  ASSERT_EQ(symlink("old", link.c_str()), 0);
  EXPECT_EQ(*files_.Read(link, 100), "1");
  ASSERT_EQ(symlink("new", (link + "2").c_str()), 0);
  ASSERT_EQ(rename((link + "2").c_str(), link.c_str()), 0);
  EXPECT_EQ(*files_.Read(link, 100), "2");
}

TEST_F(SystemFilesTest, RefusesAPathWithANulByte) {
  EXPECT_EQ(files_.Read(std::string("a\0b", 3), 100).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace gate
