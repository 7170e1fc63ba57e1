#include "mock-mc/behaviour/journal.h"

#include <gtest/gtest.h>

#include "gate/base/digest.h"
#include "tests/unit/mock_mc/support.h"

namespace mock_mc::testing {
namespace {

using gate::Nanos;
using std::chrono::seconds;

JournalEntry Entry(const std::string& release, Nanos at = Nanos(0), std::size_t body_size = 0) {
  Request request = Ask(release);
  request.body = std::string(body_size, 'b');
  Decision decision;
  decision.release = release;
  return MakeJournalEntry(request, decision, At(at), /*body_limit=*/1'000'000);
}

JournalFilter OfRelease(const std::string& release) {
  JournalFilter filter;
  filter.release = release;
  return filter;
}

TEST(JournalTest, KeepsCredentialsOnlyAsAFingerprint) {
  Request request = Ask("r");
  request.headers = {{"authorization", "Bearer hunter2"}, {"Authorization", "hunter2"}, {"X", "y"}};
  const JournalEntry entry = MakeJournalEntry(request, Decision(), At(Nanos(0)), 10);
  const std::string prefix = gate::Sha256Hex("hunter2").substr(0, 12);
  EXPECT_EQ(entry.headers[0].second, "Bearer sha256:" + prefix);
  EXPECT_EQ(entry.headers[1].second, "sha256:" + prefix);
  EXPECT_EQ(entry.headers[2].second, "y");
}

TEST(JournalTest, CutsBodiesAndSaysHowLongTheyWere) {
  Request request = Ask("r");
  request.body = "0123456789";
  EXPECT_EQ(MakeJournalEntry(request, Decision(), At(Nanos(0)), 10).body, "0123456789");
  const JournalEntry cut = MakeJournalEntry(request, Decision(), At(Nanos(0)), 9);
  EXPECT_EQ(cut.body, "012345678");
  EXPECT_EQ(cut.body_bytes, 10U);
}

TEST(JournalTest, AnswersAreKnownFromArrivalToCompletion) {
  Journal journal{JournalLimits()};
  const std::uint64_t sequence = Put(journal, Entry("r")).sequence;
  EXPECT_EQ(journal.Count(OfRelease("r")), 1U);
  JournalFilter reset = OfRelease("r");
  reset.ending = Ending::kRst;
  EXPECT_EQ(journal.Count(reset), 0U);
  const JournalEntry* entry =
      journal.Complete(sequence, {Ending::kRst, At(seconds(1)), std::nullopt, 17});
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->completion->bytes_written, 17U);
  EXPECT_EQ(journal.Count(reset), 1U);
  reset.ending = Ending::kFin;
  EXPECT_EQ(journal.Count(reset), 0U);
}

TEST(JournalTest, DropsTheOldestBeyondTheMostEntries) {
  JournalLimits limits;
  limits.entries = 3;
  Journal journal(limits);
  for (const char* release : {"a", "b", "c", "d"}) Put(journal, Entry(release));
  EXPECT_EQ(journal.dropped(), 1U);
  const auto found = journal.Find(JournalFilter(), 0, 10);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found.front()->decision.release, "b");
  EXPECT_EQ(found.front()->sequence, 2U);
  EXPECT_EQ(journal.Complete(1, {Ending::kFin, At(Nanos(0)), std::nullopt, 0}), nullptr);
  EXPECT_EQ(journal.Complete(4, {Ending::kFin, At(Nanos(0)), std::nullopt, 0}), found.back());
}

