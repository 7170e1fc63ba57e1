#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/base/time.h"

namespace gate::notify {

// What people are told of. The names (ToString) are stable: configuration, metrics and links use
// them.
enum class NoticeKind {
  kPassed,            // "passed": the release may go past the stage
  kFailed,            // "failed": it must not; Argo rolls it back
  kPaused,            // "paused": nobody can say; the rollout waits for a person, or for MC
  kResumable,         // "resumable": MC answers again; what is paused can be asked for anew
  kWithdrawn,         // "withdrawn": MC took its evidence back between the gates
  kRolledBack,        // "rolled-back": the stable version serves alone again
  kRollbackLate,      // "rollback-late": it should by now; Notice::late says how late it is
  kOverrideUsed,      // "override-used": a person decided in MC's place
  kOverrideRejected,  // "override-rejected": an override is invalid, foreign or expired
  kBypassed,          // "bypassed": a release went past a gate without a verdict
  kSecurityAlert,     // "security-alert": an answer in MC's name is not trustworthy
  kTest,              // "test": rollout-gate notify test
};
inline constexpr std::array kAllNoticeKinds = {
    NoticeKind::kPassed,       NoticeKind::kFailed,        NoticeKind::kPaused,
    NoticeKind::kResumable,    NoticeKind::kWithdrawn,     NoticeKind::kRolledBack,
    NoticeKind::kRollbackLate, NoticeKind::kOverrideUsed,  NoticeKind::kOverrideRejected,
    NoticeKind::kBypassed,     NoticeKind::kSecurityAlert, NoticeKind::kTest};

std::string_view ToString(NoticeKind kind);
std::optional<NoticeKind> NoticeKindFromString(std::string_view name);

// How far a rollback is behind: the steps of its watch.
enum class LateStep {
  kNone,
  kWarn,      // "warn": at 60 % of the deadline
  kFallback,  // "fallback": at 80 %, the fallback was started
  kPage,      // "page": the deadline has passed
};

std::string_view ToString(LateStep step);

enum class Severity { kInfo, kWarning, kError, kCritical };

std::string_view ToString(Severity severity);

// One thing that happened and that people are told of. Derived from durable facts: whoever looks at
// the same fact again, in another process too, makes an equal notice, and it is told once.
struct Notice {
  NoticeKind kind = NoticeKind::kTest;
  LateStep late = LateStep::kNone;  // of kRollbackLate only
  // Which fact this is about, unique among those of its kind and not empty: a verdict's
  // AnalysisRun with its reason (a record's id, if there is none), an object's uid with what
  // happened to it.
  std::string fact;

  std::string release;
  std::string environment;
  std::string stage;
  std::string ns;
  std::string rollout;
  std::string pod_hash;  // of the canary

  // A code. Of verdicts the reason of the record (docs/records.md); of an override `approve` or
  // `reject`; of a rejected one, or a bypass, what is wrong.
  std::string reason;
  std::string message;                  // a sentence for people
  std::vector<std::string> mc_reasons;  // from verified evidence only
  std::string evidence_digest;
  std::string trace_id;
  std::string actor;          // who did it, as the API server says
  std::optional<Nanos> took;  // the gate run, or the rollback; not negative
  WallTime happened_at;       // the fact's own time, not the time of noticing it

  bool operator==(const Notice&) const = default;
};

Severity SeverityOf(const Notice& notice);

// The same for the same fact, whoever derives it: "failed/<fact>", "rollback-late/page/<fact>".
// At most 255 bytes; what is longer ends in its SHA-256.
std::string DedupKey(const Notice& notice);

// What joins the beginning and the end of one story, one release on its way through one Rollout:
// "rollout-gate/<environment>/<namespace>/<rollout>/<pod hash>", and `aspect` if it is not empty,
// as one more part. At most 255 bytes, as DedupKey. A test's story is its own.
std::string IncidentKey(const Notice& notice, std::string_view aspect = {});

// The notice with every text bounded, so that its JSON is some 8 KiB at most, or 48 KiB if somebody
// fills it with control characters.
Notice Bounded(Notice notice);

// A JSON object without the members that are empty, and back. Reading checks the type of every
// member it knows and ignores others: during an update, notices of a newer version are read by an
// older one. kProtocol says what is wrong.
Json ToJson(const Notice& notice);
Result<Notice> NoticeFromJson(const Json& json);

}  // namespace gate::notify
