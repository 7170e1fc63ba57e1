#include "gate/notify/notice.h"

#include <fmt/format.h>

#include <utility>

#include "gate/base/check.h"
#include "gate/base/digest.h"
#include "gate/base/encoding.h"

namespace gate::notify {
namespace {

constexpr std::size_t kLongestKey = 255;  // PagerDuty's limit for a dedup_key
constexpr std::size_t kLongestField = 253;
constexpr std::size_t kLongestMessage = 1024;
constexpr std::size_t kMostMcReasons = 10;
constexpr std::size_t kLongestMcReason = 300;

std::string Key(std::string key) {
  if (key.size() <= kLongestKey) return key;
  const std::string digest = Sha256Hex(key);
  // The cut may leave half a character; keys are compared and logged, never shown to people.
  key.resize(kLongestKey - digest.size() - 1);
  while (!IsValidUtf8(key) && !key.empty()) key.pop_back();
  return key + "/" + digest;
}

std::optional<LateStep> LateStepFromString(std::string_view name) {
  for (const LateStep step :
       {LateStep::kNone, LateStep::kWarn, LateStep::kFallback, LateStep::kPage}) {
    if (name == ToString(step)) return step;
  }
  return std::nullopt;
}

// The members that are plain texts, in one place for writing, reading and bounding.
struct TextMember {
  const char* name;
  std::string Notice::*field;
  std::size_t limit = kLongestField;
};
constexpr std::array kTextMembers = {
    TextMember{"fact", &Notice::fact},
    TextMember{"release", &Notice::release},
    TextMember{"environment", &Notice::environment},
    TextMember{"stage", &Notice::stage},
    TextMember{"namespace", &Notice::ns},
    TextMember{"rollout", &Notice::rollout},
    TextMember{"podHash", &Notice::pod_hash},
    TextMember{"reason", &Notice::reason},
    TextMember{"message", &Notice::message, kLongestMessage},
    TextMember{"evidenceDigest", &Notice::evidence_digest},
    TextMember{"traceId", &Notice::trace_id},
    TextMember{"actor", &Notice::actor},
};

Error Bad(std::string_view member, std::string_view what) {
  return Error{ErrorCode::kProtocol, fmt::format("notice: {} {}", member, what)};
}

Result<std::optional<std::string>> ReadText(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return std::optional<std::string>();
  if (!found->is_string()) return Bad(name, "is not a text");
  return std::optional<std::string>(found->get<std::string>());
}

Result<void> ReadTexts(const Json& json, Notice& notice) {
  for (const TextMember& member : kTextMembers) {
    auto text = ReadText(json, member.name);
    if (!text) return std::move(text).error();
    if (*text) notice.*member.field = **std::move(text);
  }
  if (notice.fact.empty()) return Bad("fact", "is missing");
  return {};
}

Result<void> ReadNames(const Json& json, Notice& notice) {
  auto kind = ReadText(json, "kind");
  if (!kind) return std::move(kind).error();
  const auto known = NoticeKindFromString((*kind).value_or(""));
  if (!known) return Bad("kind", "is missing or unknown");
  notice.kind = *known;
  auto late = ReadText(json, "late");
  if (!late) return std::move(late).error();
  if (*late) {
    const auto step = LateStepFromString(**late);
    if (!step) return Bad("late", "is unknown");
    notice.late = *step;
  }
  return {};
}

Result<void> ReadTimes(const Json& json, Notice& notice) {
  auto happened = ReadText(json, "happenedAt");
  if (!happened) return std::move(happened).error();
  auto time = ParseRfc3339((*happened).value_or(""));
  if (!time) return Bad("happenedAt", "is missing or no time");
  notice.happened_at = *time;
  auto took = ReadText(json, "took");
  if (!took) return std::move(took).error();
  if (*took) {
    auto duration = ParseDuration(**took);
    if (!duration || *duration < Nanos(0)) return Bad("took", "is no duration");
    notice.took = *duration;
  }
  return {};
}

Result<void> ReadMcReasons(const Json& json, Notice& notice) {
  const auto found = json.find("mcReasons");
  if (found == json.end()) return {};
  if (!found->is_array()) return Bad("mcReasons", "is not a list");
  for (const Json& reason : *found) {
    if (!reason.is_string()) return Bad("mcReasons", "holds something else than texts");
    notice.mc_reasons.push_back(reason.get<std::string>());
  }
  return {};
}

}  // namespace

std::string_view ToString(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kPassed:
      return "passed";
    case NoticeKind::kFailed:
      return "failed";
    case NoticeKind::kPaused:
      return "paused";
    case NoticeKind::kResumable:
      return "resumable";
    case NoticeKind::kWithdrawn:
      return "withdrawn";
    case NoticeKind::kRolledBack:
      return "rolled-back";
    case NoticeKind::kRollbackLate:
      return "rollback-late";
    case NoticeKind::kOverrideUsed:
      return "override-used";
    case NoticeKind::kOverrideRejected:
      return "override-rejected";
    case NoticeKind::kBypassed:
      return "bypassed";
    case NoticeKind::kSecurityAlert:
      return "security-alert";
    case NoticeKind::kTest:
      return "test";
  }
  GATE_CHECK(false);
}