TEST(JournalTest, DropsTheOldestBeyondTheMostBytesButNeverTheNewest) {
  JournalLimits limits;
  limits.bytes = 30'000;
  Journal journal(limits);
  for (int i = 0; i < 4; ++i) Put(journal, Entry("r", Nanos(0), 8'000));
  EXPECT_EQ(journal.dropped(), 1U);
  EXPECT_EQ(Put(journal, Entry("huge", Nanos(0), 100'000)).decision.release, "huge");
  EXPECT_EQ(journal.dropped(), 4U);
  EXPECT_EQ(journal.Count(JournalFilter()), 1U);
}

TEST(JournalTest, HandsOutWhatHasToMakeRoom) {
  JournalLimits limits;
  limits.entries = 1;
  Journal journal(limits);
  std::vector<WeighedEntry> dropped;
  journal.Arrive(Weigh(Entry("a")), dropped);
  EXPECT_TRUE(dropped.empty());
  journal.Arrive(Weigh(Entry("b")), dropped);
  ASSERT_EQ(dropped.size(), 1U);
  EXPECT_EQ(dropped[0].entry->decision.release, "a");
  EXPECT_EQ(journal.bytes(), dropped[0].bytes) << "both are of the same size";
}

TEST(JournalTest, PagesInOrder) {
  Journal journal{JournalLimits()};
  for (const char* release : {"a", "b", "a", "a"}) Put(journal, Entry(release));
  const auto first = journal.Find(OfRelease("a"), 0, 2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[1]->sequence, 3U);
  const auto second = journal.Find(OfRelease("a"), 3, 2);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0]->sequence, 4U);
}

TEST(JournalTest, FiltersByEveryPart) {
  Journal journal{JournalLimits()};
  JournalEntry entry = Entry("r", seconds(10));
  entry.decision.stage = "20";
  entry.decision.rule = "rule";
  entry.decision.response = "response";
  Put(journal, std::move(entry));
  JournalFilter filter;
  filter.release = "r";
  filter.stage = "20";
  filter.path = "/v1/evidence/r";
  filter.rule = "rule";
  filter.response = "response";
  filter.since = At(seconds(10)).wall;
  EXPECT_EQ(journal.Count(filter), 1U);
  const auto without = [&](auto change) {
    JournalFilter changed = filter;
    change(changed);
    return journal.Count(changed) == 0;
  };
  EXPECT_TRUE(without([](JournalFilter& f) { f.release = "other"; }));
  EXPECT_TRUE(without([](JournalFilter& f) { f.stage = "50"; }));
  EXPECT_TRUE(without([](JournalFilter& f) { f.path = "/v1/evidence/"; }));
  EXPECT_TRUE(without([](JournalFilter& f) { f.rule = ""; }));
  EXPECT_TRUE(without([](JournalFilter& f) { f.response = "other"; }));
  EXPECT_TRUE(without([](JournalFilter& f) { f.since = At(seconds(10) + Nanos(1)).wall; }));
}

TEST(JournalTest, VerifiesCountsExactlyWhileNothingWasDropped) {
  Journal journal{JournalLimits()};
  Put(journal, Entry("r"));
  Put(journal, Entry("r"));
  const JournalFilter filter = OfRelease("r");
  EXPECT_EQ(journal.Verify(filter, 2, std::nullopt), Truth::kTrue);
  EXPECT_EQ(journal.Verify(filter, 3, std::nullopt), Truth::kFalse);
  EXPECT_EQ(journal.Verify(filter, 0, 2), Truth::kTrue);
  EXPECT_EQ(journal.Verify(filter, 0, 1), Truth::kFalse);
  EXPECT_EQ(journal.Verify(OfRelease("x"), 0, 0), Truth::kTrue);
}

TEST(JournalTest, SaysUnknownOnlyIfWhatWasDroppedMatters) {
  JournalLimits limits;
  limits.entries = 2;
  Journal journal(limits);
  Put(journal, Entry("r", seconds(1)));
  Put(journal, Entry("r", seconds(2)));
  Put(journal, Entry("r", seconds(3)));  // drops the first
  JournalFilter filter = OfRelease("r");
  EXPECT_EQ(journal.Verify(filter, 2, std::nullopt), Truth::kTrue) << "two are here";
  EXPECT_EQ(journal.Verify(filter, 3, std::nullopt), Truth::kUnknown);
  EXPECT_EQ(journal.Verify(filter, 0, 1), Truth::kFalse) << "two are too many already";
  EXPECT_EQ(journal.Verify(filter, 0, 2), Truth::kUnknown);
  filter.since = At(seconds(1)).wall;
  EXPECT_EQ(journal.Verify(filter, 3, std::nullopt), Truth::kUnknown);
  filter.since = At(seconds(1)).wall + Nanos(1);
  EXPECT_EQ(journal.Verify(filter, 3, std::nullopt), Truth::kFalse);
  EXPECT_EQ(journal.Verify(filter, 0, 2), Truth::kTrue);
}

TEST(JournalTest, ClearForgetsWhatWasDroppedButNotTheNumbers) {
  JournalLimits limits;
  limits.entries = 1;
  Journal journal(limits);
  const std::uint64_t first = Put(journal, Entry("r")).sequence;
  Put(journal, Entry("r"));
  journal.Clear();
  EXPECT_EQ(journal.dropped(), 0U);
  EXPECT_EQ(journal.Verify(OfRelease("r"), 0, 0), Truth::kTrue);
  EXPECT_EQ(journal.Complete(first, {Ending::kFin, At(Nanos(0)), std::nullopt, 0}), nullptr);
  EXPECT_EQ(Put(journal, Entry("r")).sequence, 3U);
}

}  // namespace
}  // namespace mock_mc::testing
