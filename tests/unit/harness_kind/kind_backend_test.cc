#include "harness/kind/kind_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gate/adapters/system_files.h"
#include "gate/adapters/system_runtime.h"
#include "harness/kind/run_mark.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/harness_kind/fake_kube.h"

namespace drill {
namespace {

using gate::Json;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// A machine with Docker, kind and kubectl: what exists on it after the commands that were run.
class FakeMachine : public ProcessRunner {
 public:
  explicit FakeMachine(FakeKube& kube) : kube_(kube) {}

  std::set<std::string> clusters;
  std::set<std::string> images;
  std::set<std::string> missing_programs;
  std::string fail_on;  // commands that hold this text fail, after having done their work
  std::function<void()> on_create_cluster = [] {};
  std::vector<std::string> commands;
  std::vector<std::string> kubeconfigs;  // that each command saw

  gate::Result<ProcessOutput> Run(const ProcessRequest& request,
                                  const gate::Deadline& deadline) override {
    const std::string program = request.argv.front();
    if (missing_programs.contains(program)) {
      return gate::Error{gate::ErrorCode::kNotFound, program + " is not on PATH"};
    }
    std::string text;
    for (const std::string& argument : request.argv) text += argument + " ";
    const bool creates = text.starts_with("kind create cluster");
    if (creates) on_create_cluster();
    const std::lock_guard lock(mutex_);
    Note(request, text);
    ProcessOutput output = Execute(text, request.argv);
    if (!fail_on.empty() && text.find(fail_on) != std::string::npos) {
      return ProcessOutput{1, "", "it broke"};
    }
    if (deadline.stop.stop_requested()) return gate::Error{gate::ErrorCode::kCancelled, "stopped"};
    return output;
  }

 private:
  void Note(const ProcessRequest& request, const std::string& text) {
    commands.push_back(text);
    for (const auto& [name, value] : request.environment) {
      if (name == "KUBECONFIG") kubeconfigs.push_back(value);
    }
  }

  ProcessOutput Execute(const std::string& text, const std::vector<std::string>& argv) {
    const auto starts = [&](const char* prefix) { return text.starts_with(prefix); };
    if (starts("docker version")) return {0, "28.0\n", ""};
    if (starts("kind version")) return {0, "kind v0.33.0\n", ""};
    if (starts("kubectl version")) return {0, "{\"clientVersion\":{\"gitVersion\":\"v1\"}}", ""};
    if (starts("kind get clusters")) return {0, Joined(clusters), ""};
    if (starts("kind create cluster")) clusters.insert(After(argv, "--name"));
    if (starts("kind delete cluster")) clusters.erase(After(argv, "--name"));
    if (starts("kind get kubeconfig")) return {0, "a kubeconfig\n", ""};
    if (starts("docker image inspect")) {
      return images.contains(argv.back()) ? ProcessOutput{0, "sha256:1 99\n", ""}
                                          : ProcessOutput{1, "", "No such image"};
    }
    if (starts("docker image rm")) images.erase(argv.back());
    const auto runs = [&](const char* script) { return text.find(script) != std::string::npos; };
    if (runs("/build-image.sh ") || runs("/add-helm.sh ")) {
      images.insert(argv.back());
      return {0, "sha256:1 99\n", ""};
    }
    if (starts("kubectl apply")) PutArgo();
    return {};
  }

  void PutArgo() {
    kube_.Put(gate::kube::kDeployments, "argo-rollouts", AvailableObject("argo-rollouts"));
  }

  static std::string Joined(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += name + "\n";
    return text;
  }

  static std::string After(const std::vector<std::string>& argv, const std::string& flag) {
    const auto found = std::find(argv.begin(), argv.end(), flag);
    return found == argv.end() || found + 1 == argv.end() ? "" : *(found + 1);
  }

  FakeKube& kube_;
  std::mutex mutex_;

