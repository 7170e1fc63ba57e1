#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "gate/evidence/reason.h"
#include "gate/notify/runbook.h"
#include "tests/support/source_file.h"
#include "tests/unit/notify/sample_notice.h"

namespace gate::notify {
namespace {

using test_support::ReadSource;

// The anchor that GitHub makes of a heading: lower case, spaces to hyphens, punctuation dropped.
std::string AnchorOf(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    if (c == ' ') {
      anchor += '-';
    } else if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
      anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return anchor;
}

// The sections of the playbook, by anchor.
std::map<std::string, std::string> Sections() {
  std::map<std::string, std::string> sections;
  std::istringstream lines(ReadSource("docs/playbook.md"));
  std::string* body = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) {
      const std::string anchor = AnchorOf(line.substr(line.find_first_not_of("# ")));
      EXPECT_FALSE(sections.contains(anchor)) << "two sections are called " << anchor;
      body = &sections[anchor];
    } else if (body != nullptr) {
      *body += line + "\n";
    }
  }
  return sections;
}

// Every reason's name as the source spells it, so that none is forgotten here.
std::set<std::string> ReasonNames() {
  const std::string source = ReadSource("gate/evidence/reason.cc");
  const std::regex name("return \"([a-z-]+)\"");
  std::set<std::string> names;
  for (auto it = std::sregex_iterator(source.begin(), source.end(), name);
       it != std::sregex_iterator(); ++it) {
    names.insert((*it)[1]);
  }
  return names;
}

std::string AnchorIn(const std::string& url) { return url.substr(url.find('#') + 1); }

TEST(PlaybookTest, EveryReasonCanBeReadBackFromItsName) {
  const auto names = ReasonNames();
  EXPECT_GT(names.size(), 30U);
  for (const std::string& name : names) {
    const auto reason = evidence::ReasonFromString(name);
    ASSERT_TRUE(reason) << name << ": is kLastReason the last one?";
    EXPECT_EQ(evidence::ToString(*reason), name);
  }
  EXPECT_EQ(evidence::ReasonFromString("no-such-reason"), std::nullopt);
}

TEST(PlaybookTest, EveryLinkOfAMessageLeadsToASection) {
  const auto sections = Sections();
  for (const NoticeKind kind : kAllNoticeKinds) {
    for (const std::string& reason : ReasonNames()) {
      Notice notice = SampleNotice(kind);
      notice.reason = reason;
      const auto links = RunbookLinks(notice, "https://example.com/playbook.md");
      ASSERT_FALSE(links.empty());
      for (const RunbookLink& link : links) {
        EXPECT_TRUE(sections.contains(AnchorIn(link.url))) << link.url;
      }
    }
  }
}

TEST(PlaybookTest, EveryReasonHasASectionAndNoSectionIsAboutNothing) {
  std::set<std::string> expected;
  for (const std::string& name : ReasonNames()) expected.insert("reason-" + name);
  for (const NoticeKind kind : kAllNoticeKinds) expected.insert(PlaybookAnchor(kind));
  std::set<std::string> found;
  for (const auto& [anchor, body] : Sections()) {
    if (anchor.starts_with("reason-") || anchor.starts_with("notice-")) found.insert(anchor);
  }
  EXPECT_EQ(found, expected);
}

TEST(PlaybookTest, EverySectionSaysWhatItMeansWhatToDoAndWhoDecides) {
  for (const auto& [anchor, body] : Sections()) {
    if (!anchor.starts_with("reason-") && !anchor.starts_with("notice-") &&
        !anchor.starts_with("alert-")) {
      continue;
    }
    for (const char* part : {"**Means:** ", "**Do:** ", "**Decides:** "}) {
      EXPECT_THAT(body, ::testing::HasSubstr(part)) << anchor;
    }
  }
}

TEST(PlaybookTest, EveryLinkWithinThePlaybookLeadsToASection) {
  const auto sections = Sections();
  const std::string text = ReadSource("docs/playbook.md");
  const std::regex link(R"(\]\(#([a-z0-9-]+)\))");
  int links = 0;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), link); it != std::sregex_iterator();
       ++it, ++links) {
    EXPECT_TRUE(sections.contains((*it)[1])) << (*it)[1];
  }
  EXPECT_GT(links, 5);
}

TEST(PlaybookTest, EveryReasonIsInTheTableOfRecordsToo) {
  const std::string records = ReadSource("docs/records.md");
  for (const std::string& name : ReasonNames()) {
    EXPECT_THAT(records, ::testing::HasSubstr("`" + name + "`"));
  }
}

TEST(RunbookLinksTest, TheCodesOfOverridesAndBypassesAreNotTakenForReasons) {
  for (const NoticeKind kind : {NoticeKind::kOverrideUsed, NoticeKind::kOverrideRejected,
                                NoticeKind::kBypassed, NoticeKind::kTest}) {
    Notice notice = SampleNotice(kind);
    notice.reason = "expired";
    EXPECT_EQ(RunbookLinks(notice, "https://example.com/p").size(), 1U) << ToString(kind);
  }
}

TEST(RunbookLinksTest, AReasonOfAnotherVersionHasNoLink) {
  Notice notice = SampleNotice();
  notice.reason = "out-of-cheese";
  EXPECT_EQ(RunbookLinks(notice, "https://example.com/p").size(), 1U);
}

TEST(RunbookLinksTest, WithoutAPlaybookThereAreNone) {
  EXPECT_TRUE(RunbookLinks(SampleNotice(), "").empty());
}

}  // namespace
}  // namespace gate::notify
