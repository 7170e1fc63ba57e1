#include "harness/kind/kind_backend.h"

#include <filesystem>
#include <stop_token>
#include <utility>

#include "gate/base/check.h"
#include "gate/base/encoding.h"
#include "harness/kind/argo.h"
#include "harness/kind/kind_stage.h"
#include "harness/kind/wait.h"
#include "mock-mc/behaviour/signing_key.h"

namespace drill {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::JsonString;
using gate::Result;

const gate::KubeResource kNodes{"", "v1", "nodes"};

// To undo what a failed start has done, whatever became of the caller's deadline.
constexpr gate::Nanos kUndoTime = std::chrono::seconds(60);

constexpr std::size_t kTokenBytes = 32;

constexpr const char* kServeWithHelm = "rollout-gate-serve-helm";
constexpr const char* kBuilt[] = {"rollout-gate", "rollout-gate-serve", kServeWithHelm, "mock-mc",
                                  kPrometheusName};

// Of an image that we build.
std::string TagOf(const std::string& image, const std::string& run) {
  return "gate-drill/" + image + ":" + run;
}

std::string RunId(gate::Rng& rng) {
  constexpr std::size_t kBytes = 4;
  return gate::HexEncode(rng.Bytes(kBytes));
}

Result<SigningKeyPair> MakeKeyPair(const std::string& id) {
  auto key = mock_mc::SigningKey::Generate(mock_mc::Algorithm::kEd25519);
  if (!key) return std::move(key).error();
  return KeyPairOf(id, *key);
}

}  // namespace

Result<KindPaths> FindKindPaths(const std::string& executable) {
  const std::filesystem::path programs = std::filesystem::path(executable).parent_path();
  // build/<preset>/bin/gate-drill and kind/, or bin/gate-drill and share/rollout-gate/kind/.
  for (const auto& files : {programs / "../../../kind", programs / "../share/rollout-gate/kind"}) {
    std::error_code error;
    const auto canonical = std::filesystem::canonical(files, error);
    if (!error) return KindPaths{programs.string(), canonical.string()};
  }
  return Error{ErrorCode::kInvalidArgument,
               "the directory kind/ with the manifests is not where it should be: " +
                   (programs / "../../../kind").lexically_normal().string()};
}

KindBackend::KindBackend(BackendOptions options, KindPaths paths, Parts parts)
    : options_(std::move(options)),
      paths_(std::move(paths)),
      parts_(std::move(parts)),
      run_(RunId(parts_.rng)),
      cluster_name_(options_.cluster.empty() ? "gate-drill-" + run_ : options_.cluster) {}

Result<Json> KindBackend::Start(const Progress& progress, const gate::Deadline& deadline) {
  auto facts = BringUp(progress, deadline);
  if (facts) return facts;
  Error error = std::move(facts).error();
  auto undone = TakeDown({parts_.runtime.Now() + kUndoTime});
  if (!undone) error.message += "; and then: " + undone.error().message;
  return error;
}

