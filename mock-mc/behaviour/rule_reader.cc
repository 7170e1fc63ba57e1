#include "mock-mc/behaviour/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
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

// What the rule says about delay and fault counts where an answer says nothing.
void ApplyDefaults(const Response& defaults, Response& response) {
  if (!response.delay) response.delay = defaults.delay;
  if (response.fault.kind == Fault::Kind::kNone) response.fault = defaults.fault;
}

// ---- chances

Alternative ToAlternative(Answer answer, const Node& node, const Response& defaults,
                          const ReadContext& context) {
  Alternative alternative;
  if (answer.has_content) {
    ApplyDefaults(defaults, answer.response);
    alternative.response = std::move(answer.response);
    return alternative;
  }
  alternative.delay = answer.response.delay;
  alternative.fault = answer.response.fault;
  if (!alternative.delay && alternative.fault.kind == Fault::Kind::kNone) {
    node.Complain(context.mistakes, "says nothing that would be different");
  }
  return alternative;
}

Alternative ReadAlternative(const Node& node, const Response& defaults,
                            const ReadContext& context) {
  if (!node.IsMap()) return ToAlternative(ReadListedAnswer(node, context), node, defaults, context);
  MapReader map(node, context.mistakes);
  Answer answer = ReadAnswer(map, context);
  map.Finish();
  return ToAlternative(std::move(answer), node, defaults, context);
}

