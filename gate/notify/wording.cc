#include "gate/notify/wording.h"

#include <fmt/format.h>

#include <string_view>

#include "gate/base/check.h"

namespace gate::notify {
namespace {

constexpr std::size_t kLongestWord = 253;

// `text` if it can stand in a command as it is, else a placeholder: people copy commands.
std::string Word(const std::string& text, std::string_view placeholder) {
  constexpr std::string_view kHarmless =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  const bool harmless = !text.empty() && text.size() <= kLongestWord && text[0] != '-' &&
                        text.find_first_not_of(kHarmless) == std::string::npos;
  return harmless ? text : std::string(placeholder);
}

std::string Release(const Notice& notice) {
  return notice.release.empty() ? "a release without an id" : notice.release;
}

std::string Stage(const Notice& notice) {
  return notice.stage.empty() ? "the gate" : "stage " + notice.stage;
}

std::string Actor(const Notice& notice) { return notice.actor.empty() ? "somebody" : notice.actor; }

std::string ReasonInBrackets(const Notice& notice) {
  return notice.reason.empty() ? "" : fmt::format(" ({})", notice.reason);
}

std::string LateHeadline(const Notice& notice) {
  switch (notice.late) {
    case LateStep::kNone:
    case LateStep::kWarn:
      return fmt::format("Rollback is slow: {} is not gone yet", Release(notice));
    case LateStep::kFallback:
      return fmt::format("Rollback is late: {} is still there", Release(notice));
    case LateStep::kPage:
      return fmt::format("Rollback missed its deadline: {} is still there", Release(notice));
  }
  GATE_CHECK(false);
}

std::string OverrideHeadline(const Notice& notice) {
  if (notice.reason == "reject") {
    return fmt::format("Override: {} stopped {} at {}", Actor(notice), Release(notice),
                       Stage(notice));
  }
  return fmt::format("Override: {} let {} past {} without MC", Actor(notice), Release(notice),
                     Stage(notice));
}

std::string What(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::kPassed:
      return fmt::format("Gate passed: {} may go past {}", Release(notice), Stage(notice));
    case NoticeKind::kFailed:
      return fmt::format("Gate failed: {} must not go past {}", Release(notice), Stage(notice));
    case NoticeKind::kPaused:
      return fmt::format("Paused without a verdict: {} waits at {}", Release(notice),
                         Stage(notice));
    case NoticeKind::kResumable:
      return fmt::format("MC answers again: {} still waits at {}", Release(notice), Stage(notice));
    case NoticeKind::kWithdrawn:
      return fmt::format("Evidence withdrawn: {} is rolled back", Release(notice));
    case NoticeKind::kRolledBack:
      return fmt::format("Rolled back: {} is gone, the stable version serves", Release(notice));
    case NoticeKind::kRollbackLate:
      return LateHeadline(notice);
    case NoticeKind::kOverrideUsed:
      return OverrideHeadline(notice);
    case NoticeKind::kOverrideRejected:
      return fmt::format("Override ignored{}: {} at {}", ReasonInBrackets(notice), Release(notice),
                         Stage(notice));
    case NoticeKind::kBypassed:
      return fmt::format("Gate bypassed{}: {} was promoted without a verdict",
                         ReasonInBrackets(notice), Release(notice));
    case NoticeKind::kSecurityAlert:
      return fmt::format("Security alert{}: an answer in MC's name about {} is not trustworthy",
                         ReasonInBrackets(notice), Release(notice));
    case NoticeKind::kTest:
      return "TEST of rollout-gate's notifications: nothing happened";
  }
  GATE_CHECK(false);
}

std::string OverrideCommand(const Notice& notice, std::string_view verb) {
  return fmt::format(
      "rollout-gate override {} --namespace {} --rollout {} --release {} --stage {} --reason '...'",
      verb, Word(notice.ns, "NAMESPACE"), Word(notice.rollout, "ROLLOUT"),
      Word(notice.release, "RELEASE"), Word(notice.stage, "STAGE"));
}

std::string RolloutArgs(const Notice& notice) {
  return fmt::format("{} -n {}", Word(notice.rollout, "ROLLOUT"), Word(notice.ns, "NAMESPACE"));
}

std::string ResumeCommand(const Notice& notice) {
  return fmt::format("rollout-gate resume --namespace {} --rollout {}",
                     Word(notice.ns, "NAMESPACE"), Word(notice.rollout, "ROLLOUT"));
}

std::string LateNextStep(const Notice& notice) {
  const std::string look = "kubectl argo rollouts get rollout " + RolloutArgs(notice);
  if (notice.late != LateStep::kPage) {
    return "Look for what holds the stable pods up (quota, nodes, readiness): " + look;
  }
  return fmt::format(
      "Act now: users still meet the bad release. See what holds the stable pods up: {}  then "
      "take the release away yourself: kubectl argo rollouts undo {}",
      look, RolloutArgs(notice));
}

}  // namespace

std::string Headline(const Notice& notice) {
  std::string line = notice.environment.empty() ? "" : fmt::format("[{}] ", notice.environment);
  line += What(notice);
  if (!notice.rollout.empty()) line += fmt::format(" ({}/{})", notice.ns, notice.rollout);
  return line;
}

std::string NextStep(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::kPaused:
      return fmt::format(
          "It waits until a person acts; no timer promotes it. You will hear when MC answers "
          "again. Not able to wait? Whoever holds the override Role may decide: {}  or: {}",
          OverrideCommand(notice, "approve"), OverrideCommand(notice, "reject"));
    case NoticeKind::kResumable:
      return "Ask MC again (this does not skip the gate): " + ResumeCommand(notice);
    case NoticeKind::kRollbackLate:
      return LateNextStep(notice);
    case NoticeKind::kOverrideRejected:
      return fmt::format(
          "See what there is, and have it made anew or revoked: rollout-gate override list "
          "--namespace {} --rollout {}",
          Word(notice.ns, "NAMESPACE"), Word(notice.rollout, "ROLLOUT"));
    case NoticeKind::kBypassed:
      return fmt::format(
          "Decide whether the release may stay. To take it away: kubectl argo rollouts undo {}",
          RolloutArgs(notice));
    case NoticeKind::kSecurityAlert:
      return "Tell whoever is on call for security, and let nobody override this release before "
             "they have answered.";
    case NoticeKind::kFailed:
    case NoticeKind::kWithdrawn:
      return "Argo Rollouts takes it back by itself; you will hear when the stable version serves "
             "again. Fix the release, do not retry it.";
    case NoticeKind::kPassed:
    case NoticeKind::kRolledBack:
    case NoticeKind::kOverrideUsed:
    case NoticeKind::kTest:
      return "";
  }
  GATE_CHECK(false);
}

}  // namespace gate::notify
