#include "gate/notify/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "gate/notify/pagerduty_event.h"

namespace gate::notify {
namespace {

constexpr std::size_t kLongestName = 40;
constexpr std::size_t kLongestUrl = 1000;

bool IsUrl(const std::string& text) {
  const bool web = text.starts_with("https://") || text.starts_with("http://");
  return web && text.size() <= kLongestUrl && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#' || c == '"' ||
                  c == '<' || c == '>';
         });
}

bool IsSinkName(const std::string& text) {
  return !text.empty() && text.size() <= kLongestName &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

void ReadUrl(yaml::MapReader& map, std::string_view key, std::string& url) {
  if (!map.Read(key, url)) return;
  if (!IsUrl(url)) {
    map.Complain(key, "must be a URL that begins with https:// (or http://), without #fragment");
  }
}

void ReadPositive(yaml::MapReader& map, std::string_view key, Nanos& value) {
  if (map.Read(key, value) && value <= Nanos(0)) map.Complain(key, "must be longer than 0s");
}

void RequireText(yaml::MapReader& map, std::string_view key, std::string& value,
                 std::string_view what) {
  if (!map.Require(key)) return;
  if (map.Read(key, value) && value.empty()) {
    map.Complain(key, fmt::format("must name the file that holds {}", what));
  }
}

SlackSink ReadSlack(const yaml::Node& node, yaml::Mistakes& mistakes) {
  SlackSink slack;
  yaml::MapReader map(node, mistakes);
  RequireText(map, "urlFile", slack.url_file, "the URL of the incoming webhook");
  map.Read("channel", slack.channel);
  map.Finish();
  return slack;
}

PagerDutySink ReadPagerDuty(const yaml::Node& node, yaml::Mistakes& mistakes) {
  PagerDutySink pagerduty;
  yaml::MapReader map(node, mistakes);
  RequireText(map, "routingKeyFile", pagerduty.routing_key_file, "the routing key");
  ReadUrl(map, "url", pagerduty.url);
  while (pagerduty.url.ends_with('/')) pagerduty.url.pop_back();
  map.Finish();
  return pagerduty;
}

std::vector<NoticeKind> ReadKinds(const yaml::Node& node, yaml::Mistakes& mistakes) {
  std::vector<std::string> names;
  for (const NoticeKind kind : kAllNoticeKinds) names.emplace_back(ToString(kind));
  std::vector<NoticeKind> kinds;
  for (const yaml::Node& item : node.Items(mistakes)) {
    const auto name = item.String(mistakes);
    if (!name) continue;
    const auto kind = NoticeKindFromString(*name);
    if (!kind) {
      const auto near = yaml::NearestWord(*name, names);
      item.Complain(
          mistakes,
          near ? fmt::format("unknown kind \"{}\"; did you mean \"{}\"?", *name, *near)
               : fmt::format("unknown kind \"{}\"; there are {}", *name, fmt::join(names, ", ")));
    } else if (std::find(kinds.begin(), kinds.end(), *kind) != kinds.end()) {
      item.Complain(mistakes, fmt::format("\"{}\" is listed twice", *name));
    } else {
      kinds.push_back(*kind);
    }
  }
  return kinds;
}

// An incident that nothing resolves stays open until somebody wonders about it.
void CheckResolves(const Sink& sink, yaml::MapReader& map) {
  if (!std::holds_alternative<PagerDutySink>(sink.to)) return;
  const auto opens = std::find_if(sink.kinds.begin(), sink.kinds.end(), [](NoticeKind kind) {
    // What only people can close, and a test, are no part of a story that ends by itself.
    return OpensIncident(kind) && kind != NoticeKind::kBypassed &&
           kind != NoticeKind::kSecurityAlert && kind != NoticeKind::kTest;
  });
  if (opens == sink.kinds.end()) return;
  for (const NoticeKind kind : kAllNoticeKinds) {
    if (ResolvesIncidents(kind) && !sink.Wants(kind)) {
      map.Complain("kinds", fmt::format("with \"{}\" there must be \"{}\", or incidents stay open",
                                        ToString(*opens), ToString(kind)));
    }
  }
}

Sink ReadSink(const yaml::Node& node, yaml::Mistakes& mistakes) {
  Sink sink;
  yaml::MapReader map(node, mistakes);
  if (map.Require("name") && map.Read("name", sink.name) && !IsSinkName(sink.name)) {
    map.Complain("name", fmt::format("must be 1 to {} of a-z 0-9 -", kLongestName));
  }
  const auto slack = map.Find("slack");
  const auto pagerduty = map.Find("pagerduty");
  if (slack.has_value() == pagerduty.has_value()) {
    node.Complain(mistakes, "a sink has either slack or pagerduty");
  }
  if (slack) sink.to = ReadSlack(*slack, mistakes);
  if (pagerduty) sink.to = ReadPagerDuty(*pagerduty, mistakes);
  if (const auto kinds = map.Find("kinds")) {
    sink.kinds = ReadKinds(*kinds, mistakes);
    if (sink.kinds.empty()) map.Complain("kinds", "must list at least one kind");
  }
  ReadPositive(map, "timeout", sink.timeout);
  CheckResolves(sink, map);
  map.Finish();
  return sink;
}

std::vector<Sink> ReadSinks(const yaml::Node& node, yaml::Mistakes& mistakes) {
  std::vector<Sink> sinks;
  std::set<std::string> names;
  const std::vector<yaml::Node> items = node.Items(mistakes);
  if (items.size() > kMostSinks) {
    node.Complain(mistakes, fmt::format("must be at most {} sinks", kMostSinks));
  }
  for (const yaml::Node& item : items) {
    sinks.push_back(ReadSink(item, mistakes));
    const std::string& name = sinks.back().name;
    if (!name.empty() && !names.insert(name).second) {
      item.Complain(mistakes, fmt::format("there is a sink \"{}\" already", name));
    }
  }
  return sinks;
}

Json ToJson(const Sink& sink) {
  Json json = {{"name", sink.name}, {"timeout", FormatDuration(sink.timeout)}};
  Json kinds = Json::array();
  for (const NoticeKind kind : sink.kinds) kinds.push_back(ToString(kind));
  json["kinds"] = std::move(kinds);
  if (const auto* slack = std::get_if<SlackSink>(&sink.to)) {
    json["slack"] = {{"urlFile", slack->url_file}, {"channel", slack->channel}};
  } else if (const auto* pagerduty = std::get_if<PagerDutySink>(&sink.to)) {
    json["pagerduty"] = {{"routingKeyFile", pagerduty->routing_key_file}, {"url", pagerduty->url}};
  }
  return json;
}

}  // namespace

bool Sink::Wants(NoticeKind kind) const {
  return kind == NoticeKind::kTest || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::string_view Sink::Type() const {
  return std::holds_alternative<SlackSink>(to) ? "slack" : "pagerduty";
}

NotifyConfig ReadNotifyConfig(const yaml::Node& node, yaml::Mistakes& mistakes) {
  NotifyConfig config;
  yaml::MapReader map(node, mistakes);
  ReadUrl(map, "playbookUrl", config.playbook_url);
  ReadPositive(map, "giveUpAfter", config.give_up_after);
  if (const auto sinks = map.Find("sinks")) config.sinks = ReadSinks(*sinks, mistakes);
  map.Finish();
  return config;
}

Json ToJson(const NotifyConfig& config) {
  Json json = {{"giveUpAfter", FormatDuration(config.give_up_after)}, {"sinks", Json::array()}};
  if (!config.playbook_url.empty()) json["playbookUrl"] = config.playbook_url;
  for (const Sink& sink : config.sinks) json["sinks"].push_back(ToJson(sink));
  return json;
}

}  // namespace gate::notify
