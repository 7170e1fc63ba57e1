#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/base/time.h"
#include "gate/notify/notice.h"
#include "gate/yaml/strict_yaml.h"

namespace gate::notify {

// An incoming webhook. Its URL is a secret and stands in a file (a mounted Secret).
struct SlackSink {
  std::string url_file;
  // Where the webhook posts to, for logs and people; a webhook has only its own channel.
  std::string channel;
};

struct PagerDutySink {
  std::string routing_key_file;
  std::string url = "https://events.pagerduty.com";  // or https://events.eu.pagerduty.com
};

// One place where notices go.
struct Sink {
  std::string name;  // 1 to 40 of a-z 0-9 -; in metrics, and in the outbox under it
  std::variant<SlackSink, PagerDutySink> to;
  std::vector<NoticeKind> kinds{kAllNoticeKinds.begin(), kAllNoticeKinds.end()};
  Nanos timeout = std::chrono::seconds(10);  // of one request

  // Tests go to every sink.
  bool Wants(NoticeKind kind) const;
  // "slack" or "pagerduty"
  std::string_view Type() const;
};

inline constexpr std::size_t kMostSinks = 8;

// The section `notify:` of the service's configuration.
struct NotifyConfig {
  std::vector<Sink> sinks;  // none: nobody is told
  // The page of docs/playbook.md that messages link to; empty: no links.
  std::string playbook_url;
  Nanos give_up_after = std::chrono::hours(24);  // of not reaching a sink
};

// Reads the section; complains about everything that is wrong with it at file:line:column. What is
// returned after a complaint is not to be used.
//
//   playbookUrl: https://example.com/playbook.md
//   giveUpAfter: 24h
//   sinks:
//     - name: releases
//       slack: {urlFile: /etc/rollout-gate/notify/slack-url, channel: "#releases"}
//     - name: on-call
//       pagerduty: {routingKeyFile: /etc/rollout-gate/notify/routing-key}
//       kinds: [failed, paused, passed, rolled-back, override-used, rollback-late]
//       timeout: 5s
NotifyConfig ReadNotifyConfig(const yaml::Node& node, yaml::Mistakes& mistakes);

// The section as JSON, which is YAML: ReadNotifyConfig makes an equal configuration of it.
Json ToJson(const NotifyConfig& config);

}  // namespace gate::notify
