#include "reports/file_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_folder.h"

namespace reports {
namespace {

using test_support::TempFolder;
using testing::HasSubstr;

TEST(FileIoTest, ReadsBackWhatWasWritten) {
  const TempFolder folder;
  const std::string path = folder.path() + "/report.md";
  ASSERT_TRUE(WriteFileAtomically(path, "first"));
  ASSERT_TRUE(WriteFileAtomically(path, "second"));
  const auto text = ReadWholeFile(path);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "second");
}

TEST(FileIoTest, LeavesNoTemporaryFileBehind) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.path() + "/a", "text"));
  // A folder cannot be replaced by a file.
  std::filesystem::create_directory(folder.path() + "/b");
  EXPECT_FALSE(WriteFileAtomically(folder.path() + "/b", "text"));
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_TRUE(entry.path().filename() == "a" || entry.path().filename() == "b");
    ++count;
  }
  EXPECT_EQ(count, 2U);
}

TEST(FileIoTest, SaysWhatIsWrongWithAPath) {
  const TempFolder folder;
  const auto missing = ReadWholeFile(folder.path() + "/none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, gate::ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("/none: No such file"));
  const auto is_folder = ReadWholeFile(folder.path());
  ASSERT_FALSE(is_folder);
  EXPECT_THAT(is_folder.error().message, HasSubstr("is not a regular file"));
  EXPECT_EQ(WriteFileAtomically(folder.path() + "/none/a", "").error().code,
            gate::ErrorCode::kNotFound);
}

TEST(FileIoTest, TheLimitIsInclusive) {
  const TempFolder folder;
  const std::string path = folder.Add("a", "12345");
  EXPECT_TRUE(ReadWholeFile(path, 5));
  EXPECT_FALSE(ReadWholeFile(path, 4));
}

TEST(FileIoTest, MakesFoldersWithTheirParentsAndKeepsThoseThatExist) {
  const TempFolder folder;
  EXPECT_TRUE(MakeFolder(folder.path() + "/a/b"));
  EXPECT_TRUE(MakeFolder(folder.path() + "/a/b"));
  const std::string file = folder.Add("file", "");
  EXPECT_FALSE(MakeFolder(file));
  EXPECT_FALSE(MakeFolder(file + "/x"));
}

}  // namespace
}  // namespace reports
