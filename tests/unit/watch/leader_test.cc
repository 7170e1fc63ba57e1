#include "gate/watch/leader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/baton_runtime.h"
#include "tests/support/memory_kube.h"

namespace gate::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class NoLines : public LineSink {
 public:
  void Write(std::string_view /*line*/) override {}
};

const KubeRef kLease{kube::kLeases, "gate", "rollout-gate"};

// Several processes that would all like to lead.
class LeaderTest : public ::testing::Test {
 protected:
  struct Process {
    std::stop_source stop;
    std::vector<std::pair<Nanos, Nanos>> reigns;  // from when to when it led
    bool leads = false;
    bool cut_off = false;  // it cannot reach the API server
    std::unique_ptr<Task> task;
  };

  // The API server as seen by one process.
  class Access : public KubeApi {
   public:
    Access(LeaderTest& test, Process& process) : test_(test), process_(process) {}
    Result<Json> Get(const KubeRef& ref, const Deadline& deadline) override {
      if (auto error = Cut(deadline)) return *error;
      return test_.kube_.Get(ref, deadline);
    }
    Result<Json> Create(const KubeResource& resource, const std::string& ns, const Json& object,
                        const Deadline& deadline) override {
      if (auto error = Cut(deadline)) return *error;
      return test_.kube_.Create(resource, ns, object, deadline);
    }
    Result<Json> MergePatch(const KubeRef& ref, const Json& patch, KubeSubresource subresource,
                            const Deadline& deadline) override {
      if (auto error = Cut(deadline)) return *error;
      return test_.kube_.MergePatch(ref, patch, subresource, deadline);
    }
    Result<KubeList> List(const KubeResource&, const std::string&, const KubeSelector&,
                          const Deadline&) override {
      return Unused();
    }
    Result<void> Watch(const KubeResource&, const std::string&, const KubeSelector&,
                       const std::string&, const KubeEventHandler&, const Deadline&) override {
      return Unused();
    }
    Result<Json> Apply(const KubeRef&, const Json&, const std::string&, Force, KubeSubresource,
                       const Deadline&) override {
      return Unused();
    }
    Result<void> Delete(const KubeRef&, const Deadline&) override { return Unused(); }

   private:
    static Error Unused() { return {ErrorCode::kInvalidArgument, "not used here"}; }
    std::optional<Error> Cut(const Deadline& deadline) {
      if (!process_.cut_off) return std::nullopt;
      (void)test_.runtime_.Sleep(deadline);
      return Error{ErrorCode::kDeadlineExceeded, "no answer"};
    }
    LeaderTest& test_;
    Process& process_;
  };

  Nanos Now() { return runtime_.Now() - start_; }

  Process& Start(const std::string& identity) {
    Process& process = *processes_.emplace_back(std::make_unique<Process>());
    process.task = runtime_.Spawn(identity, [this, identity, &process] {
      Access kube(*this, process);
      const LeaseOptions options{.ns = "gate", .name = "rollout-gate", .identity = identity};
      RunAsLeader(
          kube, runtime_, log_, options, [&](std::stop_token stop) { Lead(process, stop); },
          process.stop.get_token());
    });
    return process;
  }

  void Lead(Process& process, const std::stop_token& stop) {
    for (const auto& other : processes_) ASSERT_FALSE(other->leads) << "two lead at once";
    process.leads = true;
    const Nanos from = Now();
    (void)runtime_.Sleep({runtime_.Now() + std::chrono::hours(9), stop});
    process.reigns.emplace_back(from, Now());
    process.leads = false;
  }

  void Stop(Process& process) {
    process.stop.request_stop();
    process.task->Join();
  }
  void StopAll() {
    for (const auto& process : processes_) Stop(*process);
  }
  void Let(Nanos time) { (void)runtime_.Sleep({runtime_.Now() + time, {}}); }
  std::string Holder() const {
    return JsonString(kube_.Find(kLease).value_or(Json::object()), "/spec/holderIdentity");
  }

  test_support::BatonRuntime runtime_;
  const Instant start_ = runtime_.Now();
  MemoryKube kube_;
  NoLines lines_;
  Log log_{lines_, runtime_, LogFormat::kJson};
  std::vector<std::unique_ptr<Process>> processes_;
};

TEST_F(LeaderTest, TheFirstOneLeadsAtOnceAndKeepsTheLease) {
  Process& first = Start("a");
  Let(seconds(60));
  EXPECT_TRUE(first.leads);
  EXPECT_EQ(Holder(), "a");
  StopAll();
  EXPECT_EQ(first.reigns.size(), 1U);
  EXPECT_EQ(first.reigns[0].first, Nanos(0));
}

TEST_F(LeaderTest, OfTwoOnlyOneLeads) {
  Process& first = Start("a");
  Process& second = Start("b");
  Let(seconds(60));
  EXPECT_NE(first.leads, second.leads);
  StopAll();
}

TEST_F(LeaderTest, WhenTheLeaderIsStoppedTheNextOneNeedNotWaitForTheLeaseToRunOut) {
  Process& first = Start("a");
  Let(seconds(1));
  Process& second = Start("b");
  Let(seconds(9));
  Stop(first);
  EXPECT_EQ(Holder(), "");
  Let(seconds(3));
  EXPECT_TRUE(second.leads);
  StopAll();
}

TEST_F(LeaderTest, ALeaderThatVanishesIsReplacedWhenItsLeaseHasRunOut) {
  kube_.Put(kLease, {{"spec", {{"holderIdentity", "gone"}, {"leaseTransitions", 4}}}});
  Process& process = Start("a");
  Let(seconds(15) - milliseconds(1));
  EXPECT_FALSE(process.leads);
  Let(seconds(3));
  EXPECT_TRUE(process.leads);
  EXPECT_EQ(JsonInt(*kube_.Find(kLease), "/spec/leaseTransitions"), 5);
  StopAll();
}

TEST_F(LeaderTest, ALeaderThatIsCutOffStopsBeforeAnotherOneBegins) {
  Process& first = Start("a");
  Let(seconds(1));
  Process& second = Start("b");
  Let(seconds(20));
  ASSERT_TRUE(first.leads);
  first.cut_off = true;
  Let(seconds(30));
  EXPECT_FALSE(first.leads);
  EXPECT_TRUE(second.leads);
  StopAll();
  ASSERT_EQ(first.reigns.size(), 1U);
  ASSERT_EQ(second.reigns.size(), 1U);
  EXPECT_LT(first.reigns[0].second, second.reigns[0].first);
}

TEST_F(LeaderTest, AShortOutageCostsNobodyTheLead) {
  Process& first = Start("a");
  Let(seconds(1));
  Start("b");
  Let(seconds(20));
  first.cut_off = true;
  Let(seconds(5));
  first.cut_off = false;
  Let(seconds(30));
  EXPECT_TRUE(first.leads);
  StopAll();
  EXPECT_EQ(first.reigns.size(), 1U);
}

TEST_F(LeaderTest, OneThatWasCutOffLeadsAgainWhenTheLeaseIsFree) {
  Process& first = Start("a");
  Let(seconds(1));
  first.cut_off = true;
  Let(seconds(30));
  EXPECT_FALSE(first.leads);
  first.cut_off = false;
  Let(seconds(30));
  EXPECT_TRUE(first.leads);
  StopAll();
  EXPECT_EQ(first.reigns.size(), 2U);
}

}  // namespace
}  // namespace gate::watch
