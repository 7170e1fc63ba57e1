#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/harness/observer_fixture.h"

// When the stable release serves alone again (argo R68).
namespace drill {
namespace {

using gate::Instant;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class RestoredTest : public ObserverTest {
 protected:
  // 20 %: four of the stable release, one canary.
  void Canary() {
    Deploy();
    See(gate::kube::kRollouts, ARollout({}), seconds(11));
    See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(1, 1)), seconds(12));
    See(gate::kube::kReplicaSets, AReplicaSet(StableSet(4, 4)), seconds(13));
  }
};

TEST_F(RestoredTest, IsReportedWhenTheCanaryIsGoneAndTheStableReleaseIsWhole) {
  Canary();
  See(gate::kube::kRollouts, ARollout(Aborted()), milliseconds(20'400));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(5, 4)), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(5, 5)), seconds(22));
  EXPECT_THAT(Seen("restored"), IsEmpty());
  ReplicaSetSpec gone = CanarySet(0, 0);
  gone.replicas = 1;  // scaled down, but its pod is still there
  See(gate::kube::kReplicaSets, AReplicaSet(gone), seconds(23));
  EXPECT_THAT(Seen("restored"), IsEmpty());
  gone.replicas = 0;
  gone.written = "2026-03-01T12:00:24Z";
  See(gate::kube::kReplicaSets, AReplicaSet(gone), milliseconds(24'300));
  ASSERT_THAT(Seen("restored"), ElementsAre(""));
  EXPECT_EQ(Only("restored").at, Instant(milliseconds(24'300)));
  EXPECT_EQ(Only("restored").uncertainty, milliseconds(300));
}

TEST_F(RestoredTest, IsReportedOncePerAbort) {
  Canary();
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(5, 5)), seconds(22));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(0, 0)), seconds(23));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(0, 0)), seconds(24));
  EXPECT_THAT(Seen("restored"), ElementsAre(""));
  // Retried, and aborted again.
  RolloutSpec again = Aborted();
  again.abort = false;
  See(gate::kube::kRollouts, ARollout(again), seconds(25));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(1, 1)), seconds(26));
  again = Aborted();
  again.aborted_at = "2026-03-01T12:00:30Z";
  See(gate::kube::kRollouts, ARollout(again), seconds(31));
  EXPECT_THAT(Seen("restored"), ElementsAre(""));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(0, 0)), seconds(32));
  EXPECT_THAT(Seen("restored"), ElementsAre("", ""));
}

TEST_F(RestoredTest, NeedsAnAbort) {
  Canary();
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(5, 5)), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(0, 0)), seconds(22));
  EXPECT_THAT(Seen("restored"), IsEmpty());
}

TEST_F(RestoredTest, ComesWithTheAbortIfThatIsSeenLast) {
  Canary();
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(5, 5)), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(CanarySet(0, 0)), seconds(22));
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(23));
  EXPECT_THAT(Seen("restored"), ElementsAre(""));
  EXPECT_EQ(Only("restored").at, Instant(seconds(23)));
  // Not earlier than the abort can have been: 12:00:20.
  EXPECT_EQ(Only("restored").uncertainty, seconds(3));
}

TEST_F(RestoredTest, DoesNotTrustAStatusThatIsOlderThanItsSpec) {
  Canary();
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(5, 5)), seconds(22));
  ReplicaSetSpec stale = CanarySet(0, 0);
  stale.generation = 2;  // the ReplicaSet controller has not seen the new size
  See(gate::kube::kReplicaSets, AReplicaSet(stale), seconds(23));
  EXPECT_THAT(Seen("restored"), IsEmpty());
}

TEST_F(RestoredTest, IsNotFooledByAViewFromBeforeTheCanaryBegan) {
  Deploy();
  // The watch of ReplicaSets lags: it still shows the stable release alone. The Rollout's own
  // counters say that a canary runs.
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(21));
  EXPECT_THAT(Seen("restored"), IsEmpty());
  RolloutSpec counted = Aborted();
  counted.updated = 0;
  See(gate::kube::kRollouts, ARollout(counted), seconds(22));
  EXPECT_THAT(Seen("restored"), ElementsAre(""));
}

TEST_F(RestoredTest, AcceptsThatTheCanarysReplicaSetIsDeleted) {
  Canary();
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(21));
  See(gate::kube::kReplicaSets, AReplicaSet(StableSet(5, 5)), seconds(22));
  SeeGone(gate::kube::kReplicaSets, AReplicaSet(CanarySet(1, 1)), seconds(23));
  EXPECT_THAT(Seen("restored"), ElementsAre(""));
}

TEST_F(RestoredTest, TakesASnapshotAsTheWholeTruth) {
  Canary();
  See(gate::kube::kRollouts, ARollout(Aborted()), seconds(21));
  SeeAll(gate::kube::kReplicaSets, {AReplicaSet(StableSet(5, 5))}, seconds(25));
  ASSERT_THAT(Seen("restored"), ElementsAre(""));
  // A snapshot hides when the writes were: not before the abort is all that is known.
  EXPECT_EQ(Only("restored").uncertainty, seconds(5));
}

}  // namespace
}  // namespace drill