 public:
  // A Deployment or DaemonSet that is ready.
  static Json AvailableObject(const std::string& name) {
    return {{"metadata", {{"name", name}, {"labels", {{"app.kubernetes.io/name", name}}}}},
            {"spec", {{"replicas", 1}}},
            {"status",
             {{"updatedReplicas", 1},
              {"availableReplicas", 1},
              {"desiredNumberScheduled", 1},
              {"numberReady", 1}}}};
  }
};

class FakeClusterApi : public ClusterApi {
 public:
  explicit FakeClusterApi(FakeKube& kube) : kube_(kube) {}
  gate::KubeApi& kube() override { return kube_; }
  gate::Result<std::shared_ptr<gate::KubeApi>> KubeOf(const std::string&, const std::string&,
                                                      const gate::Deadline&) override {
    return gate::Error{gate::ErrorCode::kUnavailable, "not served here"};
  }
  gate::Result<std::string> GetText(const std::string&, const gate::Deadline&) override {
    return gate::Error{gate::ErrorCode::kUnavailable, "not served here"};
  }
  gate::Result<std::string> SendText(const std::string&, const std::string&, const std::string&,
                                     const gate::Deadline&) override {
    return gate::Error{gate::ErrorCode::kUnavailable, "not served here"};
  }

 private:
  FakeKube& kube_;
};

// Where runs have their directories, and look for those of runs that were killed.
class OwnTemporaryFiles {
 public:
  explicit OwnTemporaryFiles(const std::string& path) {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", path.c_str(), 1);
  }
  ~OwnTemporaryFiles() {
    if (before_) {
      ::setenv("TMPDIR", before_->c_str(), 1);
    } else {
      ::unsetenv("TMPDIR");
    }
  }
  OwnTemporaryFiles(const OwnTemporaryFiles&) = delete;
  OwnTemporaryFiles& operator=(const OwnTemporaryFiles&) = delete;

 private:
  std::optional<std::string> before_;
};

class KindBackendTest : public testing::Test {
 protected:
  KindBackendTest() {
    std::filesystem::create_directories(programs_);
    for (const char* name : {"rollout-gate", "rollout-gate-serve", "mock-mc"}) {
      std::ofstream(programs_ + "/" + name) << "x";
      std::filesystem::permissions(programs_ + "/" + name, std::filesystem::perms::owner_all);
    }
    kube_.Put({"apps", "v1", "daemonsets"}, "kube-system",
              FakeMachine::AvailableObject("kube-proxy"));
    kube_.Put(gate::kube::kDeployments, "kube-system", FakeMachine::AvailableObject("coredns"));
    kube_.Put({"", "v1", "nodes"}, "", {{"metadata", {{"name", "n"}}}});
  }

  std::unique_ptr<KindBackend> NewBackend(BackendOptions options = {}, std::uint64_t seed = 1) {
    return std::make_unique<KindBackend>(
        std::move(options), KindPaths{programs_, KIND_FOLDER},
        KindBackend::Parts{runtime_, files_, machine_,
                           [this](const std::string&) {
                             return gate::Result<std::unique_ptr<ClusterApi>>(
                                 std::make_unique<FakeClusterApi>(kube_));
                           },
                           gate::Rng(seed)});
  }

  gate::Result<Json> Start(KindBackend& backend, std::stop_token stop = {}) {
    return backend.Start([](std::string_view) {}, {runtime_.Now() + seconds(30), stop});
  }
  gate::Result<void> Stop(KindBackend& backend) {
    return backend.Stop({runtime_.Now() + seconds(30)});
  }

  static Scenario AServiceScenario() {
    Scenario scenario;
    scenario.id = "GATE-099";
    scenario.stable_release = "shop-1.4.0";
    scenario.gate_mode = GateMode::kService;
    return scenario;
  }

  // How many commands had `what` in them.
  std::ptrdiff_t Commands(const std::string& what) const {
    return std::count_if(
        machine_.commands.begin(), machine_.commands.end(),
        [&](const std::string& command) { return command.find(what) != std::string::npos; });
  }

