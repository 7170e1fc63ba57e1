#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gate/base/strict_json.h"
#include "gate/notify/notice.h"

namespace gate::notify {

// `text` for any text object of a Slack message: & < > as entities, so that it holds no link and no
// mention (<!channel>, <@U1>), and @channel, @here, @everyone taken apart; at most `limit` bytes,
// cut between characters, never within an entity, with "…" if cut. Control characters become
// spaces, except line feeds.
std::string SlackText(std::string_view text, std::size_t limit);

// The body of an incoming webhook's request: Block Kit blocks (header, what happened, MC's reasons,
// the facts, what to do, links to the playbook, ids) and the fallback text. Within all of Slack's
// limits, whatever the notice holds: 150 characters in the header, 3,000 in a section, 2,000 in a
// field, 10 fields. What others wrote stands in plain text objects, or escaped.
Json SlackMessage(const Notice& notice, std::string_view playbook_url);

}  // namespace gate::notify
