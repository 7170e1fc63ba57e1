#include <algorithm>
#include <utility>

#include "gate/yaml/strict_yaml.h"
#include "reports/attest/approval.h"
#include "reports/attest/bundle.h"
#include "reports/attest/role.h"

namespace reports {
namespace {

using gate::Result;
using gate::yaml::MapReader;
using gate::yaml::Mistakes;

void ReadTime(MapReader& map, std::string_view key, std::optional<gate::WallTime>& time) {
  std::string text;
  if (!map.Read(key, text)) return;
  const auto parsed = gate::ParseRfc3339(text);
  if (!parsed) return map.Complain(key, "is no RFC 3339 time");
  time = *parsed;
}

std::optional<Approver> ReadApprover(const gate::yaml::Node& node, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  std::string role;
  std::string name;
  std::string pem;
  std::vector<std::string> rows;
  std::optional<gate::WallTime> not_before;
  std::optional<gate::WallTime> not_after;
  map.Read("name", name);
  map.Read("rows", rows);
  ReadTime(map, "notBefore", not_before);
  ReadTime(map, "notAfter", not_after);
  map.Require("role");
  map.Require("publicKey");
  const bool has_role = map.Read("role", role);
  const bool has_key = map.Read("publicKey", pem);
  if (has_role && !IsRole(role)) map.Complain("role", kRoleRule);
  std::optional<Approver> approver;
  if (has_key) {
    auto key = VerifyingKey::FromPem(pem);
    if (!key) map.Complain("publicKey", key.error().message);
    if (key) {
      approver = Approver{std::move(role), std::move(name), *std::move(key),
                          std::move(rows), not_before,      not_after};
    }
  }
  map.Finish();
  return approver;
}

}  // namespace

Result<Approvers> Approvers::Parse(std::string_view yaml, std::string_view file) {
  const auto document = gate::yaml::Document::Parse(yaml, file);
  if (!document) return document.error();
  Mistakes mistakes;
  Approvers approvers;
  MapReader map(document->root(), mistakes);
  std::string version;
  map.Require("apiVersion");
  if (map.Read("apiVersion", version) && version != "gate-drill/approvers/v1") {
    map.Complain("apiVersion", "is not gate-drill/approvers/v1");
  }
  if (const auto list = map.Require("approvers")) {
    for (const gate::yaml::Node& node : list->Items(mistakes)) {
      if (auto approver = ReadApprover(node, mistakes)) {
        approvers.approvers_.push_back(*std::move(approver));
      }
    }
  }
  map.Finish();
  if (!mistakes.empty()) return mistakes.ToError();
  return approvers;
}

}  // namespace reports