  // What a run that was killed leaves: its directory with what it made, and nobody who holds it.
  std::string LeaveBehind(const RunTraces& traces) {
    const std::string directory = folder_.path() + "/gate-drill-" + traces.run;
    std::filesystem::create_directories(directory);
    EXPECT_TRUE(RunMark::Write(directory, traces));
    for (const char* program : {"rollout-gate", "rollout-gate-serve", "mock-mc"}) {
      machine_.images.insert("gate-drill/" + std::string(program) + ":" + traces.run);
    }
    machine_.clusters.insert(traces.cluster);
    return directory;
  }

  const test_support::TempFolder folder_;  // of this test alone: others run beside it
  const OwnTemporaryFiles temporary_files_{folder_.path()};
  const std::string programs_ = folder_.path() + "/programs";
  gate::SystemRuntime runtime_;
  gate::SystemFiles files_;
  FakeKube kube_;
  FakeMachine machine_{kube_};
};

TEST_F(KindBackendTest, StartBringsUpAClusterOfItsOwnAndStopLeavesNothing) {
  machine_.clusters = {"somebodys"};
  const auto backend = NewBackend();
  const auto facts = Start(*backend);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(machine_.clusters.size(), 2U);
  EXPECT_EQ(machine_.images.size(), 3U);
  ASSERT_TRUE(Stop(*backend));
  EXPECT_THAT(machine_.clusters, UnorderedElementsAre("somebodys"));
  EXPECT_THAT(machine_.images, IsEmpty());
}

TEST_F(KindBackendTest, TwoRunsHaveDifferentClustersAndImages) {
  const auto first = NewBackend({}, 1);
  const auto second = NewBackend({}, 2);
  ASSERT_TRUE(Start(*first));
  ASSERT_TRUE(Start(*second));
  EXPECT_EQ(machine_.clusters.size(), 2U);
  EXPECT_EQ(machine_.images.size(), 6U);
  ASSERT_TRUE(Stop(*first));
  EXPECT_EQ(machine_.clusters.size(), 1U);
  EXPECT_EQ(machine_.images.size(), 3U);
  ASSERT_TRUE(Stop(*second));
}

TEST_F(KindBackendTest, EveryCommandSeesAKubeconfigOfOurOwnThatIsGoneInTheEnd) {
  ASSERT_EQ(::setenv("KUBECONFIG", "/home/user/.kube/config", 1), 0);
  const auto backend = NewBackend();
  ASSERT_TRUE(Start(*backend));
  ASSERT_TRUE(Stop(*backend));
  ASSERT_EQ(machine_.kubeconfigs.size(), machine_.commands.size());
  const std::set<std::string> files(machine_.kubeconfigs.begin(), machine_.kubeconfigs.end());
  ASSERT_EQ(files.size(), 1U);
  EXPECT_THAT(*files.begin(), Not(HasSubstr("/home/user")));
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(*files.begin()).parent_path()));
}

class KindBackendFailureTest : public KindBackendTest,
                               public testing::WithParamInterface<const char*> {};

TEST_P(KindBackendFailureTest, AFailedStartLeavesNothingBehind) {
  machine_.fail_on = GetParam();
  const auto backend = NewBackend();
  const auto facts = Start(*backend);
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().message, HasSubstr("it broke"));
  EXPECT_THAT(machine_.clusters, IsEmpty());
  EXPECT_THAT(machine_.images, IsEmpty());
  EXPECT_TRUE(Stop(*backend));
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, KindBackendFailureTest,
                         testing::Values("docker version", "kind version", "kind create cluster",
                                         "programs/rollout-gate", "programs/rollout-gate-serve",
                                         "programs/mock-mc", "kind load", "kubectl apply"));

TEST_F(KindBackendTest, AStopDuringTheCreationOfTheClusterLeavesNothingBehind) {
  std::stop_source stop;
  machine_.on_create_cluster = [&] { stop.request_stop(); };
  const auto backend = NewBackend();
  const auto facts = Start(*backend, stop.get_token());
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, gate::ErrorCode::kCancelled);
  EXPECT_THAT(machine_.clusters, IsEmpty());
  EXPECT_THAT(machine_.images, IsEmpty());
}

