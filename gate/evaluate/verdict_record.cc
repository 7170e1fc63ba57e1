#include "gate/evaluate/verdict_record.h"

#include <fmt/format.h>

#include "gate/base/encoding.h"

namespace gate::evaluate {
namespace {

constexpr std::size_t kLongestField = 253;  // of what the caller passed in
constexpr std::size_t kLongestMessage = 1024;

std::string Clip(const std::string& text) { return Truncate(text, kLongestField); }

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
  return {{"kind", "verdict"},
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
}

Json VerdictAnnotations(const Question& question, const Evaluation& evaluation,
                        const RunContext& context) {
  const decide::Verdict& verdict = evaluation.verdict;
  return {{"verdict", decide::ToString(verdict.outcome())},
          {"reason", evidence::ToString(verdict.reason())},
          {"message", Truncate(verdict.message(), kLongestMessage)},
          {"release-id", Clip(question.release_id)},
          {"stage", Clip(question.stage)},
          {"dry-run", context.mode == Mode::kDryRun ? "true" : "false"},
          {"decided-at", FormatRfc3339(context.decided_at, 6)},
          {"trace-id", context.trace.trace_id}};
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
