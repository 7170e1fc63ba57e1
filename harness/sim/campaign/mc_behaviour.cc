#include "harness/sim/campaign/mc_behaviour.h"

#include <fmt/format.h>

#include <array>

namespace drill::sim {
namespace {

using gate::Json;

struct Answer {
  McAnswer answer;
  std::string_view name;
  std::string_view response;  // as in a rule of mock-mc, JSON
};

// Lies in time are larger than any skew of clocks that a campaign has.
constexpr std::array<Answer, kMcAnswers> kAnswers{{
    {McAnswer::kGood, "good", R"({"evidence": {"ok": true}})"},
    {McAnswer::kRefused, "refused",
     R"({"evidence": {"ok": false, "reasons": ["error rate 3 % above 1 %"]}})"},
    {McAnswer::kNone, "none", R"({"status": 404, "json": {"error": "no evidence"}})"},
    {McAnswer::kError500, "error-500", R"({"status": 500})"},
    {McAnswer::kError503, "error-503", R"({"status": 503})"},
    {McAnswer::kThrottled, "throttled", R"({"status": 429, "retryAfter": "3s"})"},
    {McAnswer::kUnauthorized, "unauthorized", R"({"status": 401})"},
    {McAnswer::kHangs, "hangs", R"({"fault": "hang"})"},
    {McAnswer::kReset, "reset",
     R"({"evidence": {"ok": true}, "fault": {"reset": {"afterBytes": 40}}})"},
    {McAnswer::kClosed, "closed",
     R"({"evidence": {"ok": true}, "fault": {"close": {"afterBytes": 300}}})"},
    {McAnswer::kSlow, "slow",
     R"({"evidence": {"ok": true}, "delay": {"uniform": ["500ms", "4s"]}})"},
    {McAnswer::kDripped, "dripped",
     R"({"evidence": {"ok": true}, "fault": {"drip": {"bytes": 100, "every": "100ms"}}})"},
    {McAnswer::kWrongKey, "wrong-key", R"({"evidence": {"ok": true, "wrongKey": "rogue"}})"},
    {McAnswer::kUnknownKey, "unknown-key",
     R"({"evidence": {"ok": true, "unknownKeyId": "nobody"}})"},
    {McAnswer::kUnsigned, "unsigned", R"({"evidence": {"ok": true, "noSignature": true}})"},
    {McAnswer::kTampered, "tampered", R"({"evidence": {"ok": true, "tamper": true}})"},
    {McAnswer::kOtherRelease, "other-release",
     R"({"evidence": {"ok": true, "release": "shop-0.9.0"}})"},
    {McAnswer::kOtherStage, "other-stage", R"({"evidence": {"ok": true, "stage": "7"}})"},
    {McAnswer::kOtherEnvironment, "other-environment",
     R"({"evidence": {"ok": true, "environment": "production"}})"},
    {McAnswer::kExpired, "expired", R"({"evidence": {"ok": true, "expiresIn": "-2m"}})"},
    {McAnswer::kOld, "old", R"({"evidence": {"ok": true, "issuedAt": "-20m", "expiresIn": "5m"}})"},
    {McAnswer::kReplayed, "replayed",
     R"({"evidence": {"ok": true, "nonce": "cmVwbGF5ZWQtbm9uY2U"}})"},
    {McAnswer::kTruncated, "truncated",
     R"({"evidence": {"ok": true}, "malformed": "json-truncated"})"},
    {McAnswer::kGarbage, "garbage", R"({"malformed": "json-garbage"})"},
    {McAnswer::kHtml, "html", R"({"malformed": "html"})"},
    {McAnswer::kDuplicateKeys, "duplicate-keys",
     R"({"evidence": {"ok": true}, "malformed": "duplicate-keys"})"},
    {McAnswer::kNotUtf8, "not-utf8", R"({"evidence": {"ok": true}, "malformed": "not-utf8"})"},
}};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kAnswers.size(); ++i) {
    if (kAnswers[i].answer != static_cast<McAnswer>(i)) return false;
  }
  return true;
}
static_assert(InOrder());

const Answer& EntryOf(McAnswer answer) { return kAnswers.at(static_cast<std::size_t>(answer)); }

}  // namespace

std::string_view NameOf(McAnswer answer) { return EntryOf(answer).name; }

Json McRules(const std::string& release, std::span<const McStage> stages) {
  Json rules = Json::array();
  for (const McStage& stage : stages) {
    Json sequence = Json::array();
    for (const McTurn& turn : stage.turns) {
      Json item = Json::parse(EntryOf(turn.answer).response);
      if (turn.times > 1) item["times"] = turn.times;
      sequence.push_back(std::move(item));
    }
    rules.push_back({{"id", "stage-" + stage.stage},
                     {"match", {{"release", release}, {"stage", stage.stage}}},
                     {"sequence", std::move(sequence)}});
  }
  return rules;
}

std::string Describe(const McStage& stage) {
  std::string text;
  for (const McTurn& turn : stage.turns) {
    const bool last = &turn == &stage.turns.back();
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", NameOf(turn.answer),
                        last ? "" : fmt::format(" {}x", turn.times));
  }
  return stage.stage + ": " + text;
}

}  // namespace drill::sim