TEST_F(KindBackendTest, EverythingThatIsMissingIsReportedAtOnceBeforeAnythingIsCreated) {
  machine_.missing_programs = {"kind", "docker"};
  std::filesystem::remove(programs_ + "/mock-mc");
  BackendOptions options;
  options.argo_manifest = "/no/such/manifest.yaml";
  const auto backend = NewBackend(options);
  const auto facts = Start(*backend);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, gate::ErrorCode::kInvalidArgument);
  for (const char* what : {"kind is not on PATH; install", "docker is not on PATH; install",
                           "/mock-mc is not an executable program", "/no/such/manifest.yaml"}) {
    EXPECT_THAT(facts.error().message, HasSubstr(what));
  }
  EXPECT_THAT(machine_.images, IsEmpty());
}

TEST_F(KindBackendTest, AVersionThatIsNoneDoesNotGetIntoAUrl) {
  BackendOptions options;
  options.argo_version = "v1/../../evil";
  const auto backend = NewBackend(options);
  const auto facts = Start(*backend);
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().message, HasSubstr("is not a version of Argo Rollouts"));
}

TEST_F(KindBackendTest, AGivenClusterStaysAndOnlyOurNamespacesAreRemovedFromIt) {
  machine_.clusters = {"given"};
  kube_.Put(gate::kube::kNamespaces, "", {{"metadata", {{"name", "users"}}}});
  BackendOptions options;
  options.cluster = "given";
  const auto backend = NewBackend(options);
  ASSERT_TRUE(Start(*backend));
  Scenario scenario;
  scenario.id = "GATE-099";
  scenario.gate_config = Json::object();
  const auto stage = backend->NewStage(scenario);
  // The stage never becomes ready here, but its namespace is there, as after a crash of the run.
  EXPECT_FALSE(stage->Prepare([](std::string_view) {}, {runtime_.Now()}));
  ASSERT_TRUE(kube_.Has(gate::kube::kNamespaces, "", stage->ns()));
  ASSERT_TRUE(Stop(*backend));
  EXPECT_FALSE(kube_.Has(gate::kube::kNamespaces, "", stage->ns()));
  EXPECT_TRUE(kube_.Has(gate::kube::kNamespaces, "", "users"));
  EXPECT_THAT(machine_.clusters, UnorderedElementsAre("given"));
}

TEST_F(KindBackendTest, WhereTheGateRollsBackByHelmItHasHelmAndTheRolloutIsARelease) {
  const auto backend = NewBackend();
  ASSERT_TRUE(Start(*backend));
  Scenario scenario = AServiceScenario();
  scenario.gate_config = {
      {"watch", {{"fallback", "command"}, {"fallbackCommand", "helm rollback {rollout}"}}}};
  for (int i = 0; i < 2; ++i) {
    const auto stage = backend->NewStage(scenario);
    // Nothing becomes ready here, but everything has been applied by then.
    EXPECT_FALSE(stage->Prepare([](std::string_view) {}, {runtime_.Now()}));
    EXPECT_FALSE(kube_.Has(gate::kube::kRollouts, stage->ns(), kRolloutName));
    const std::string upgrade = "--namespace " + stage->ns() + " --set-json object=";
    EXPECT_EQ(Commands(upgrade), 1);
    const auto deployed = stage->DeployByInstaller({{"metadata", {{"labels", {{"a", "b"}}}}}},
                                                   {runtime_.Now() + seconds(30)});
    ASSERT_TRUE(deployed) << deployed.error().message;
    EXPECT_TRUE(*deployed);
    EXPECT_EQ(Commands(upgrade), 2);
  }
  EXPECT_EQ(Commands("/add-helm.sh gate-drill/rollout-gate-serve:"), 1);
  EXPECT_EQ(Commands(" gate-drill/rollout-gate-serve-helm:"), 2);  // it is made, and loaded
  ASSERT_TRUE(Stop(*backend));
  EXPECT_THAT(machine_.images, IsEmpty());
}

