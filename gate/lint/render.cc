#include "gate/lint/render.h"

#include <fmt/format.h>

#include "gate/base/strict_json.h"

namespace gate::lint {
namespace {

std::string Counted(int count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string Dump(const Json& json) { return DumpJson(json, 2); }

// A path as a URI reference (RFC 3986); absolute ones become file URIs.
std::string FileUri(const std::string& path) {
  constexpr std::string_view kPlain = "-._~/";
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      uri += c;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

Json SarifRule(const RuleInfo& info, const std::string& docs_url) {
  const std::string help = docs_url.empty() ? fmt::format("urn:rollout-gate:lint:{}", info.id)
                                            : fmt::format("{}#{}", docs_url, info.id);
  return {{"id", info.id},
          {"shortDescription", {{"text", info.summary}}},
          {"help", {{"text", fmt::format("{} See docs/lint.md, {}.", info.summary, info.id)}}},
          {"helpUri", help},
          {"defaultConfiguration", {{"level", ToString(info.severity)}}}};
}

Json SarifResult(const Finding& finding) {
  const RuleInfo& info = InfoOf(finding.rule);
  const Json location = {
      {"physicalLocation",
       {{"artifactLocation", {{"uri", FileUri(finding.place.file)}}},
        {"region", {{"startLine", finding.place.line}, {"startColumn", finding.place.column}}}}}};
  return {{"ruleId", info.id},
          {"ruleIndex", static_cast<int>(finding.rule)},
          {"level", ToString(info.severity)},
          {"message",
           {{"text", fmt::format("{}: {}; {}", finding.subject, finding.message, finding.fix)}}},
          {"locations", Json::array({location})}};
}

}  // namespace

std::string RenderText(const Report& report) {
  std::string text;
  for (const Finding& each : report.findings) {
    const RuleInfo& info = InfoOf(each.rule);
    text += fmt::format("{}:{}:{}: {}: {}: {}; {} [{}]\n", each.place.file, each.place.line,
                        each.place.column, ToString(info.severity), each.subject, each.message,
                        each.fix, info.id);
  }
  return text + fmt::format("{}, {} in {} and {}", Counted(report.Count(Severity::kError), "error"),
                            Counted(report.Count(Severity::kWarning), "warning"),
                            Counted(report.rollouts, "Rollout"),
                            Counted(report.templates, "analysis template"));
}

std::string RenderJson(const Report& report) {
  Json findings = Json::array();
  for (const Finding& each : report.findings) {
    const RuleInfo& info = InfoOf(each.rule);
    findings.push_back({{"rule", info.id},
                        {"severity", ToString(info.severity)},
                        {"file", each.place.file},
                        {"line", each.place.line},
                        {"column", each.place.column},
                        {"object", each.subject},
                        {"message", each.message},
                        {"fix", each.fix}});
  }
  return Dump({{"errors", report.Count(Severity::kError)},
               {"warnings", report.Count(Severity::kWarning)},
               {"rollouts", report.rollouts},
               {"templates", report.templates},
               {"findings", std::move(findings)}});
}

std::string RenderSarif(const Report& report, const std::string& version,
                        const std::string& docs_url) {
  Json rules = Json::array();
  for (const RuleInfo& each : AllRules()) rules.push_back(SarifRule(each, docs_url));
  Json results = Json::array();
  for (const Finding& each : report.findings) results.push_back(SarifResult(each));
  const Json driver = {
      {"name", "rollout-gate lint"}, {"semanticVersion", version}, {"rules", std::move(rules)}};
  const Json run = {{"tool", {{"driver", driver}}}, {"results", std::move(results)}};
  return Dump({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
               {"version", "2.1.0"},
               {"runs", Json::array({run})}});
}

}  // namespace gate::lint
