#include "gate/notify/slack_message.h"

#include <fmt/format.h>

#include <utility>

#include "gate/base/encoding.h"
#include "gate/notify/runbook.h"
#include "gate/notify/wording.h"

namespace gate::notify {
namespace {

// Slack counts characters; bytes are never fewer.
constexpr std::size_t kHeaderLimit = 150;
constexpr std::size_t kSectionLimit = 3000;
constexpr std::size_t kFieldLimit = 2000;
constexpr std::size_t kButtonLimit = 75;
constexpr std::size_t kButtonUrlLimit = 3000;
constexpr std::size_t kMostFields = 10;
constexpr std::size_t kFallbackLimit = 3000;  // of 40,000: it is what a phone shows
constexpr std::string_view kEllipsis = "…";

// The bytes of the character at the front of `text`; a stray byte counts as one.
std::size_t CharacterLength(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 &&
         (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U) {
    ++length;
  }
  return IsValidUtf8(text.substr(0, length)) ? length : 1;
}

bool StartsAMention(std::string_view text) {
  const std::string lower = LowerCase(text.substr(0, 9));
  return lower.starts_with("@channel") || lower.starts_with("@here") ||
         lower.starts_with("@everyone");
}

// How the character at the front of `rest` is written.
std::string Escaped(std::string_view rest, std::size_t length) {
  const char c = rest[0];
  if (c == '&') return "&amp;";
  if (c == '<') return "&lt;";
  if (c == '>') return "&gt;";
  if (c == '@' && StartsAMention(rest)) return "@\u200b";  // zero-width space
  if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) return " ";
  const std::string_view character = rest.substr(0, length);
  return IsValidUtf8(character) ? std::string(character) : "\ufffd";
}

Json PlainText(std::string_view text, std::size_t limit) {
  return {{"type", "plain_text"}, {"text", SlackText(text, limit)}, {"emoji", false}};
}

std::string_view Mark(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "🟢 ";
    case Severity::kWarning:
      return "🟡 ";
    case Severity::kError:
      return "🔴 ";
    case Severity::kCritical:
      return "🚨 ";
  }
  GATE_CHECK(false);
}

class Fields {
 public:
  void Add(std::string_view label, const std::string& value) {
    if (value.empty() || fields_.size() == kMostFields) return;
    const std::string title = fmt::format("*{}*\n", label);
    fields_.push_back({{"type", "mrkdwn"},
                       {"text", title + SlackText(value, kFieldLimit - title.size())},
                       {"verbatim", true}});
  }
  Json Take() && { return std::move(fields_); }

 private:
  Json fields_ = Json::array();
};

Json FactsOf(const Notice& notice) {
  Fields fields;
  fields.Add("Release", notice.release);
  fields.Add("Environment", notice.environment);
  fields.Add("Stage", notice.stage);
  if (!notice.rollout.empty()) fields.Add("Rollout", notice.ns + "/" + notice.rollout);
  fields.Add("Reason", notice.reason);
  if (notice.took) fields.Add("Time taken", FormatSeconds(*notice.took) + " s");
  fields.Add("By", notice.actor);
  fields.Add("Evidence", notice.evidence_digest);
  fields.Add("Trace id", notice.trace_id);
  fields.Add("Pod hash", notice.pod_hash);
  return std::move(fields).Take();
}

std::string McReasons(const Notice& notice) {
  if (notice.mc_reasons.empty()) return "";
  std::string text = "MC says:";
  for (const std::string& reason : notice.mc_reasons) text += "\n• " + reason;
  return text;
}

// Nothing for an empty text: Slack refuses empty sections.
void AddSection(Json& blocks, std::string_view text) {
  if (text.empty()) return;
  blocks.push_back({{"type", "section"}, {"text", PlainText(text, kSectionLimit)}});
}

void AddLinks(Json& blocks, const Notice& notice, std::string_view playbook_url) {
  Json buttons = Json::array();
  for (const RunbookLink& link : RunbookLinks(notice, playbook_url)) {
    if (link.url.size() > kButtonUrlLimit) continue;
    buttons.push_back(
        {{"type", "button"}, {"text", PlainText(link.text, kButtonLimit)}, {"url", link.url}});
  }
  if (!buttons.empty()) blocks.push_back({{"type", "actions"}, {"elements", std::move(buttons)}});
}

}  // namespace

std::string SlackText(std::string_view text, std::size_t limit) {
  std::string escaped;
  std::size_t fits = 0;  // up to here, an ellipsis still fits behind it
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = CharacterLength(rest);
    escaped += Escaped(rest, length);
    rest.remove_prefix(length);
    if (escaped.size() + kEllipsis.size() <= limit) fits = escaped.size();
    if (escaped.size() > limit) return escaped.substr(0, fits) + std::string(kEllipsis);
  }
  return escaped;
}

Json SlackMessage(const Notice& notice, std::string_view playbook_url) {
  const std::string headline = std::string(Mark(SeverityOf(notice))) + Headline(notice);
  Json blocks = Json::array();
  blocks.push_back({{"type", "header"}, {"text", PlainText(headline, kHeaderLimit)}});
  AddSection(blocks, notice.message);
  AddSection(blocks, McReasons(notice));
  if (Json facts = FactsOf(notice); !facts.empty()) {
    blocks.push_back({{"type", "section"}, {"fields", std::move(facts)}});
  }
  AddSection(blocks, NextStep(notice));
  AddLinks(blocks, notice, playbook_url);
  const std::string origin =
      fmt::format("rollout-gate, {}, {}", FormatRfc3339(notice.happened_at, 0), DedupKey(notice));
  blocks.push_back(
      {{"type", "context"}, {"elements", Json::array({PlainText(origin, kFieldLimit)})}});
  const std::string fallback =
      notice.message.empty() ? headline : fmt::format("{}: {}", headline, notice.message);
  return {{"text", SlackText(fallback, kFallbackLimit)}, {"blocks", std::move(blocks)}};
}

}  // namespace gate::notify