std::optional<NoticeKind> NoticeKindFromString(std::string_view name) {
  for (const NoticeKind kind : kAllNoticeKinds) {
    if (name == ToString(kind)) return kind;
  }
  return std::nullopt;
}

std::string_view ToString(LateStep step) {
  switch (step) {
    case LateStep::kNone:
      return "none";
    case LateStep::kWarn:
      return "warn";
    case LateStep::kFallback:
      return "fallback";
    case LateStep::kPage:
      return "page";
  }
  GATE_CHECK(false);
}

std::string_view ToString(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
    case Severity::kCritical:
      return "critical";
  }
  GATE_CHECK(false);
}

Severity SeverityOf(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::kPassed:
    case NoticeKind::kResumable:
    case NoticeKind::kRolledBack:
    case NoticeKind::kTest:
      return Severity::kInfo;
    case NoticeKind::kPaused:
    case NoticeKind::kOverrideUsed:
    case NoticeKind::kOverrideRejected:
      return Severity::kWarning;
    case NoticeKind::kFailed:
    case NoticeKind::kWithdrawn:
      return Severity::kError;
    case NoticeKind::kRollbackLate:
      if (notice.late == LateStep::kPage) return Severity::kCritical;
      return notice.late == LateStep::kFallback ? Severity::kError : Severity::kWarning;
    case NoticeKind::kBypassed:
    case NoticeKind::kSecurityAlert:
      return Severity::kCritical;
  }
  GATE_CHECK(false);
}

std::string DedupKey(const Notice& notice) {
  if (notice.late == LateStep::kNone) {
    return Key(fmt::format("{}/{}", ToString(notice.kind), notice.fact));
  }
  return Key(fmt::format("{}/{}/{}", ToString(notice.kind), ToString(notice.late), notice.fact));
}

std::string IncidentKey(const Notice& notice, std::string_view aspect) {
  std::string key = notice.kind == NoticeKind::kTest
                        ? "rollout-gate/test/" + notice.fact
                        : fmt::format("rollout-gate/{}/{}/{}/{}", notice.environment, notice.ns,
                                      notice.rollout, notice.pod_hash);
  if (!aspect.empty()) key += "/" + std::string(aspect);
  return Key(std::move(key));
}

Notice Bounded(Notice notice) {
  for (const TextMember& member : kTextMembers) {
    std::string& text = notice.*member.field;
    // A cut fact could be another's: it is what makes the notice unique.
    if (&text == &notice.fact) {
      text = Key(std::move(text));
    } else {
      text = Truncate(text, member.limit);
    }
  }
  if (notice.mc_reasons.size() > kMostMcReasons) {
    const std::size_t more = notice.mc_reasons.size() - (kMostMcReasons - 1);
    notice.mc_reasons.resize(kMostMcReasons - 1);
    notice.mc_reasons.push_back(fmt::format("and {} more", more));
  }
  for (std::string& reason : notice.mc_reasons) reason = Truncate(reason, kLongestMcReason);
  return notice;
}

Json ToJson(const Notice& notice) {
  Json json = {{"kind", ToString(notice.kind)},
               {"happenedAt", FormatRfc3339(notice.happened_at, 9)}};
  if (notice.late != LateStep::kNone) json["late"] = ToString(notice.late);
  for (const TextMember& member : kTextMembers) {
    const std::string& text = notice.*member.field;
    if (!text.empty()) json[member.name] = text;
  }
  if (!notice.mc_reasons.empty()) json["mcReasons"] = notice.mc_reasons;
  if (notice.took) json["took"] = FormatDuration(*notice.took);
  return json;
}

Result<Notice> NoticeFromJson(const Json& json) {
  if (!json.is_object()) return Bad("the whole", "is not an object");
  Notice notice;
  for (const auto read : {&ReadNames, &ReadTexts, &ReadTimes, &ReadMcReasons}) {
    auto done = read(json, notice);
    if (!done) return std::move(done).error();
  }
  return notice;
}

}  // namespace gate::notify
