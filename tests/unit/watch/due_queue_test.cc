#include "gate/watch/due_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::watch {
namespace {

using std::chrono::seconds;

class DueQueueTest : public ::testing::Test {
 protected:
  static Instant At(int time) { return Instant{} + seconds(time); }
  DueQueue<std::string> queue_;
};

TEST_F(DueQueueTest, WhatHasBeenDueLongestComesFirst) {
  queue_.Set("b", At(2));
  queue_.Set("a", At(3));
  queue_.Set("c", At(1));
  EXPECT_EQ(queue_.Take(At(3)), "c");
  EXPECT_EQ(queue_.Take(At(3)), "b");
  EXPECT_EQ(queue_.Take(At(3)), "a");
  EXPECT_EQ(queue_.Take(At(3)), std::nullopt);
}

TEST_F(DueQueueTest, NothingIsDueBeforeItsTime) {
  EXPECT_EQ(queue_.Next(), std::nullopt);
  queue_.Set("a", At(2));
  EXPECT_EQ(queue_.Take(At(2) - Nanos(1)), std::nullopt);
  EXPECT_EQ(queue_.Next(), At(2));
  EXPECT_EQ(queue_.Take(At(2)), "a");
  EXPECT_EQ(queue_.Next(), std::nullopt);
}

TEST_F(DueQueueTest, AKeyIsThereOnceWithItsLatestTime) {
  queue_.Set("a", At(1));
  queue_.Set("a", At(5));
  EXPECT_EQ(queue_.Next(), At(5));
  queue_.SetNoLater("a", At(6));
  EXPECT_EQ(queue_.Next(), At(5));
  queue_.SetNoLater("a", At(4));
  EXPECT_EQ(queue_.Next(), At(4));
  EXPECT_EQ(queue_.Take(At(9)), "a");
  queue_.PutBack("a");
  EXPECT_EQ(queue_.Take(At(9)), std::nullopt);
}

TEST_F(DueQueueTest, WhatWasTakenIsNotTakenAgainUntilItWasPutBack) {
  queue_.Set("a", At(1));
  EXPECT_EQ(queue_.Take(At(1)), "a");
  queue_.SetNoLater("a", At(2));
  EXPECT_EQ(queue_.Next(), std::nullopt);
  EXPECT_EQ(queue_.Take(At(9)), std::nullopt);
  queue_.PutBack("a");
  EXPECT_EQ(queue_.Next(), At(2));
  EXPECT_EQ(queue_.Take(At(2)), "a");
  queue_.PutBack("a");
  EXPECT_EQ(queue_.Take(At(9)), std::nullopt);
}

TEST_F(DueQueueTest, WhatIsErasedWhileItIsTakenDoesNotComeBack) {
  queue_.Set("a", At(1));
  EXPECT_EQ(queue_.Take(At(1)), "a");
  queue_.Set("a", At(2));
  queue_.Erase("a");
  queue_.PutBack("a");
  EXPECT_EQ(queue_.Take(At(9)), std::nullopt);
}

TEST_F(DueQueueTest, WhatIsErasedIsNeverDue) {
  queue_.Set("a", At(1));
  queue_.Erase("a");
  queue_.Erase("never there");
  EXPECT_EQ(queue_.Take(At(9)), std::nullopt);
}

}  // namespace
}  // namespace gate::watch