std::optional<std::uint32_t> ParseNumber(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Odds ReadExact(const Node& node, Mistakes& mistakes) {
  const std::string text = node.String(mistakes).value_or("0/1");
  const std::size_t slash = text.find('/');
  const auto hits = ParseNumber(std::string_view(text).substr(0, slash));
  const auto of = slash == std::string::npos
                      ? std::nullopt
                      : ParseNumber(std::string_view(text).substr(slash + 1));
  if (hits && of && *of >= 1 && *of <= kMostOf && *hits <= *of) return ExactShare{*hits, *of};
  node.Complain(mistakes, fmt::format("\"{}\" is not K/N with K from 0 to N and N from 1 to {}",
                                      text, kMostOf));
  return Probability{0};
}

Odds ReadOdds(MapReader& map, const Node& node, Mistakes& mistakes) {
  const auto probability = map.Find("probability");
  const auto exact = map.Find("exact");
  if (probability.has_value() == exact.has_value()) {
    node.Complain(mistakes, "give either probability or exact");
    return Probability{0};
  }
  if (exact) return ReadExact(*exact, mistakes);
  const double p = probability->Double(mistakes).value_or(0);
  if (!(p >= 0 && p <= 1)) probability->Complain(mistakes, "must be between 0 and 1");
  return Probability{p};
}

Chance ReadChance(const Node& node, const Response& defaults, const ReadContext& context) {
  Chance chance;
  MapReader map(node, context.mistakes);
  chance.odds = ReadOdds(map, node, context.mistakes);
  const auto any = map.Find("any");
  Answer answer = ReadAnswer(map, context);
  map.Finish();
  if (!any) {
    chance.alternatives.push_back(ToAlternative(std::move(answer), node, defaults, context));
    return chance;
  }
  if (answer.has_content || answer.response.delay ||
      answer.response.fault.kind != Fault::Kind::kNone) {
    node.Complain(context.mistakes, "any says what is answered; put the rest into its items");
  }
  const std::vector<Node> items = any->Items(context.mistakes);
  if (items.empty()) any->Complain(context.mistakes, "needs at least one item");
  for (const Node& item : items) {
    chance.alternatives.push_back(ReadAlternative(item, defaults, context));
  }
  return chance;
}

std::vector<Chance> ReadSometimes(const Node& node, const Response& defaults,
                                  const ReadContext& context) {
  std::vector<Chance> chances;
  for (const Node& item : node.Items(context.mistakes)) {
    chances.push_back(ReadChance(item, defaults, context));
  }
  return chances;
}

// ---- items

// The name of a response, or one written out.
Response ReadPlainAnswer(const Node& node, const Response& defaults, const ReadContext& context) {
  Answer answer;
  if (node.IsMap()) {
    MapReader map(node, context.mistakes);
    answer = ReadAnswer(map, context);
    map.Finish();
  } else {
    answer = ReadListedAnswer(node, context);
  }
  ApplyDefaults(defaults, answer.response);
  RequireContent(answer, node, context.mistakes);
  return std::move(answer.response);
}

// Reads the key `flap` into `item`; false if it is not there.
bool ReadFlap(MapReader& holder, const Response& defaults, const ReadContext& context, Item& item) {
  const auto node = holder.Find("flap");
  if (!node) return false;
  Flap flap{{}, std::chrono::seconds(1), 0.5, gate::Nanos(0)};
  MapReader map(*node, context.mistakes);
  const auto between = map.Require("between");
  if (const auto period = map.Require("period")) {
    flap.period = period->Duration(context.mistakes).value_or(flap.period);
    if (flap.period <= gate::Nanos(0)) period->Complain(context.mistakes, "must be positive");
  }
  map.Read("duty", flap.duty);
  if (!(flap.duty >= 0 && flap.duty <= 1)) map.Complain("duty", "must be between 0 and 1");
  map.Read("phase", flap.shift);
  if (flap.shift < gate::Nanos(0)) map.Complain("phase", "must not be negative");
  map.Finish();
  const std::vector<Node> answers =
      between ? between->Items(context.mistakes) : std::vector<Node>();
  if (between && answers.size() != 2) {
    between->Complain(context.mistakes, "takes two answers: [good, bad]");
  }
  if (answers.size() == 2) {
    item.response = ReadPlainAnswer(answers[0], defaults, context);
    flap.other = ReadPlainAnswer(answers[1], defaults, context);
  }
  item.flap = std::move(flap);
  return true;
}

// One item of a sequence or timeline: the name of a response, or a map from which `read_own` takes
// the item's own keys, and says whether it took the answer, too.
template <typename ReadOwn>
Item ReadItem(const Node& node, const Response& defaults, const ReadContext& context,
              ReadOwn read_own) {
  Item item;
  if (!node.IsMap()) {
    item.response = ReadPlainAnswer(node, defaults, context);
    return item;
  }
  MapReader map(node, context.mistakes);
  Answer answer = ReadAnswer(map, context);
  ApplyDefaults(defaults, answer.response);
  if (const auto sometimes = map.Find("sometimes")) {
    item.sometimes = ReadSometimes(*sometimes, answer.response, context);
  }
  const bool has_answer = read_own(map, answer.response, item);
  map.Finish();
  if (!has_answer) {
    RequireContent(answer, node, context.mistakes);
    item.response = std::move(answer.response);
  } else if (answer.has_content) {
    node.Complain(context.mistakes, "give one of respond and flap");
  }
  return item;
}

Sequence ReadSequence(const Node& node, const Response& defaults, const ReadContext& context) {
  Sequence sequence;
  const std::vector<Node> items = node.Items(context.mistakes);
  if (items.empty()) node.Complain(context.mistakes, "a sequence needs at least one item");
  for (const Node& item : items) {
    Turn turn;
    bool times_given = false;
    turn.item =
        ReadItem(item, defaults, context, [&](MapReader& map, const Response& /*own*/, Item&) {
          times_given = map.Read("times", turn.times);
          if (turn.times < 1) map.Complain("times", "must be at least 1");
          return false;
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
    phase.item =
        ReadItem(item, defaults, context, [&](MapReader& map, const Response& own, Item& read) {
          length_given = map.Read("for", phase.length);
          if (length_given && phase.length <= gate::Nanos(0)) {
            map.Complain("for", "must be positive");
          }
          return ReadFlap(map, own, context, read);
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

Timeline::Since ReadSince(const Node& node, Mistakes& mistakes) {
  const auto text = node.String(mistakes);
  if (text == "start") return Timeline::Since::kStart;
  if (text && text != "first-request") node.Complain(mistakes, "is start or first-request");
  return Timeline::Since::kFirstRequest;
}

// Calls `visit` with each response that a rule can give, in the order of the script.
template <typename RuleOrConst, typename Visit>
void ForEachResponse(RuleOrConst& rule, Visit visit) {
  const auto chances = [&](auto& list) {
    for (auto& chance : list) {
      for (auto& alternative : chance.alternatives) {
        if (alternative.response) visit(*alternative.response);
      }
    }
  };
  const auto item = [&](auto& one) {
    visit(one.response);
    if (one.flap) visit(one.flap->other);
    if (one.sometimes) chances(*one.sometimes);
  };
  if (auto* sequence = std::get_if<Sequence>(&rule.answers)) {
    for (auto& turn : *sequence) item(turn.item);
  } else {
    for (auto& phase : std::get<Timeline>(rule.answers).phases) item(phase.item);
  }
  chances(rule.sometimes);
}

bool MakesEvidence(const Rule& rule) {
  bool makes = false;
  ForEachResponse(
      rule, [&](const Response& response) { makes = makes || response.evidence.has_value(); });
  return makes;
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
  Mistakes& mistakes = context.mistakes;
  Answer answer = ReadAnswer(map, context);
  const auto sequence = map.Find("sequence");
  const auto timeline = map.Find("timeline");
  const auto since = map.Find("since");
  if (const auto sometimes = map.Find("sometimes")) {
    rule.sometimes = ReadSometimes(*sometimes, answer.response, context);
  }
  Item flapping;
  const bool flaps = ReadFlap(map, answer.response, context, flapping);
  if (int{answer.has_content} + int{sequence.has_value()} + int{timeline.has_value()} + int{flaps} >
      1) {
    node.Complain(mistakes, "give one of respond, sequence, timeline, flap");
  }
  if (since && !timeline && !flaps) {
    since->Complain(mistakes, "only a timeline or flap has a beginning");
  }
  if (sequence) {
    rule.answers = ReadSequence(*sequence, answer.response, context);
    return;
  }
  if (timeline || flaps) {
    Timeline read = timeline ? ReadTimeline(*timeline, answer.response, context)
                             : Timeline{{}, {Phase{std::move(flapping)}}};
    if (since) read.since = ReadSince(*since, mistakes);
    rule.answers = std::move(read);
    return;
  }
  if (record && !answer.has_content) {
    answer.response = RecordedResponse(std::move(answer.response));
    answer.has_content = true;
  }
  RequireContent(answer, node, mistakes);
  rule.answers = Sequence{{Item{std::move(answer.response)}, 1}};
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
  ForEachResponse(rule, [&](Response& response) {
    ++place;
    if (response.name.empty()) response.name = fmt::format("{}/{}", rule.id, place);
  });
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
