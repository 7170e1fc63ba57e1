#include "gate/evaluate/verdict_record.h"

#include <fmt/format.h>

#include "gate/base/encoding.h"

namespace gate::evaluate {
namespace {

constexpr std::size_t kLongestField = 253;  // of what the caller passed in
constexpr std::size_t kLongestMessage = 1024;

constexpr std::size_t kMostIgnoredOverrides = 8;

std::string Clip(const std::string& text) { return Truncate(text, kLongestField); }

Json OverridesOf(const decide::Overruling& overruling) {
  Json by = Json::array();
  for (const decide::Override& one : overruling.by) {
    by.push_back({{"actor", one.actor},
                  {"reason", one.reason},
                  {"name", one.name},
                  {"uid", one.uid},
                  {"createdAt", FormatRfc3339(one.created, 0)}});
  }
  return {{"decision", decide::ToString(overruling.decision)},
          {"by", std::move(by)},
          {"insteadOf",
           {{"verdict", decide::ToString(overruling.instead_of)},
            {"reason", evidence::ToString(overruling.instead_reason)},
            {"message", Truncate(overruling.instead_message, kLongestMessage)}}}};
}

Json IgnoredOf(const std::vector<decide::IgnoredOverride>& overrides) {
  Json ignored = Json::array();
  for (const decide::IgnoredOverride& one : overrides) {
    if (ignored.size() == kMostIgnoredOverrides) break;
    ignored.push_back({{"name", Clip(one.name)},
                       {"uid", Clip(one.uid)},
                       {"decision", Clip(one.decision)},
                       {"actor", Clip(one.actor)},
                       {"why", decide::ToString(one.flaw)},
                       {"detail", Clip(one.detail)}});
  }
  return ignored;
}

// "ann, bob"
std::string Joined(const std::vector<decide::Override>& overrides,
                   std::string decide::Override::*field, std::string_view separator) {
  std::string text;
  for (const decide::Override& one : overrides) {
    text += (text.empty() ? "" : std::string(separator)) + one.*field;
  }
  return text;
}

}  // namespace

RunContext BeginRun(const Config& config, Mode mode, Rng& rng) {
  RunContext context;
  context.id = HexEncode(rng.Bytes(16));
  context.environment = config.environment;
  context.trace = NewTrace(rng);
  context.mode = mode;
  return context;
}

Json VerdictRecord(const Question& question, const Evaluation& evaluation,
                   const RunContext& context) {
  const decide::Verdict& verdict = evaluation.verdict;
  const auto& evidence = verdict.evidence();
  Json record = {{"kind", "verdict"},
                 {"id", context.id},
                 {"time", FormatRfc3339(context.decided_at, 6)},
                 {"release", Clip(question.release_id)},
                 {"stage", Clip(question.stage)},
                 {"environment", Clip(context.environment)},
                 {"namespace", Clip(question.ns)},
                 {"rollout", Clip(question.rollout)},
                 {"podHash", Clip(question.pod_hash)},
                 {"analysisRun", context.analysis_run},
                 {"verdict", decide::ToString(verdict.outcome())},
                 {"reason", evidence::ToString(verdict.reason())},
                 {"message", Truncate(verdict.message(), kLongestMessage)},
                 {"mcReasons", evidence ? Json(evidence->reasons) : Json::array()},
                 {"evidenceDigest", evidence ? "sha256:" + evidence->digest : ""},
                 {"keyId", evidence ? evidence->key_id : ""},
                 {"securityAlert", verdict.security_alert()},
                 {"dryRun", context.mode == Mode::kDryRun},
                 {"attempts", evaluation.attempts},
                 {"traceId", context.trace.trace_id},
                 {"durationMs", context.took / std::chrono::milliseconds(1)}};
  if (verdict.overruling()) record["override"] = OverridesOf(*verdict.overruling());
  if (!evaluation.ignored_overrides.empty()) {
    record["overridesIgnored"] = IgnoredOf(evaluation.ignored_overrides);
  }
  return record;
}

Json VerdictAnnotations(const Question& question, const Evaluation& evaluation,
                        const RunContext& context) {
  const decide::Verdict& verdict = evaluation.verdict;
  Json annotations = {{"verdict", decide::ToString(verdict.outcome())},
                      {"reason", evidence::ToString(verdict.reason())},
                      {"message", Truncate(verdict.message(), kLongestMessage)},
                      {"release-id", Clip(question.release_id)},
                      {"stage", Clip(question.stage)},
                      {"dry-run", context.mode == Mode::kDryRun ? "true" : "false"},
                      {"decided-at", FormatRfc3339(context.decided_at, 6)},
                      {"trace-id", context.trace.trace_id}};
  if (const auto& overruling = verdict.overruling()) {
    annotations["override-actor"] = Joined(overruling->by, &decide::Override::actor, ", ");
    annotations["override-reason"] = Joined(overruling->by, &decide::Override::reason, "; ");
    annotations["override-object"] = Joined(overruling->by, &decide::Override::name, ", ");
    annotations["override-uid"] = Joined(overruling->by, &decide::Override::uid, ", ");
    annotations["override-instead-of"] =
        fmt::format("{} ({})", decide::ToString(overruling->instead_of),
                    evidence::ToString(overruling->instead_reason));
  }
  return annotations;
}

std::string VerdictSentence(const Question& question, const Evaluation& evaluation, Mode mode) {
  const decide::Verdict& verdict = evaluation.verdict;
  const auto saying = [&]() -> std::string_view {
    switch (verdict.outcome()) {
      case decide::Outcome::kPass:
        return "may go past";
      case decide::Outcome::kFail:
        return "must not go past";
      case decide::Outcome::kInconclusive:
        return "has no verdict at";
    }
    GATE_CHECK(false);
  }();
  return fmt::format("{}release \"{}\" {} stage \"{}\" ({}): {}",
                     mode == Mode::kDryRun ? "dry run: " : "", Clip(question.release_id), saying,
                     Clip(question.stage), evidence::ToString(verdict.reason()), verdict.message());
}

}  // namespace gate::evaluate
