#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/rng.h"
#include "gate/seams/files.h"
#include "gate/seams/runtime.h"
#include "harness/kind/cluster_api.h"
#include "harness/kind/cluster_tools.h"
#include "harness/kind/images.h"
#include "harness/kind/kind_stage.h"
#include "harness/kind/preflight.h"
#include "harness/kind/process.h"
#include "harness/kind/run_mark.h"
#include "harness/kind/stage_objects.h"
#include "harness/runner/backend.h"
#include "harness/runner/backend_options.h"

namespace drill {

// The paths for a gate-drill that lies at `executable`: in the build tree or installed.
// kInvalidArgument if there is no kind/ directory where it should be.
gate::Result<KindPaths> FindKindPaths(const std::string& executable);

// Plays scenarios on a kind cluster with the real Argo Rollouts controller.
//
// Without BackendOptions::cluster it creates a cluster of its own and deletes it in Stop. A cluster
// that it was given stays; in it are created only Argo Rollouts, if there is none (that stays too),
// and namespaces labelled app.kubernetes.io/managed-by=gate-drill, which Stop deletes. The images
// of our programs are built under tags of their own and removed from Docker in Stop. What a run
// that was killed left behind is removed by the next Start: its cluster and images, and its
// namespaces if that start is given the same cluster. Not what was to be kept.
class KindBackend : public Backend {
 public:
  struct Parts {
    gate::Runtime& runtime;
    gate::Files& files;
    ProcessRunner& processes;
    ClusterConnector connect;
    gate::Rng rng;  // seeded from the operating system: it makes MC's token too
  };

  KindBackend(BackendOptions options, KindPaths paths, Parts parts);

  std::string_view name() const override { return "kind"; }
  gate::Result<gate::Json> Start(const Progress& progress, const gate::Deadline& deadline) override;
  std::unique_ptr<Stage> NewStage(const Scenario& scenario) override;
  gate::Result<void> Stop(const gate::Deadline& deadline) override;

 private:
  struct Images {
    LocalImage gate;
    LocalImage serve;
    LocalImage mock;
  };

  gate::Result<gate::Json> BringUp(const Progress& progress, const gate::Deadline& deadline);
  void MakeExtras(const Images& images);
  gate::Result<void> Mark();
  void RemoveLeftBehind(const Progress& progress, const gate::Deadline& deadline);
  gate::Result<void> Remove(const LeftBehind& left, const gate::Deadline& deadline);
  gate::Result<void> RemoveImages(const std::string& run, const gate::Deadline& deadline);
  gate::Result<void> EnsureOverrides(const gate::Deadline& deadline);
  gate::Result<Images> MakeClusterAndImages(const gate::Deadline& deadline);
  gate::Result<void> MakeCluster(const gate::Deadline& deadline);
  gate::Result<Images> MakeImages(const gate::Deadline& deadline);
  gate::Result<LocalImage> MakeImage(const std::string& program, const std::string& given,
                                     const gate::Deadline& deadline);
  gate::Result<void> LoadImagesAndAwaitNetwork(const Images& images,
                                               const gate::Deadline& deadline);
  gate::Result<void> AwaitNetwork(const gate::Deadline& deadline);
  gate::Result<gate::Json> NodeFacts(const gate::Deadline& deadline);
  gate::Result<void> MakeWorld(const Images& images);
  gate::Result<void> TakeDown(const gate::Deadline& deadline);
  gate::Result<void> RemoveNamespaces(const std::string& run, const gate::Deadline& deadline);
  bool Keeps() const { return options_.keep == BackendOptions::Keep::kYes; }

  const BackendOptions options_;
  const KindPaths paths_;
  Parts parts_;
  const std::string run_;  // unique to this run
  const std::string cluster_name_;
  std::optional<PrivateDir> directory_;
  std::optional<RunMark> mark_;  // in it
  std::optional<ClusterTools> tools_;
  bool owns_cluster_ = false;  // it was ours to create, so it is ours to delete
  bool builds_images_ = false;
  std::vector<LeftBehind> left_here_;  // on the given cluster, by runs that were killed
  std::unique_ptr<ClusterApi> cluster_;
  std::unique_ptr<StageExtras> extras_;
  StageWorld world_;  // what all stages have in common
  std::atomic<std::uint64_t> stages_ = 0;
};

}  // namespace drill
