#include "harness/sim/cluster/namespace_controller.h"

#include <chrono>

namespace drill::sim {

NamespaceController::NamespaceController(World& world, ApiServer& server,
                                         const ClusterOptions& options)
    : world_(world), server_(server) {
  server.Listen(Type::kNamespace, [this, &options](const Change& change) {
    if (change.type != gate::KubeEventType::kModified) return;
    if (change.before->meta.deleted || !change.after->meta.deleted) return;
    world_.After(options.collect.least, Rank::kController,
                 [this, ns = change.after->meta.name] { Empty(ns); });
  });
}

void NamespaceController::Empty(const std::string& ns) {
  constexpr std::string_view kWriter = "namespace-controller";
  const ObjectPtr stored = server_.Get(Type::kNamespace, "", ns);
  if (!stored || !stored->meta.deleted) return;
  bool left = false;
  for (std::size_t i = 0; i < kTypes; ++i) {
    const Type type = static_cast<Type>(i);
    if (InfoOf(type).scope == TypeInfo::Scope::kCluster) continue;
    for (const ObjectPtr& object : server_.List(type, ns)) {
      // What went meanwhile (by a foreground deletion) needs no deleting.
      if (!object->meta.deleted) {
        static_cast<void>(server_.Delete(kWriter, type, ns, object->meta.name));
      }
    }
    left = left || !server_.List(type, ns).empty();
  }
  if (!left) {
    server_.RemoveNamespace(ns);
    return;
  }
  // Pods take their grace period, others wait for finalizers.
  constexpr gate::Nanos kAgain = std::chrono::milliseconds(500);
  world_.After(kAgain, Rank::kController, [this, ns] { Empty(ns); });
}

}  // namespace drill::sim