Result<Json> KindBackend::BringUp(const Progress& progress, const gate::Deadline& deadline) {
  auto directory = PrivateDir::Create();
  if (!directory) return std::move(directory).error();
  directory_.emplace(*std::move(directory));
  tools_.emplace(parts_.processes, directory_->path());
  progress("checking docker, kind and kubectl");
  auto facts = Preflight(*tools_, options_, paths_, deadline);
  if (!facts) return facts;
  if (auto marked = Mark(); !marked) return std::move(marked).error();
  RemoveLeftBehind(progress, deadline);

  progress(options_.cluster.empty() ? "creating the cluster" : "building images");
  auto images = MakeClusterAndImages(deadline);
  if (!images) return std::move(images).error();
  (*facts)["images"] = {{"rollout-gate", images->gate.ToJson()},
                        {"rollout-gate-serve", images->serve.ToJson()},
                        {"mock-mc", images->mock.ToJson()}};
  auto cluster = parts_.connect(tools_->kubeconfig());
  if (!cluster) return std::move(cluster).error();
  cluster_ = *std::move(cluster);
  for (const LeftBehind& left : std::exchange(left_here_, {})) {
    auto removed = RemoveNamespaces(left.traces.run, deadline);
    if (!removed) return std::move(removed).error();
    RemoveDirectory(left.directory);
  }

  progress("loading images");
  auto loaded = LoadImagesAndAwaitNetwork(*images, deadline);
  if (!loaded) return std::move(loaded).error();
  progress("installing Argo Rollouts");
  auto argo =
      EnsureArgo(*tools_, cluster_->kube(), parts_.runtime,
                 {options_.argo_version, options_.argo_manifest, options_.argo_image}, deadline);
  if (!argo) return argo;
  (*facts)["argoRollouts"] = *std::move(argo);
  auto overrides = EnsureOverrides(deadline);
  if (!overrides) return std::move(overrides).error();
  auto nodes = NodeFacts(deadline);
  if (!nodes) return nodes;
  (*facts)["kubernetes"] = *std::move(nodes);
  builds_images_ = true;
  MakeExtras(*images);
  auto keys = MakeWorld(*images);
  if (!keys) return std::move(keys).error();
  return facts;
}

void KindBackend::MakeExtras(const Images& images) {
  const auto lazy = [&](const std::string& script, const std::string& from,
                        const std::string& image) {
    const std::string tag = TagOf(image, run_);
    return LazyImage(*tools_, cluster_name_, {paths_.files + script, from, tag}, tag);
  };
  extras_.reset(new StageExtras{Helm(*tools_, paths_.files + "/helm-chart"),
                                lazy("/add-helm.sh", images.serve.tag, kServeWithHelm),
                                lazy("/build-image.sh", "prometheus", kPrometheusName)});
}

// What is to be kept is nobody's to remove.
Result<void> KindBackend::Mark() {
  if (Keeps()) return {};
  const auto whose =
      options_.cluster.empty() ? RunTraces::Cluster::kOurs : RunTraces::Cluster::kGiven;
  auto mark = RunMark::Write(directory_->path(), {run_, cluster_name_, whose});
  if (!mark) return std::move(mark).error();
  mark_.emplace(*std::move(mark));
  return {};
}

// What cannot be removed is told and does not keep this run from its work.
void KindBackend::RemoveLeftBehind(const Progress& progress, const gate::Deadline& deadline) {
  const auto parent = std::filesystem::path(directory_->path()).parent_path();
  for (LeftBehind& left : FindLeftBehind(parent.string())) {
    progress("removing what the run " + left.traces.run + " left behind, which was killed");
    if (auto removed = Remove(left, deadline); !removed) {
      progress("not removed: " + removed.error().message);
      continue;
    }
    if (left.traces.whose == RunTraces::Cluster::kOurs) {
      RemoveDirectory(left.directory);
    } else if (left.traces.cluster == options_.cluster) {
      left_here_.push_back(std::move(left));
    }
  }
}

// All but the namespaces in a cluster that it was given.
Result<void> KindBackend::Remove(const LeftBehind& left, const gate::Deadline& deadline) {
  if (left.traces.whose == RunTraces::Cluster::kOurs) {
    auto deleted = tools_->DeleteCluster(left.traces.cluster, deadline);
    if (!deleted) return deleted;
  }
  return RemoveImages(left.traces.run, deadline);
}

Result<void> KindBackend::RemoveImages(const std::string& run, const gate::Deadline& deadline) {
  Result<void> all;
  for (const char* image : kBuilt) {
    auto removed = RemoveImage(*tools_, TagOf(image, run), deadline);
    if (!removed && all) all = std::move(removed);
  }
  return all;
}

