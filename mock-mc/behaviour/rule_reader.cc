#include "mock-mc/behaviour/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

namespace mock_mc {
namespace {

using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

std::optional<TextPattern> ReadPattern(const Node& node, Mistakes& mistakes) {
  const auto text = node.String(mistakes);
  if (!text) return std::nullopt;
  auto pattern = TextPattern::Parse(*text);
  if (pattern) return *std::move(pattern);
  node.Complain(mistakes, pattern.error().message);
  return std::nullopt;
}

void ReadPatterns(const std::optional<Node>& node, Mistakes& mistakes,
                  std::vector<std::pair<std::string, TextPattern>>& patterns) {
  if (!node) return;
  for (const auto& [name, value] : node->Entries(mistakes)) {
    if (auto pattern = ReadPattern(value, mistakes)) {
      patterns.emplace_back(name.Text(), *std::move(pattern));
    }
  }
}

void ReadSugar(MapReader& map, std::string_view key, std::string_view name,
               std::vector<std::pair<std::string, TextPattern>>& patterns, Mistakes& mistakes) {
  const auto node = map.Find(key);
  if (!node) return;
  if (auto pattern = ReadPattern(*node, mistakes)) {
    patterns.emplace_back(std::string(name), *std::move(pattern));
  }
}

// `default_path` counts where the rule names none.
Match ReadMatch(const Node& node, std::string_view default_path, Mistakes& mistakes) {
  Match match;
  MapReader map(node, mistakes);
  const auto method = map.Find("method");
  const auto path = map.Find("path");
  ReadPatterns(map.Find("query"), mistakes, match.query);
  ReadPatterns(map.Find("header"), mistakes, match.headers);
  ReadSugar(map, "release", kReleaseParameter, match.parameters, mistakes);
  ReadSugar(map, "stage", "stage", match.query, mistakes);
  ReadSugar(map, "environment", "environment", match.query, mistakes);
  map.Finish();

  if (method) {
    match.method = ReadPattern(*method, mistakes);
  } else if (!path && default_path == kEvidencePath) {
    match.method = *TextPattern::Parse("GET");
  }
  const std::string text = path ? path->String(mistakes).value_or("/") : std::string(default_path);
  auto pattern = PathPattern::Parse(text);
  if (!pattern) {
    path->Complain(mistakes, pattern.error().message);
    return match;
  }
  match.path = *std::move(pattern);
  for (const auto& [name, value] : match.parameters) {
    if (match.path.HasParameter(name)) continue;
    map.Complain("release", fmt::format("the path has no segment {{{}}} to compare it with", name));
  }
  return match;
}

std::optional<KeyPart> ReadKeyPart(const Node& node, Mistakes& mistakes) {
  const auto text = node.String(mistakes);
  if (!text) return std::nullopt;
  if (*text == "release") return KeyPart{KeyPart::From::kRelease, ""};
  if (*text == "stage") return KeyPart{KeyPart::From::kStage, ""};
  if (*text == "environment") return KeyPart{KeyPart::From::kEnvironment, ""};
  constexpr std::array<std::pair<std::string_view, KeyPart::From>, 3> kPrefixes = {
      {{"path.", KeyPart::From::kPath},
       {"query.", KeyPart::From::kQuery},
       {"header.", KeyPart::From::kHeader}}};
  for (const auto& [prefix, from] : kPrefixes) {
    if (text->starts_with(prefix) && text->size() > prefix.size()) {
      return KeyPart{from, text->substr(prefix.size())};
    }
  }
  node.Complain(mistakes,
                fmt::format("\"{}\" is not one of release, stage, environment, path.NAME, "
                            "query.NAME, header.NAME",
                            *text));
  return std::nullopt;
}

std::vector<KeyPart> ReadKey(const std::optional<Node>& node, Mistakes& mistakes) {
  if (!node) return {{KeyPart::From::kRelease, ""}, {KeyPart::From::kStage, ""}};
  std::vector<KeyPart> parts;
  const std::vector<Node> items =
      node->IsSequence() ? node->Items(mistakes) : std::vector<Node>{*node};
  for (const Node& item : items) {
    if (auto part = ReadKeyPart(item, mistakes)) parts.push_back(*std::move(part));
  }
  return parts;
}

// One item of a sequence or timeline: the name of a response, or a map to which `read_own` adds the
// item's own keys. What the rule says about delay and fault counts where the item says nothing.
template <typename ReadOwn>
Response ReadItem(const Node& node, const Response& defaults, const ReadContext& context,
                  ReadOwn read_own) {
  Answer answer;
  if (node.IsMap()) {
    MapReader map(node, context.mistakes);
    answer = ReadAnswer(map, context);
    read_own(map);
    map.Finish();
  } else {
    answer = ReadListedAnswer(node, context);
  }
  Response& response = answer.response;
  if (!response.delay) response.delay = defaults.delay;
  if (response.fault.kind == Fault::Kind::kNone) response.fault = defaults.fault;
  RequireContent(answer, node, context.mistakes);
  return std::move(response);
}

Sequence ReadSequence(const Node& node, const Response& defaults, const ReadContext& context) {
  Sequence sequence;
  const std::vector<Node> items = node.Items(context.mistakes);
  if (items.empty()) node.Complain(context.mistakes, "a sequence needs at least one item");
  for (const Node& item : items) {
    Turn turn;
    bool times_given = false;
    turn.response = ReadItem(item, defaults, context, [&](MapReader& map) {
      times_given = map.Read("times", turn.times);
      if (turn.times < 1) map.Complain("times", "must be at least 1");
    });
    if (times_given && &item == &items.back()) {
      item.Complain(context.mistakes, "the last item answers all further requests; remove times");
    }
    sequence.push_back(std::move(turn));
  }
  return sequence;
}

Timeline ReadTimeline(const Node& node, const Response& defaults, const ReadContext& context) {
  Timeline timeline;
  const std::vector<Node> items = node.Items(context.mistakes);
  if (items.empty()) node.Complain(context.mistakes, "a timeline needs at least one item");
  for (const Node& item : items) {
    Phase phase;
    bool length_given = false;
    phase.response = ReadItem(item, defaults, context, [&](MapReader& map) {
      length_given = map.Read("for", phase.length);
      if (length_given && phase.length <= gate::Nanos(0)) map.Complain("for", "must be positive");
    });
    const bool is_last = &item == &items.back();
    if (is_last && length_given) {
      item.Complain(context.mistakes, "the last item lasts for ever; remove for");
    } else if (!is_last && !length_given) {
      item.Complain(context.mistakes, "says no for: DURATION; only the last item may");
    }
    timeline.phases.push_back(std::move(phase));
  }
  return timeline;
}

void ReadSince(MapReader& map, Timeline& timeline) {
  std::string since;
  if (!map.Read("since", since)) return;
  if (since == "start") {
    timeline.since = Timeline::Since::kStart;
  } else if (since != "first-request") {
    map.Complain("since", "is start or first-request");
  }
}

bool MakesEvidence(const Rule& rule) {
  if (const auto* sequence = std::get_if<Sequence>(&rule.answers)) {
    return std::any_of(sequence->begin(), sequence->end(),
                       [](const Turn& turn) { return turn.response.evidence.has_value(); });
  }
  const auto& phases = std::get<Timeline>(rule.answers).phases;
  return std::any_of(phases.begin(), phases.end(),
                     [](const Phase& phase) { return phase.response.evidence.has_value(); });
}

// What `record: true` answers where the rule says nothing else: Slack's webhook answer.
Response RecordedResponse(Response response) {
  response.name = "recorded";
  response.body = "ok";
  response.content_type = "text/plain";
  return response;
}

void ReadAnswers(MapReader& map, const Node& node, bool record, Rule& rule,
                 const ReadContext& context) {
  Answer answer = ReadAnswer(map, context);
  const auto sequence = map.Find("sequence");
  const auto timeline = map.Find("timeline");
  if (int{answer.has_content} + int{sequence.has_value()} + int{timeline.has_value()} > 1) {
    node.Complain(context.mistakes, "give one of respond, sequence, timeline");
  }
  if (sequence) {
    rule.answers = ReadSequence(*sequence, answer.response, context);
    return;
  }
  if (timeline) {
    Timeline read = ReadTimeline(*timeline, answer.response, context);
    ReadSince(map, read);
    rule.answers = std::move(read);
    return;
  }
  if (record && !answer.has_content) {
    answer.response = RecordedResponse(std::move(answer.response));
    answer.has_content = true;
  }
  RequireContent(answer, node, context.mistakes);
  rule.answers = Sequence{{std::move(answer.response), 1}};
}

Rule ReadRule(const Node& node, const ReadContext& context) {
  Rule rule;
  MapReader map(node, context.mistakes);
  map.Read("id", rule.id);
  bool record = false;
  map.Read("record", record);
  const auto match = map.Find("match");
  rule.key = ReadKey(map.Find("key"), context.mistakes);
  ReadAnswers(map, node, record, rule, context);
  map.Finish();

  const std::string_view default_path = record ? "/**" : kEvidencePath;
  if (match) {
    rule.match = ReadMatch(*match, default_path, context.mistakes);
  } else {
    rule.match.path = *PathPattern::Parse(default_path);
    if (!record) rule.match.method = *TextPattern::Parse("GET");
  }
  if (MakesEvidence(rule) && !rule.match.path.HasParameter(kReleaseParameter)) {
    node.Complain(context.mistakes,
                  fmt::format("evidence is about a release: the path needs a segment {{{}}}",
                              kReleaseParameter));
  }
  return rule;
}

// Responses that have no name get one from the rule and their place in it.
void NameResponses(Rule& rule) {
  std::size_t place = 0;
  const auto name = [&](Response& response) {
    ++place;
    if (response.name.empty()) response.name = fmt::format("{}/{}", rule.id, place);
  };
  if (auto* sequence = std::get_if<Sequence>(&rule.answers)) {
    for (Turn& turn : *sequence) name(turn.response);
  } else {
    for (Phase& phase : std::get<Timeline>(rule.answers).phases) name(phase.response);
  }
}

}  // namespace

std::vector<Rule> ReadRules(const Node& node, const ReadContext& context) {
  std::vector<Rule> rules;
  std::set<std::string> ids;
  for (const Node& item : node.Items(context.mistakes)) {
    Rule rule = ReadRule(item, context);
    if (rule.id.empty()) rule.id = fmt::format("rule-{}", rules.size() + 1);
    if (!ids.insert(rule.id).second) {
      item.Complain(context.mistakes, fmt::format("there is already a rule \"{}\"", rule.id));
    }
    if (rule.id == kOverrideRule) {
      item.Complain(context.mistakes, "the name flip is taken by POST /flip; choose another id");
    }
    NameResponses(rule);
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace mock_mc
