#pragma once

#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "harness/sim/kube/api_server.h"

namespace drill::sim {

// Who calls the API: a ServiceAccount, another user, or the cluster's administrator, who may do
// everything.
struct Identity {
  std::string ns;       // of the ServiceAccount
  std::string account;  // its name; empty: none
  std::string user;     // without ServiceAccount; empty: the administrator

  bool IsAdministrator() const { return account.empty() && user.empty(); }
};

// As the API server calls them: "system:serviceaccount:shop:gate", "ann", "kubernetes-admin".
std::string UserName(const Identity& who);

struct Access {
  std::string_view verb;  // get, list, watch, create, update, patch, delete
  Type type = Type::kPod;
  enum class Part { kMain, kStatus } part = Part::kMain;
  std::string_view ns;
  std::string_view name;  // empty for list, watch and create
};

// Success if a Role that is bound to the identity in the namespace allows it (RBAC knows no
// denial); else kPermissionDenied, in the API server's words. ClusterRoles are not modelled: the
// gate has none.
gate::Result<void> Authorize(const ApiServer& server, const Identity& who, const Access& access);

}  // namespace drill::sim
