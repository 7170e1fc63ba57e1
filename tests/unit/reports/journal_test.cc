#include "reports/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "reports/file_io.h"
#include "tests/support/temp_folder.h"

namespace reports {
namespace {

using gate::ErrorCode;
using gate::Json;
using test_support::TempFolder;
using testing::HasSubstr;

// A journal of `count` small records, as bytes.
std::string AJournal(int count) {
  const TempFolder folder;
  const std::string path = folder.path() + "/journal.jsonl";
  const auto journal = Journal::Create(path);
  GATE_CHECK(journal.has_value());
  for (int i = 0; i < count; ++i) {
    GATE_CHECK((*journal)->Append({{"kind", "test"}, {"number", i}, {"text", "ä\n"}}).has_value());
  }
  return *ReadWholeFile(path);
}

// Its lines, each with its newline.
std::vector<std::string> LinesOf(const std::string& journal) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < journal.size();) {
    const auto end = journal.find('\n', begin) + 1;
    lines.push_back(journal.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

std::string Problem(const std::string& text) {
  const auto content = ParseJournal(text);
  if (content) return "";
  EXPECT_EQ(content.error().code, ErrorCode::kProtocol);
  return content.error().message;
}

TEST(JournalTest, ReadsBackWhatWasAppended) {
  const auto content = ParseJournal(AJournal(3));
  ASSERT_TRUE(content) << content.error().message;
  ASSERT_EQ(content->records.size(), 3U);
  EXPECT_EQ(content->records[0]["prev"], std::string(64, '0'));
  EXPECT_EQ(content->records[2]["number"], 2);
  EXPECT_EQ(content->records[2]["seq"], 3);
  EXPECT_EQ(content->records[2]["prev"], content->records[1]["hash"]);
  EXPECT_EQ(content->head, content->records[2]["hash"]);
  EXPECT_FALSE(content->torn);
}

TEST(JournalTest, AnEmptyFileIsAnEmptyJournal) {
  const auto content = ParseJournal("");
  ASSERT_TRUE(content);
  EXPECT_TRUE(content->records.empty());
  EXPECT_EQ(content->head, std::string(64, '0'));
}

TEST(JournalTest, CutAnywhereItHoldsTheWholeRecordsBefore) {
  const std::string text = AJournal(2);
  const std::size_t first = LinesOf(text)[0].size();
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto content = ParseJournal(std::string_view(text).substr(0, length));
    ASSERT_TRUE(content) << "cut after " << length << ": " << content.error().message;
    EXPECT_EQ(content->records.size(), length < first ? 0U : 1U);
    EXPECT_EQ(content->torn, length != 0 && length != first);
  }
}

TEST(JournalTest, NoChangedByteGoesUnnoticed) {
  const std::string text = AJournal(3);
  const auto original = ParseJournal(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x20U, 0x80U}) {
      std::string changed = text;
      changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ flip);
      const auto content = ParseJournal(changed);
      if (!content) continue;
      // Only a lost last newline is a crash's doing and not a change.
      EXPECT_TRUE(content->torn && i == text.size() - 1) << "byte " << i << " xor " << flip;
    }
  }
}

TEST(JournalTest, NamesTheLineOfADroppedInsertedOrMovedRecord) {
  const auto lines = LinesOf(AJournal(4));
  EXPECT_THAT(Problem(lines[0] + lines[2] + lines[3]),
              HasSubstr("line 2: has seq 3 where 2 is due"));
  EXPECT_THAT(Problem(lines[0] + lines[1] + lines[1] + lines[2]),
              HasSubstr("line 3: has seq 2 where 3 is due"));
  EXPECT_THAT(Problem(lines[0] + lines[2] + lines[1]), HasSubstr("line 2:"));
  EXPECT_THAT(Problem(lines[0] + "\n" + lines[1]), HasSubstr("line 2:"));
}

TEST(JournalTest, NoticesARecordOfAnotherJournal) {
  const auto lines = LinesOf(AJournal(2));
  const TempFolder folder;
  const std::string path = folder.path() + "/other";
  {
    const auto other = Journal::Create(path);
    ASSERT_TRUE(other);
    ASSERT_TRUE((*other)->Append({{"kind", "other"}}));
    ASSERT_TRUE((*other)->Append({{"kind", "other"}}));
  }
  const auto others = LinesOf(*ReadWholeFile(path));
  EXPECT_THAT(Problem(lines[0] + others[1]), HasSubstr("line 2: does not follow"));
}

TEST(JournalTest, DoesNotOverwriteAnotherRunsJournal) {
  const TempFolder folder;
  const std::string path = folder.Add("journal.jsonl", "old");
  const auto journal = Journal::Create(path);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(*ReadWholeFile(path), "old");
}

TEST(JournalTest, SetsEarlierJournalsAsideOneByOne) {
  const TempFolder folder;
  ASSERT_TRUE(SetJournalAside(folder.path()));  // there is none
  folder.Add("journal.jsonl", "first");
  ASSERT_TRUE(SetJournalAside(folder.path()));
  folder.Add("journal.jsonl", "second");
  ASSERT_TRUE(SetJournalAside(folder.path()));
  EXPECT_EQ(*ReadWholeFile(folder.path() + "/journal.1.jsonl"), "first");
  EXPECT_EQ(*ReadWholeFile(folder.path() + "/journal.2.jsonl"), "second");
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/journal.jsonl"));
}

TEST(JournalTest, IsNotSetAsideWhileItIsWritten) {
  const TempFolder folder;
  {
    const auto journal = Journal::Create(JournalPath(folder.path()));
    ASSERT_TRUE(journal);
    const auto moved = SetJournalAside(folder.path());
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().code, ErrorCode::kConflict);
    EXPECT_TRUE(std::filesystem::exists(JournalPath(folder.path())));
  }
  EXPECT_TRUE(SetJournalAside(folder.path()));
}

// Lets files of this process grow to `size` bytes only, as on a full disk, until destruction.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t size) : former_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &former_);
    const rlimit limit{size, former_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &former_);
    std::signal(SIGXFSZ, former_handler_);
  }

 private:
  rlimit former_{};
  void (*former_handler_)(int);
};

TEST(JournalTest, AfterAFailedWriteNothingMoreIsWrittenAndTheRestCanBeRead) {
  const TempFolder folder;
  const std::string path = folder.path() + "/journal.jsonl";
  const auto journal = Journal::Create(path);
  ASSERT_TRUE(journal);
  ASSERT_TRUE((*journal)->Append({{"kind", "first"}}));
  const auto size = std::filesystem::file_size(path);
  {
    const FileSizeLimit limit(size + 10);
    EXPECT_FALSE((*journal)->Append({{"kind", "second"}}));
  }
  const auto third = (*journal)->Append({{"kind", "third"}});
  ASSERT_FALSE(third);
  EXPECT_THAT(third.error().message, HasSubstr("journal.jsonl: File too large"));
  const auto content = ParseJournal(*ReadWholeFile(path));
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(content->records.size(), 1U);
  EXPECT_TRUE(content->torn);
}

TEST(JournalTest, KeepsTheChainWhenManyThreadsAppend) {
  const TempFolder folder;
  const std::string path = folder.path() + "/journal.jsonl";
  const auto journal = Journal::Create(path);
  ASSERT_TRUE(journal);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < 10; ++j) {
          EXPECT_TRUE((*journal)->Append({{"kind", "test"}, {"thread", i}}));
        }
      });
    }
  }
  const auto content = ParseJournal(*ReadWholeFile(path));
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(content->records.size(), 40U);
}

}  // namespace
}  // namespace reports