TEST_F(KindBackendTest, ThePrometheusOnPathWatchesTheScenariosThatSaySo) {
  const auto backend = NewBackend();
  ASSERT_TRUE(Start(*backend));
  Scenario scenario = AServiceScenario();
  scenario.prometheus = true;
  const std::string make = "/build-image.sh prometheus gate-drill/prometheus:";
  EXPECT_EQ(Commands(make), 0);
  for (int i = 0; i < 2; ++i) {
    const auto stage = backend->NewStage(scenario);
    // Nothing becomes ready here, but everything has been applied by then.
    EXPECT_FALSE(stage->Prepare([](std::string_view) {}, {runtime_.Now()}));
    EXPECT_TRUE(kube_.Has(gate::kube::kDeployments, stage->ns(), kPrometheusName));
  }
  EXPECT_EQ(Commands(make), 1);
  ASSERT_TRUE(Stop(*backend));
  EXPECT_THAT(machine_.images, IsEmpty());
}

TEST_F(KindBackendTest, TheNextStartRemovesWhatAKilledRunLeftBehind) {
  machine_.clusters = {"somebodys"};
  const std::string directory = LeaveBehind({"dead1", "gate-drill-dead1"});
  const auto backend = NewBackend();
  ASSERT_TRUE(Start(*backend));
  EXPECT_THAT(machine_.clusters, Not(testing::Contains("gate-drill-dead1")));
  EXPECT_THAT(machine_.images, testing::Each(Not(HasSubstr("dead1"))));
  EXPECT_FALSE(std::filesystem::exists(directory));
  ASSERT_TRUE(Stop(*backend));
  EXPECT_THAT(machine_.clusters, UnorderedElementsAre("somebodys"));
}

TEST_F(KindBackendTest, ARunThatIsAliveKeepsWhatItMade) {
  const auto alive = NewBackend({}, 1);
  ASSERT_TRUE(Start(*alive));
  const auto clusters = machine_.clusters;
  const auto second = NewBackend({}, 2);
  ASSERT_TRUE(Start(*second));
  ASSERT_TRUE(Stop(*second));
  EXPECT_EQ(machine_.clusters, clusters);
  EXPECT_EQ(machine_.images.size(), 3U);
  ASSERT_TRUE(Stop(*alive));
}

TEST_F(KindBackendTest, AKilledRunsNamespacesGoWhenItsClusterIsGivenAgain) {
  const auto put = [&](const std::string& name, const std::string& run) {
    kube_.Put(gate::kube::kNamespaces, "",
              {{"metadata", {{"name", name}, {"labels", {{kRunLabel, run}}}}}});
  };
  put("drill-dead", "dead2");
  put("drill-alive", "a11fe");
  const std::string directory = LeaveBehind({"dead2", "given", RunTraces::Cluster::kGiven});
  const auto elsewhere = NewBackend();
  ASSERT_TRUE(Start(*elsewhere));
  ASSERT_TRUE(Stop(*elsewhere));
  EXPECT_TRUE(kube_.Has(gate::kube::kNamespaces, "", "drill-dead"));
  BackendOptions options;
  options.cluster = "given";
  const auto backend = NewBackend(options);
  ASSERT_TRUE(Start(*backend));
  EXPECT_FALSE(kube_.Has(gate::kube::kNamespaces, "", "drill-dead"));
  EXPECT_TRUE(kube_.Has(gate::kube::kNamespaces, "", "drill-alive"));
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_THAT(machine_.clusters, testing::Contains("given"));
  ASSERT_TRUE(Stop(*backend));
}

// A file can say anything.
TEST_F(KindBackendTest, NoMarkCanNameAClusterThatNoRunMakes) {
  const std::string directory = LeaveBehind({"dead3", "production"});
  const auto backend = NewBackend();
  ASSERT_TRUE(Start(*backend));
  EXPECT_THAT(machine_.clusters, testing::Contains("production"));
  EXPECT_TRUE(std::filesystem::exists(directory));
  ASSERT_TRUE(Stop(*backend));
}

