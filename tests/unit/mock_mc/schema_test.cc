#include "tests/unit/mock_mc/schema.h"

#include <gtest/gtest.h>

#include "gate/base/strict_json.h"
#include "gate/yaml/strict_yaml.h"
#include "tests/unit/mock_mc/support.h"

// docs/mock-mc.schema.json and the reader describe the same language. That the schema takes
// whatever the reader takes is checked wherever the tests read a script (support.h); here, that
// both know the same keys.
namespace mock_mc::testing {
namespace {

using gate::Json;

constexpr std::string_view kStranger = "zzzzzzzzzzzz";

// Every map of the language, with at least one key in it.
constexpr std::string_view kEverything = R"(
listen: {http: "127.0.0.1:0", https: "", admin: "127.0.0.1:0", tlsCert: a.pem, tlsKey: b.pem}
authority: {certFile: a.pem, keyFile: b.pem}
listeners:
  - {name: slow, address: "127.0.0.1:0", accept: {delay: {for: 1s}}}
  - {name: noise, address: "127.0.0.1:0", accept: {garbage: {bytes: 1}}}
  - {name: gone, address: "127.0.0.1:0", accept: {refuse: {}}}
  - name: tls
    address: "127.0.0.1:0"
    tls: {certificate: expired, sni: {a.test: {handshake: {stall: {}}, clientCertificate: {caFile: c.pem}}}}
journal: {maxEntries: 10, maxBytes: 1000, maxBodyBytes: 10}
space: {header: X-Run, default: shared}
token: {value: secret}
responses:
  slow: {status: 200, delay: {lognormal: {median: 1s, sigma: 0.5}}, fault: {hang: {}}}
  cut: {body: text, delay: {uniform: [1s, 2s]}, fault: {reset: {afterBytes: 1}}}
  ended: {json: {any: thing}, fault: {close: {afterBytes: 1}}}
  dripped: {malformed: {how: nan}, fault: {drip: {bytes: 1}}, headers: {X-A: b}, retryAfter: 1s}
  endless: {status: 200, fault: {partialHeader: {every: 1s}}}
  paused: {status: 200, fault: {delay: {at: mid-header, for: 1s}}}
  stalled: {status: 200, fault: {stall: {at: before-body}}}
  half: {status: 200, fault: {halfClose: {afterBytes: 1}}}
  noise: {status: 200, fault: {garbage: {bytes: 1}}}
  long: {status: 200, fault: {wrongLength: {by: 1, then: stall}}}
  chunks: {status: 200, fault: {brokenChunks: {how: overlong}}}
  signed:
    evidence:
      ok: true
      images: {a: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}
rules:
  - id: turns
    match: {release: r, query: {a: b}, header: {c: d}}
    key: [release]
    sequence:
      - {respond: {status: 200}, times: 1, sometimes: [{probability: 0.5, fault: hang}]}
      - slow
  - id: phases
    since: start
    timeline: [{for: 1s, flap: {between: [slow, {respond: cut, delay: 1s}], period: 1s}}, cut]
  - id: chances
    record: true
    respond: ended
    sometimes: [{exact: 1/2, any: [cut, {fault: reset}]}]
  - {id: flaps, flap: {between: [slow, cut], period: 1s}}
)";

Json ToJson(std::string_view yaml) {
  const auto document = gate::yaml::Document::Parse(yaml, "script.yaml");
  gate::yaml::Mistakes mistakes;
  return *gate::ParseStrictJson(document->root().ToJsonText(mistakes));
}

// Puts a key that nobody knows into each map in turn, and calls `visit` with each such document.
template <typename Visit>
void ForEachMapWithAStranger(Json& document, Json& part, const Visit& visit) {
  if (part.is_object()) {
    part[std::string(kStranger)] = "?";
    visit(document);
    part.erase(std::string(kStranger));
  }
  if (!part.is_structured()) return;
  for (auto& item : part) ForEachMapWithAStranger(document, item, visit);
}

// The keys that the reader says it knows where it met the stranger; nothing where any key may
// stand.
std::optional<std::vector<std::string>> KnownBesideTheStranger(const Json& document) {
  const std::string mistakes = MistakesOf(document.dump());
  const std::string begin = "unknown key \"" + std::string(kStranger) + "\"; known here: ";
  const std::size_t at = mistakes.find(begin);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t end = mistakes.find('\n', at);
  std::string_view rest(mistakes);
  rest = rest.substr(at + begin.size(), end == std::string::npos ? end : end - at - begin.size());
  std::vector<std::string> keys;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(", ");
    keys.emplace_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 2);
  }
  return keys;
}

TEST(SchemaTest, TheReaderKnowsExactlyTheKeysOfTheSchema) {
  const ScriptSchema& schema = ScriptSchema::Get();
  Json document = ToJson(ScriptText(kEverything));
  ASSERT_EQ(MistakesOf(document.dump()), "");
  std::set<ScriptSchema::Keys> met;
  ForEachMapWithAStranger(document, document, [&](const Json& disturbed) {
    const auto known = KnownBesideTheStranger(disturbed);
    if (!known) return;
    EXPECT_TRUE(schema.Describes(*known))
        << "no object of the schema has exactly " << ::testing::PrintToString(*known);
    EXPECT_NE(schema.MistakesIn(disturbed.dump()), "") << disturbed.dump();
    met.insert(ScriptSchema::Keys(known->begin(), known->end()));
  });
  for (const ScriptSchema::Keys& keys : schema.objects()) {
    EXPECT_TRUE(met.contains(keys))
        << "the reader never asked for exactly " << ::testing::PrintToString(keys);
  }
}

TEST(SchemaTest, RefusesWhatTheReaderRefuses) {
  const auto refused = [](const std::string& rest) {
    const std::string text = ScriptText(rest);
    EXPECT_NE(MistakesOf(text), "") << rest;
    return ScriptSchema::Get().MistakesIn(text) != "";
  };
  EXPECT_TRUE(refused("rules: {}"));
  EXPECT_TRUE(refused("rules: [{status: 199}]"));
  EXPECT_TRUE(refused("rules: [{status: two hundred}]"));
  EXPECT_TRUE(refused("rules: [{fault: explode}]"));
  EXPECT_TRUE(refused("rules: [{malformed: upside-down}]"));
  EXPECT_TRUE(refused("rules: [{status: 200, delay: soon}]"));
  EXPECT_TRUE(refused("rules: [{status: 200, delay: {uniform: [1s]}}]"));
  EXPECT_TRUE(refused("rules: [{evidence: {}}]"));
  EXPECT_TRUE(refused("rules: [{status: 200, key: [relase]}]"));
  EXPECT_TRUE(refused("rules: [{status: 200, sometimes: [{probability: 2, status: 500}]}]"));
  EXPECT_TRUE(refused("rules: [{status: 200, sometimes: [{status: 500}]}]"));
  EXPECT_TRUE(refused("token: {}"));
}

}  // namespace
}  // namespace mock_mc::testing