// The custom resource by which people decide in MC's place, with its roles and admission policy.
Result<void> KindBackend::EnsureOverrides(const gate::Deadline& deadline) {
  auto there = cluster_->kube().List(gate::kube::kGateOverrides, "", {}, deadline);
  if (there) return {};
  if (there.error().code != ErrorCode::kNotFound) {
    return std::move(there).error().Wrap("looking for GateOverrides");
  }
  auto applied = tools_->Run(
      {"kubectl", "apply", "--server-side", "-f", paths_.files + "/override"}, deadline);
  if (!applied) return std::move(applied).error().Wrap("installing GateOverrides");
  auto served = tools_->Run({"kubectl", "wait", "--for", "condition=Established", "--timeout",
                             "60s", "crd/gateoverrides.rollout-gate.io"},
                            deadline);
  if (!served) return std::move(served).error().Wrap("installing GateOverrides");
  return {};
}

Result<KindBackend::Images> KindBackend::MakeClusterAndImages(const gate::Deadline& deadline) {
  // Whichever fails first ends the other.
  std::stop_source failed;
  const std::stop_callback pass_on(deadline.stop, [&failed] { failed.request_stop(); });
  const gate::Deadline both{deadline.at, failed.get_token()};
  Result<void> cluster;
  auto task = parts_.runtime.Spawn("kind-cluster", [&] {
    cluster = MakeCluster(both);
    if (!cluster) failed.request_stop();
  });
  auto images = MakeImages(both);
  if (!images) failed.request_stop();
  task->Join();
  // The one that was only stopped has nothing to say.
  if (!cluster && (images || cluster.error().code != ErrorCode::kCancelled)) {
    return std::move(cluster).error();
  }
  return images;
}

Result<void> KindBackend::MakeCluster(const gate::Deadline& deadline) {
  if (!options_.cluster.empty()) return tools_->AdoptCluster(cluster_name_, deadline);
  owns_cluster_ = true;  // from now on something of it may exist
  return tools_->CreateCluster({cluster_name_, paths_.files + "/cluster.yaml", options_.node_image},
                               deadline);
}

Result<KindBackend::Images> KindBackend::MakeImages(const gate::Deadline& deadline) {
  auto gate_image = MakeImage("rollout-gate", options_.gate_image, deadline);
  if (!gate_image) return std::move(gate_image).error();
  auto serve_image = MakeImage("rollout-gate-serve", options_.serve_image, deadline);
  if (!serve_image) return std::move(serve_image).error();
  auto mock_image = MakeImage("mock-mc", options_.mock_image, deadline);
  if (!mock_image) return std::move(mock_image).error();
  return Images{*std::move(gate_image), *std::move(serve_image), *std::move(mock_image)};
}

Result<LocalImage> KindBackend::MakeImage(const std::string& program, const std::string& given,
                                          const gate::Deadline& deadline) {
  if (!given.empty()) return FindImage(*tools_, given, deadline);
  const std::string tag = TagOf(program, run_);
  builds_images_ = true;
  return BuildImage(
      *tools_, {paths_.files + "/build-image.sh", paths_.programs + "/" + program, tag}, deadline);
}

Result<void> KindBackend::LoadImagesAndAwaitNetwork(const Images& images,
                                                    const gate::Deadline& deadline) {
  std::vector<std::string> tags = {images.gate.tag, images.serve.tag, images.mock.tag};
  if (!options_.argo_image.empty()) tags.push_back(options_.argo_image);
  Result<void> loaded;
  auto task = parts_.runtime.Spawn(
      "kind-load", [&] { loaded = tools_->LoadImages(cluster_name_, tags, deadline); });
  // A controller that starts before kube-proxy has set up the API server's address talks to
  // whoever else has it, gives up and is started again after a pause.
  Result<void> network;
  if (owns_cluster_) network = AwaitNetwork(deadline);
  task->Join();
  if (!loaded) return loaded;
  return network;
}

Result<void> KindBackend::AwaitNetwork(const gate::Deadline& deadline) {
  for (const Awaited& awaited : {ReadyDaemonSet("kube-system", "kube-proxy"),
                                 AvailableDeployment("kube-system", "coredns")}) {
    auto found = WaitFor(cluster_->kube(), parts_.runtime, awaited, deadline);
    if (!found) return std::move(found).error();
  }
  return {};
}