TEST_F(KindBackendTest, WhatCannotBeRemovedKeepsNoRunFromItsWork) {
  const std::string directory = LeaveBehind({"dead4", "gate-drill-dead4"});
  machine_.fail_on = "kind delete cluster --name gate-drill-dead4";
  const auto backend = NewBackend();
  ASSERT_TRUE(Start(*backend));
  EXPECT_TRUE(std::filesystem::exists(directory)) << "the start after this tries again";
  ASSERT_TRUE(Stop(*backend));
}

TEST_F(KindBackendTest, AClusterThatDoesNotExistIsNotCreated) {
  machine_.clusters = {"other"};
  BackendOptions options;
  options.cluster = "given";
  const auto backend = NewBackend(options);
  const auto facts = Start(*backend);
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().message, HasSubstr("there is no kind cluster named given (other)"));
  EXPECT_THAT(machine_.clusters, UnorderedElementsAre("other"));
}

TEST_F(KindBackendTest, AnArgoThatIsThereIsUsed) {
  machine_.clusters = {"given"};
  kube_.Put(gate::kube::kDeployments, "elsewhere", FakeMachine::AvailableObject("argo-rollouts"));
  BackendOptions options;
  options.cluster = "given";
  const auto backend = NewBackend(options);
  const auto facts = Start(*backend);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->at("argoRollouts").at("namespace"), "elsewhere");
  EXPECT_FALSE(kube_.Has(gate::kube::kNamespaces, "", "argo-rollouts"));
  ASSERT_TRUE(Stop(*backend));
}

TEST_F(KindBackendTest, KeepKeepsTheClusterTheImagesAndTheKubeconfig) {
  BackendOptions options;
  options.keep = BackendOptions::Keep::kYes;
  auto backend = NewBackend(options);
  const auto facts = Start(*backend);
  ASSERT_TRUE(facts);
  ASSERT_TRUE(Stop(*backend));
  backend.reset();
  EXPECT_EQ(machine_.clusters.size(), 1U);
  const std::filesystem::path kubeconfig =
      facts->at("kubernetes").at("kubeconfig").get<std::string>();
  const auto directory = kubeconfig.parent_path();
  EXPECT_EQ(std::filesystem::status(directory).permissions(), std::filesystem::perms::owner_all);
  std::filesystem::remove_all(directory);
}

TEST_F(KindBackendTest, GivenImagesAreUsedAndNeverRemoved) {
  machine_.images = {"mine/gate:1", "mine/serve:1", "mine/mock:1"};
  BackendOptions options;
  options.gate_image = "mine/gate:1";
  options.serve_image = "mine/serve:1";
  options.mock_image = "mine/mock:1";
  const auto backend = NewBackend(options);
  ASSERT_TRUE(Start(*backend));
  ASSERT_TRUE(Stop(*backend));
  EXPECT_THAT(machine_.images, UnorderedElementsAre("mine/gate:1", "mine/serve:1", "mine/mock:1"));
}

TEST_F(KindBackendTest, StagesOfTheSameScenarioHaveDifferentNamespaces) {
  const auto backend = NewBackend();
  ASSERT_TRUE(Start(*backend));
  Scenario scenario;
  scenario.id = "GATE-001";
  const auto first = backend->NewStage(scenario);
  const auto second = backend->NewStage(scenario);
  EXPECT_THAT(first->ns(), HasSubstr("drill-gate-001-"));
  EXPECT_NE(first->ns(), second->ns());
  ASSERT_TRUE(Stop(*backend));
}

TEST(FindKindPathsTest, ABuildTreeHasItsFilesThreeLevelsUp) {
  const std::string root = testing::TempDir() + "drill_find_kind_paths";
  std::filesystem::create_directories(root + "/build/dev/bin");
  std::filesystem::create_directories(root + "/kind");
  const auto paths = FindKindPaths(root + "/build/dev/bin/gate-drill");
  ASSERT_TRUE(paths);
  EXPECT_EQ(paths->files, std::filesystem::canonical(root + "/kind").string());
  EXPECT_EQ(paths->programs, root + "/build/dev/bin");
  EXPECT_FALSE(FindKindPaths("/nowhere/bin/gate-drill"));
}

}  // namespace
}  // namespace drill
