#include "harness/scenario/parse_replay.h"

#include <charconv>
#include <string>
#include <string_view>

#include "harness/scenario/parse_common.h"

namespace drill {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

std::optional<std::uint64_t> ReadHex(const Node& node, Mistakes& mistakes) {
  const std::string text = node.Text();
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, 16);
  if (!text.empty() && error == std::errc() && rest == end && node.IsQuoted()) return value;
  node.Complain(mistakes, "expected up to 16 hexadecimal digits in quotes");
  return std::nullopt;
}

}  // namespace

Replay ParseReplay(const Node& node, Mistakes& mistakes) {
  MapReader map(node, mistakes);
  Replay replay;
  if (const auto seed = map.Require("seed")) replay.seed = ReadHex(*seed, mistakes).value_or(0);
  if (const auto seed = map.Require("campaignSeed")) {
    replay.campaign_seed = ReadHex(*seed, mistakes).value_or(0);
  }
  if (ReadChoice(map, "ties", "in-order", "drawn")) replay.ties = Replay::Ties::kDrawn;
  if (ReadChoice(map, "argo", "1.10", "1.9")) replay.argo = Replay::Argo::k1_9;
  if (const auto trace = map.Find("trace")) replay.trace = ReadHex(*trace, mistakes);
  map.Finish();
  return replay;
}

void CheckReplayed(const TimelineEntry& entry, const Node& node, Mistakes& mistakes) {
  if (!entry.on && FaultOf(entry.action)) return;
  node.Complain(mistakes, "in a scenario with \"replay\" only faults happen, each `at` a time");
}

}  // namespace drill
