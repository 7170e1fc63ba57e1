#include "gate/override/object.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"
#include "gate/evidence/text.h"
#include "gate/seams/kube_api.h"

namespace gate::override {
namespace {

using decide::OverrideDecision;

constexpr std::size_t kLongestReleaseId = 253;
constexpr std::size_t kLongestWord = 63;

// Of well-formed UTF-8.
std::size_t CountCharacters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6U) != 2; }));
}

struct Bounds {
  std::size_t least;
  std::size_t most;
};

Result<void> CheckText(std::string_view field, const std::string& text, Bounds bounds) {
  if (!IsValidUtf8(text) || evidence::HasControlCharacters(text)) {
    return InvalidArgument(fmt::format("{} holds control characters or is no UTF-8", field));
  }
  const std::size_t length = CountCharacters(text);
  if (length >= bounds.least && length <= bounds.most) return {};
  return InvalidArgument(fmt::format("{} must have {} to {} characters, not {}", field,
                                     bounds.least, bounds.most, length));
}

Result<void> CheckWord(std::string_view field, const std::string& text, std::string_view others) {
  const bool good = std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
  if (good) return CheckText(field, text, {1, kLongestWord});
  return InvalidArgument(fmt::format("{} may hold a-z 0-9 {} only", field, others));
}

std::optional<OverrideDecision> DecisionFromString(std::string_view text) {
  if (text == "approve") return OverrideDecision::kApprove;
  if (text == "reject") return OverrideDecision::kReject;
  return std::nullopt;
}

// "<rollout>-<decision>-<digest of what makes it this one>"
std::string NameOf(const decide::Override& one) {
  const decide::OverrideSubject& subject = one.subject;
  const std::string identity =
      DumpJson({subject.release_id, subject.stage, subject.pod_hash, decide::ToString(one.decision),
                one.over_refusal, one.actor});
  constexpr std::size_t kDigits = 16;
  return fmt::format("{}-{}-{}", subject.rollout, decide::ToString(one.decision),
                     Sha256Hex(identity).substr(0, kDigits));
}

std::int64_t Seconds(Nanos duration) { return duration / std::chrono::seconds(1); }

Result<decide::Override> ReadOverride(const Json& object) {
  decide::Override one;
  one.name = JsonString(object, "/metadata/name");
  one.uid = JsonString(object, "/metadata/uid");
  one.subject = {.ns = JsonString(object, "/metadata/namespace"),
                 .rollout = JsonString(object, "/spec/rollout"),
                 .release_id = JsonString(object, "/spec/releaseId"),
                 .stage = JsonString(object, "/spec/stage"),
                 .pod_hash = JsonString(object, "/spec/podHash")};
  one.over_refusal = JsonIsTrue(object, "/spec/overRefusal");
  one.actor = JsonString(object, "/spec/actor");
  one.reason = JsonString(object, "/spec/reason");
  const auto decision = DecisionFromString(JsonString(object, "/spec/decision"));
  if (!decision) return InvalidArgument("decision is neither approve nor reject");
  one.decision = *decision;
  const auto created = ParseRfc3339(JsonString(object, "/metadata/creationTimestamp"));
  if (!created) return InvalidArgument("its time of creation cannot be read");
  one.created = *created;
  const std::int64_t seconds = JsonInt(object, "/spec/validForSeconds");
  // Compared as seconds: as nanoseconds a large number would overflow.
  if (seconds < Seconds(kShortestValidity) || seconds > Seconds(kLongestValidity)) {
    return InvalidArgument("validForSeconds must be from 60 to 86400");
  }
  one.valid_for = std::chrono::seconds(seconds);
  return one;
}

}  // namespace

Result<void> CheckOverride(const decide::Override& one) {
  const decide::OverrideSubject& subject = one.subject;
  constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const auto& checked : {CheckWord("rollout", subject.rollout, "-."),
                              CheckText("releaseId", subject.release_id, {1, kLongestReleaseId}),
                              CheckWord("stage", subject.stage, std::string(kUpper) + "._-"),
                              CheckWord("podHash", subject.pod_hash, ""),
                              CheckText("reason", one.reason, {kShortestReason, kLongestReason}),
                              CheckText("actor", one.actor, {1, kLongestActor})}) {
    if (!checked) return checked;
  }
  if (one.valid_for < kShortestValidity || one.valid_for > kLongestValidity) {
    return InvalidArgument(fmt::format(
        "an override is valid for {} to {}, not for {}", FormatDuration(kShortestValidity),
        FormatDuration(kLongestValidity), FormatDuration(one.valid_for)));
  }
  if (one.over_refusal && one.decision != OverrideDecision::kApprove) {
    return InvalidArgument("overRefusal goes with approve only");
  }
  return {};
}

Json OverrideObject(const decide::Override& one) {
  const decide::OverrideSubject& subject = one.subject;
  Json spec = {{"rollout", subject.rollout},
               {"releaseId", subject.release_id},
               {"stage", subject.stage},
               {"podHash", subject.pod_hash},
               {"decision", decide::ToString(one.decision)},
               {"actor", one.actor},
               {"reason", one.reason},
               {"validForSeconds", Seconds(one.valid_for)}};
  if (one.over_refusal) spec["overRefusal"] = true;
  return {{"apiVersion", kube::kGateOverrides.ApiVersion()},
          {"kind", "GateOverride"},
          {"metadata",
           {{"name", NameOf(one)},
            {"namespace", subject.ns},
            {"labels", {{kube::kRolloutLabel, subject.rollout}}}}},
          {"spec", std::move(spec)}};
}

Result<decide::Override> ParseOverride(const Json& object) {
  auto one = ReadOverride(object);
  if (one) {
    if (auto checked = CheckOverride(*one); !checked) one = std::move(checked).error();
  }
  if (one) return one;
  return Error{ErrorCode::kProtocol, one.error().message};
}

}  // namespace gate::override
