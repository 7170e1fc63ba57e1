#include "gate/cli/override_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

namespace gate::cli {
namespace {

std::string State(const decide::Override& one, WallTime now) {
  if (one.ExpiresAt() <= now) return "expired";
  return FormatDuration(std::chrono::ceil<std::chrono::seconds>(one.ExpiresAt() - now)) + " left";
}

std::string Decision(const decide::Override& one) {
  return std::string(decide::ToString(one.decision)) + (one.over_refusal ? " over refusal" : "");
}

using Row = std::vector<std::string>;

std::vector<std::string> Aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      line += fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    lines.push_back(line + row.back());
  }
  return lines;
}

}  // namespace

Json ToJson(const decide::Override& one, WallTime now) {
  return {{"name", one.name},
          {"uid", one.uid},
          {"namespace", one.subject.ns},
          {"rollout", one.subject.rollout},
          {"releaseId", one.subject.release_id},
          {"stage", one.subject.stage},
          {"podHash", one.subject.pod_hash},
          {"decision", decide::ToString(one.decision)},
          {"overRefusal", one.over_refusal},
          {"actor", one.actor},
          {"reason", one.reason},
          {"createdAt", FormatRfc3339(one.created, 0)},
          {"expiresAt", FormatRfc3339(one.ExpiresAt(), 0)},
          {"expired", one.ExpiresAt() <= now}};
}

Json ToJson(const decide::IgnoredOverride& malformed) {
  return {{"name", malformed.name},
          {"uid", malformed.uid},
          {"actor", malformed.actor},
          {"malformed", malformed.detail}};
}

std::string Sentence(const decide::Override& one, WallTime now) {
  const decide::OverrideSubject& subject = one.subject;
  return fmt::format("{} {}s release {} at stage {} of {}/{}{}, until {} ({}): {} [{}]", one.actor,
                     decide::ToString(one.decision), subject.release_id, subject.stage, subject.ns,
                     subject.rollout, one.over_refusal ? " also against a refusal" : "",
                     FormatRfc3339(one.ExpiresAt(), 0), State(one, now), one.reason, one.name);
}

std::vector<std::string> Table(const decide::FoundOverrides& found, WallTime now) {
  std::vector<Row> rows = {
      {"NAME", "ROLLOUT", "RELEASE", "STAGE", "DECISION", "ACTOR", "STATE", "REASON"}};
  for (const decide::Override& one : found.readable) {
    rows.push_back({one.name, one.subject.rollout, one.subject.release_id, one.subject.stage,
                    Decision(one), one.actor, State(one, now), one.reason});
  }
  for (const decide::IgnoredOverride& one : found.malformed) {
    rows.push_back({one.name, "-", "-", "-", one.decision, one.actor, "malformed", one.detail});
  }
  return Aligned(rows);
}

}  // namespace gate::cli
