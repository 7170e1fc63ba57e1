#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"

namespace gate {

// A resource type as in the API's paths. `group` is empty for the core group.
struct KubeResource {
  std::string group;
  std::string version;
  std::string plural;

  // "v1" or "apps/v1", as in an object's apiVersion.
  std::string ApiVersion() const { return group.empty() ? version : group + "/" + version; }
  bool operator==(const KubeResource&) const = default;
};

namespace kube {
inline const KubeResource kConfigMaps{"", "v1", "configmaps"};
inline const KubeResource kEvents{"", "v1", "events"};
inline const KubeResource kNamespaces{"", "v1", "namespaces"};
inline const KubeResource kPods{"", "v1", "pods"};
inline const KubeResource kSecrets{"", "v1", "secrets"};
inline const KubeResource kJobs{"batch", "v1", "jobs"};
inline const KubeResource kReplicaSets{"apps", "v1", "replicasets"};
inline const KubeResource kDeployments{"apps", "v1", "deployments"};
inline const KubeResource kRollouts{"argoproj.io", "v1alpha1", "rollouts"};
inline const KubeResource kLeases{"coordination.k8s.io", "v1", "leases"};
inline const KubeResource kAnalysisRuns{"argoproj.io", "v1alpha1", "analysisruns"};
inline const KubeResource kGateOverrides{"rollout-gate.io", "v1alpha1", "gateoverrides"};
// Not kept: creating one answers who the caller is.
inline const KubeResource kSelfSubjectReviews{"authentication.k8s.io", "v1", "selfsubjectreviews"};

// Argo Rollouts' label of what belongs to one pod template: its ReplicaSet, pods and AnalysisRuns.
inline constexpr const char* kPodHashLabel = "rollouts-pod-template-hash";
// Ours, of what the gate keeps about a Rollout: the Rollout's name.
inline constexpr const char* kRolloutLabel = "rollout-gate/rollout";
}  // namespace kube

// One object. `ns` is empty for cluster-scoped resources.
struct KubeRef {
  KubeResource resource;
  std::string ns;
  std::string name;
};

struct KubeSelector {
  std::string labels;  // "app=x,tier!=y", or empty for all
  std::string fields;  // "metadata.name=x", or empty for all
};

struct KubeList {
  std::vector<Json> items;
  std::string resource_version;  // to start a watch from
};

// Gets the objects of one page of a list.
using KubePageHandler = std::function<void(std::vector<Json> items)>;

enum class KubeEventType { kAdded, kModified, kDeleted, kBookmark };

struct KubeEvent {
  KubeEventType type;
  Json object;  // for a bookmark only metadata.resourceVersion
};

// Return false to end the watch.
using KubeEventHandler = std::function<bool(const KubeEvent&)>;

enum class KubeSubresource { kNone, kStatus };

// The Kubernetes API as the gate uses it. Objects are JSON documents exactly as the server serves
// them. Errors: kNotFound, kAlreadyExists, kConflict, kGone, kPermissionDenied, kInvalidArgument
// (400, 422, and what is larger than the client accepts), kResourceExhausted (429, with
// retry_after), kUnavailable (5xx, not reachable), kDeadlineExceeded (a write may have been
// applied), kCancelled, kProtocol. Nothing is retried here. Thread-safe.
class KubeApi {
 public:
  virtual ~KubeApi() = default;

  virtual Result<Json> Get(const KubeRef& ref, const Deadline& deadline) = 0;

  // All objects, fetched in pages. `ns` empty means all namespaces.
  virtual Result<KubeList> List(const KubeResource& resource, const std::string& ns,
                                const KubeSelector& selector, const Deadline& deadline) = 0;

  // The same for lists that may be too long to be held: hands over page by page, and returns the
  // version to start a watch from. After an error the list is incomplete.
  virtual Result<std::string> ListPages(const KubeResource& resource, const std::string& ns,
                                        const KubeSelector& selector,
                                        const KubePageHandler& on_page, const Deadline& deadline) {
    auto list = List(resource, ns, selector, deadline);
    if (!list) return std::move(list).error();
    on_page(std::move(list->items));
    return std::move(list->resource_version);
  }

  // One watch connection starting after `resource_version`, with bookmarks. Returns success when
  // the server ends it in an orderly way or the handler does, kGone when the version is too old.
  // WatchObjects (gate/seams/watch.h) resumes and lists again as needed.
  virtual Result<void> Watch(const KubeResource& resource, const std::string& ns,
                             const KubeSelector& selector, const std::string& resource_version,
                             const KubeEventHandler& handler, const Deadline& deadline) = 0;

  virtual Result<Json> Create(const KubeResource& resource, const std::string& ns,
                              const Json& object, const Deadline& deadline) = 0;

  // JSON merge patch (RFC 7396). With metadata.resourceVersion in the patch a lost race is
  // kConflict.
  virtual Result<Json> MergePatch(const KubeRef& ref, const Json& patch,
                                  KubeSubresource subresource, const Deadline& deadline) = 0;

  // Server-side apply; `force` takes fields over from other managers.
  enum class Force { kNo, kYes };
  virtual Result<Json> Apply(const KubeRef& ref, const Json& object,
                             const std::string& field_manager, Force force,
                             KubeSubresource subresource, const Deadline& deadline) = 0;

  // Background propagation. Deleting what is not there is kNotFound.
  virtual Result<void> Delete(const KubeRef& ref, const Deadline& deadline) = 0;
};

}  // namespace gate