Result<Json> KindBackend::NodeFacts(const gate::Deadline& deadline) {
  auto nodes = cluster_->kube().List(kNodes, "", {}, deadline);
  if (!nodes) return std::move(nodes).error().Wrap("reading the nodes");
  Json facts = {{"cluster", cluster_name_}, {"nodes", nodes->items.size()}};
  if (nodes->items.empty()) return facts;
  const Json& node = nodes->items.front();
  if (Keeps()) facts["kubeconfig"] = tools_->kubeconfig();
  facts["version"] = JsonString(node, "/status/nodeInfo/kubeletVersion");
  facts["containerRuntime"] = JsonString(node, "/status/nodeInfo/containerRuntimeVersion");
  facts["operatingSystem"] = JsonString(node, "/status/nodeInfo/osImage");
  facts["kernel"] = JsonString(node, "/status/nodeInfo/kernelVersion");
  facts["architecture"] = JsonString(node, "/status/nodeInfo/architecture");
  return facts;
}

Result<void> KindBackend::MakeWorld(const Images& images) {
  auto good = MakeKeyPair("mc-good");
  if (!good) return std::move(good).error().Wrap("making MC's signing key");
  auto rogue = MakeKeyPair("rogue");
  if (!rogue) return std::move(rogue).error().Wrap("making the rogue key");
  world_.run = run_;
  world_.gate_image = images.gate.tag;
  world_.serve_image = images.serve.tag;
  world_.mock_image = images.mock.tag;
  world_.good = *std::move(good);
  world_.rogue = *std::move(rogue);
  return {};
}

std::unique_ptr<Stage> KindBackend::NewStage(const Scenario& scenario) {
  GATE_CHECK(cluster_ != nullptr && extras_ != nullptr);
  gate::Rng rng = parts_.rng.Fork(scenario.id + "/" + std::to_string(stages_.fetch_add(1)));
  StageWorld world = world_;
  world.ns = "drill-" + gate::LowerCase(scenario.id) + "-" + RunId(rng);
  world.token = gate::Secret(gate::Base64UrlEncode(rng.Bytes(kTokenBytes)));
  world.caller_token = gate::Secret(gate::Base64UrlEncode(rng.Bytes(kTokenBytes)));
  return std::make_unique<KindStage>(
      *cluster_, parts_.runtime, parts_.files, paths_.files + "/scenario", scenario,
      std::move(world), Keeps() ? KindStage::Keep::kYes : KindStage::Keep::kNo, extras_.get());
}

Result<void> KindBackend::Stop(const gate::Deadline& deadline) {
  if (!Keeps()) return TakeDown(deadline);
  if (directory_) directory_->Release();  // the kubeconfig in it is the way into the cluster
  return {};
}

Result<void> KindBackend::TakeDown(const gate::Deadline& deadline) {
  std::string troubles;
  const auto note = [&](const Result<void>& result) {
    if (!result) troubles += (troubles.empty() ? "" : "; ") + result.error().message;
  };
  if (owns_cluster_) {
    note(tools_->DeleteCluster(cluster_name_, deadline));
  } else if (cluster_) {
    note(RemoveNamespaces(run_, deadline));
  }
  owns_cluster_ = false;
  if (std::exchange(builds_images_, false)) note(RemoveImages(run_, deadline));
  extras_.reset();
  cluster_.reset();
  tools_.reset();
  left_here_.clear();
  mark_.reset();
  directory_.reset();
  if (troubles.empty()) return {};
  return Error{ErrorCode::kUnavailable, "cleaning up: " + troubles};
}

Result<void> KindBackend::RemoveNamespaces(const std::string& run, const gate::Deadline& deadline) {
  gate::KubeApi& kube = cluster_->kube();
  auto left = kube.List(gate::kube::kNamespaces, "", {kRunLabel + ("=" + run), ""}, deadline);
  if (!left) return std::move(left).error().Wrap("looking for the drill's namespaces");
  for (const Json& ns : left->items) {
    auto deleted =
        kube.Delete({gate::kube::kNamespaces, "", JsonString(ns, "/metadata/name")}, deadline);
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return deleted;
  }
  return {};
}

}  // namespace drill
