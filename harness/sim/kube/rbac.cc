#include "harness/sim/kube/rbac.h"

#include <fmt/format.h>

#include <algorithm>

namespace drill::sim {
namespace {

using gate::Json;

// True if the list at `key` holds one of the words, or, where allowed, "*".
bool Lists(const Json& rule, const char* key, std::string_view word) {
  const auto found = rule.find(key);
  if (found == rule.end() || !found->is_array()) return false;
  return std::any_of(found->begin(), found->end(), [&](const Json& entry) {
    return entry.is_string() && (entry == word || entry == "*");
  });
}

bool Allows(const Json& rule, const Access& access) {
  const TypeInfo& info = InfoOf(access.type);
  const std::string resource = access.part == Access::Part::kStatus
                                   ? info.resource.plural + "/status"
                                   : info.resource.plural;
  if (!Lists(rule, "apiGroups", info.resource.group) || !Lists(rule, "resources", resource) ||
      !Lists(rule, "verbs", access.verb)) {
    return false;
  }
  const auto names = rule.find("resourceNames");
  if (names == rule.end() || names->empty()) return true;
  return std::find(names->begin(), names->end(), access.name) != names->end();
}

bool Binds(const Object& binding, const Identity& who) {
  const Json& rest = RestOf(binding);
  const auto subjects = rest.find("subjects");
  if (subjects == rest.end() || !subjects->is_array()) return false;
  return std::any_of(subjects->begin(), subjects->end(), [&](const Json& subject) {
    if (who.account.empty()) {
      return gate::JsonString(subject, "/kind") == "User" &&
             gate::JsonString(subject, "/name") == who.user;
    }
    return gate::JsonString(subject, "/kind") == "ServiceAccount" &&
           gate::JsonString(subject, "/name") == who.account &&
           gate::JsonString(subject, "/namespace") == who.ns;
  });
}

bool RoleAllows(const ApiServer& server, const Object& binding, const Access& access) {
  const Json& rest = RestOf(binding);
  if (gate::JsonString(rest, "/roleRef/kind") != "Role") return false;
  const ObjectPtr role =
      server.Get(Type::kRole, binding.meta.ns, gate::JsonString(rest, "/roleRef/name"));
  if (!role) return false;
  const auto rules = RestOf(*role).find("rules");
  if (rules == RestOf(*role).end() || !rules->is_array()) return false;
  return std::any_of(rules->begin(), rules->end(),
                     [&](const Json& rule) { return Allows(rule, access); });
}

}  // namespace

std::string UserName(const Identity& who) {
  if (who.IsAdministrator()) return "kubernetes-admin";
  if (who.account.empty()) return who.user;
  return fmt::format("system:serviceaccount:{}:{}", who.ns, who.account);
}

gate::Result<void> Authorize(const ApiServer& server, const Identity& who, const Access& access) {
  if (who.IsAdministrator()) return {};
  if (!access.ns.empty()) {
    for (const ObjectPtr& binding : server.List(Type::kRoleBinding, access.ns)) {
      if (Binds(*binding, who) && RoleAllows(server, *binding, access)) return {};
    }
  }
  const TypeInfo& info = InfoOf(access.type);
  return gate::Error{gate::ErrorCode::kPermissionDenied,
                     fmt::format("{} \"{}\" is forbidden: User \"{}\" cannot {} resource "
                                 "\"{}\" in API group \"{}\" in the namespace \"{}\"",
                                 info.resource.plural, access.name, UserName(who), access.verb,
                                 info.resource.plural, info.resource.group, access.ns)};
}

}  // namespace drill::sim
