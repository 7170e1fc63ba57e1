#include "harness/kind/argo.h"

#include <optional>
#include <utility>

#include "harness/kind/wait.h"

namespace drill {
namespace {

using gate::Json;
using gate::JsonString;
using gate::Result;

constexpr const char* kArgoNamespace = "argo-rollouts";
constexpr const char* kName = "argo-rollouts";  // of the Deployment and of its container
constexpr const char* kSelector = "app.kubernetes.io/name=argo-rollouts";

// The namespace of a controller that is there.
Result<std::optional<std::string>> FindController(gate::KubeApi& kube,
                                                  const gate::Deadline& deadline) {
  auto found = kube.List(gate::kube::kDeployments, "", {kSelector, ""}, deadline);
  if (!found) return std::move(found).error().Wrap("looking for Argo Rollouts");
  for (const Json& deployment : found->items) {
    if (JsonString(deployment, "/metadata/name") == kName) {
      return std::optional(JsonString(deployment, "/metadata/namespace"));
    }
  }
  return std::optional<std::string>();
}

Result<void> Install(ClusterTools& tools, gate::KubeApi& kube, const ArgoSource& source,
                     const gate::Deadline& deadline) {
  const Json ns = {
      {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", kArgoNamespace}}}};
  auto created = kube.Apply({gate::kube::kNamespaces, "", kArgoNamespace}, ns, "gate-drill",
                            gate::KubeApi::Force::kNo, gate::KubeSubresource::kNone, deadline);
  if (!created) return std::move(created).error().Wrap("creating the namespace argo-rollouts");
  const std::string manifest =
      source.manifest.empty() ? "https://github.com/argoproj/argo-rollouts/releases/download/" +
                                    source.version + "/install.yaml"
                              : source.manifest;
  // Server-side: the CRDs are larger than the annotation of a client-side apply may be.
  auto applied = tools.Run(
      {"kubectl", "apply", "--server-side", "--namespace", kArgoNamespace, "-f", manifest},
      deadline);
  if (!applied) return std::move(applied).error().Wrap("installing Argo Rollouts");
  if (source.image.empty()) return {};
  auto set = tools.Run({"kubectl", "set", "image", "--namespace", kArgoNamespace,
                        std::string("deployment/") + kName, kName + ("=" + source.image)},
                       deadline);
  if (!set) return std::move(set).error().Wrap("setting the image of Argo Rollouts");
  return {};
}

Result<Json> Facts(gate::KubeApi& kube, const std::string& ns, const gate::Deadline& deadline) {
  auto pods = kube.List(gate::kube::kPods, ns, {kSelector, "status.phase=Running"}, deadline);
  if (!pods) return std::move(pods).error().Wrap("reading Argo's pods");
  Json facts = {{"namespace", ns}};
  if (pods->items.empty()) return facts;
  facts["image"] = JsonString(pods->items.front(), "/status/containerStatuses/0/image");
  facts["imageId"] = JsonString(pods->items.front(), "/status/containerStatuses/0/imageID");
  return facts;
}

}  // namespace

Result<Json> EnsureArgo(ClusterTools& tools, gate::KubeApi& kube, gate::Runtime& runtime,
                        const ArgoSource& source, const gate::Deadline& deadline) {
  auto ns = FindController(kube, deadline);
  if (!ns) return std::move(ns).error();
  if (!*ns) {
    auto installed = Install(tools, kube, source, deadline);
    if (!installed) return std::move(installed).error();
    *ns = kArgoNamespace;
  }
  auto available = WaitFor(kube, runtime, AvailableDeployment(**ns, kName), deadline);
  if (!available) return std::move(available).error();
  return Facts(kube, **ns, deadline);
}

}  // namespace drill
