#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/evidence/reason.h"
#include "gate/notify/notice.h"

namespace gate::notify {

// The sections of docs/playbook.md, by the anchors of their headings: "notice-paused" for
// "### notice: paused", "reason-timeout" for "### reason: timeout".
std::string PlaybookAnchor(NoticeKind kind);
std::string PlaybookAnchor(evidence::Reason reason);

struct RunbookLink {
  std::string text;
  std::string url;
};

// Where people read what to do about `notice`: the section of its kind, and that of the reason for
// the verdict if there is one. `playbook_url` is the playbook's page; none if it is empty.
std::vector<RunbookLink> RunbookLinks(const Notice& notice, std::string_view playbook_url);

}  // namespace gate::notify
