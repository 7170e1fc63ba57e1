#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "gate/base/digest.h"
#include "gate/yaml/strict_yaml.h"
#include "mock-mc/behaviour/evidence_reader.h"
#include "mock-mc/behaviour/read_values.h"
#include "mock-mc/behaviour/response_reader.h"
#include "mock-mc/behaviour/rule_reader.h"
#include "mock-mc/behaviour/script.h"

namespace mock_mc {
namespace {

using gate::Result;
using gate::yaml::MapReader;
using gate::yaml::Mistakes;
using gate::yaml::Node;

constexpr std::string_view kApiVersion = "mock-mc/v1";

class ScriptReader {
 public:
  ScriptReader(const std::string& file, const FileReader& read_file)
      : file_(file), read_file_(read_file) {}

  Result<Script> Read(const Node& root) {
    MapReader map(root, mistakes_);
    ReadHead(map);
    if (const auto keys = map.Find("keys")) ReadKeys(*keys);
    MakeRogues();
    const ReadContext context{keys_, responses_, rogues_, mistakes_};
    if (const auto responses = map.Find("responses")) ReadResponses(*responses, context);
    if (const auto rules = map.Find("rules")) script_.rules = ReadRules(*rules, context);
    map.Finish();
    if (!mistakes_.empty()) return mistakes_.ToError();
    if (!keys_.empty()) {
      script_.default_evidence.emplace();
      SignWith(keys_.front(), *script_.default_evidence);
    }
    return std::move(script_);
  }

 private:
  void ReadHead(MapReader& map) {
    if (const auto version = map.Require("apiVersion")) {
      const std::string text = version->String(mistakes_).value_or(std::string(kApiVersion));
      if (text != kApiVersion) {
        version->Complain(mistakes_, fmt::format("apiVersion must be {}", kApiVersion));
      }
    }
    std::int64_t seed = 0;
    if (map.Read("seed", seed)) script_.seed = static_cast<std::uint64_t>(seed);
    if (const auto listen = map.Find("listen")) ReadListen(*listen);
    if (const auto listeners = map.Find("listeners")) {
      script_.listeners = ReadListeners(*listeners, file_, mistakes_);
    }
    if (const auto authority = map.Find("authority")) {
      script_.authority = ReadAuthority(*authority, file_, mistakes_);
    }
    if (const auto journal = map.Find("journal")) ReadJournal(*journal);
    if (const auto space = map.Find("space")) ReadSpace(*space);
    if (const auto token = map.Find("token")) ReadToken(*token);
  }

  void ReadSpace(const Node& node) {
    SpaceSource& space = script_.space;
    using From = SpaceSource::From;
    MapReader map(node, mistakes_);
    int sources = 0;
    const auto name = [&](std::string_view key, From from) {
      if (!map.Read(key, space.name)) return;
      space.from = from;
      ++sources;
      if (space.name.empty()) map.Complain(key, "must not be empty");
    };
    name("header", From::kHeader);
    name("query", From::kQuery);
    bool by_token = false;
    if (map.Read("token", by_token) && by_token) {
      space.from = From::kToken;
      ++sources;
    }
    if (const auto path = map.Find("path")) {
      ReadSpacePath(*path);
      ++sources;
    }
    map.Read("default", space.fallback);
    map.Finish();
    if (sources != 1) node.Complain(mistakes_, "give one of header, query, token: true, path");
  }

  void ReadSpacePath(const Node& node) {
    script_.space.from = SpaceSource::From::kPath;
    const auto target = ParseTarget(node.String(mistakes_).value_or("/"));
    const bool good =
        target && target->query.empty() &&
        std::find(target->segments.begin(), target->segments.end(), "") == target->segments.end();
    if (!good) {
      node.Complain(mistakes_,
                    "is what stands before the space's name in the path, such as /spaces");
      return;
    }
    script_.space.prefix = target->segments;
  }

  void ReadListen(const Node& node) {
    MapReader map(node, mistakes_);
    map.Read("http", script_.listen.http);
    map.Read("https", script_.listen.https);
    map.Read("admin", script_.listen.admin);
    if (map.Read("tlsCert", script_.listen.tls_cert)) {
      script_.listen.tls_cert = ResolvePath(script_.listen.tls_cert, file_);
    }
    if (map.Read("tlsKey", script_.listen.tls_key)) {
      script_.listen.tls_key = ResolvePath(script_.listen.tls_key, file_);
    }
    map.Finish();
  }

  void ReadLimit(MapReader& map, std::string_view key, std::size_t& limit) {
    std::int64_t value = 0;
    if (!map.Read(key, value)) return;
    if (value < 1 || value > (std::int64_t{1} << 30U)) {
      map.Complain(key, "must be between 1 and 1073741824");
      return;
    }
    limit = static_cast<std::size_t>(value);
  }

  void ReadJournal(const Node& node) {
    MapReader map(node, mistakes_);
    ReadLimit(map, "maxEntries", script_.journal.entries);
    ReadLimit(map, "maxBytes", script_.journal.bytes);
    ReadLimit(map, "maxBodyBytes", script_.journal.body_bytes);
    map.Finish();
  }

  void ReadToken(const Node& node) {
    Token token;
    std::string value;
    MapReader map(node, mistakes_);
    const bool from_file = map.Read("tokenFile", token.file);
    const bool inline_value = map.Read("value", value);
    map.Finish();
    if (from_file == inline_value) {
      node.Complain(mistakes_, "give either tokenFile or value");
      return;
    }
    if (from_file) {
      token.file = ResolvePath(token.file, file_);
      const auto text = read_file_(token.file);
      if (!text) {
        map.Complain("tokenFile", text.error().message);
      } else if (text->find_first_not_of(" \r\n\t") == std::string::npos) {
        map.Complain("tokenFile", fmt::format("{} is empty", token.file));
      }
    }
    if (inline_value && value.empty()) map.Complain("value", "must not be empty");
    token.value = gate::Secret(std::move(value));
    script_.token = std::move(token);
  }

  void ReadKeys(const Node& node) {
    for (const Node& item : node.Items(mistakes_)) {
      MapReader map(item, mistakes_);
      const auto id = map.Require("id");
      const auto algorithm = map.Require("algorithm");
      const auto pem = ReadPem(map, item);
      const auto not_before = ReadTime(map, "notBefore");
      const auto not_after = ReadTime(map, "notAfter");
      map.Finish();
      const std::string name = id ? id->String(mistakes_).value_or("") : "";
      if (id && std::any_of(keys_.begin(), keys_.end(),
                            [&](const NamedKey& key) { return key.id == name; })) {
        id->Complain(mistakes_, fmt::format("there is already a key \"{}\"", name));
      }
      const std::size_t before = keys_.size();
      AddKey(name, algorithm, pem);
      if (keys_.size() == before) continue;
      keys_.back().not_before = not_before;
      keys_.back().not_after = not_after;
    }
  }

  std::optional<gate::WallTime> ReadTime(MapReader& map, std::string_view key) {
    std::string text;
    if (!map.Read(key, text)) return std::nullopt;
    const auto time = gate::ParseRfc3339(text);
    if (time) return *time;
    map.Complain(key, time.error().message);
    return std::nullopt;
  }

  void AddKey(const std::string& id, const std::optional<Node>& algorithm,
              const std::optional<std::pair<Node, gate::Secret>>& pem) {
    const auto parsed = ParseAlgorithm(algorithm ? algorithm->String(mistakes_).value_or("") : "");
    if (algorithm && !parsed) algorithm->Complain(mistakes_, "algorithm is ed25519 or ecdsa-p256");
    if (pem && parsed) {
      auto key = SigningKey::FromPem(pem->second.Reveal(), *parsed);
      if (key) {
        keys_.push_back({id, *std::move(key), {}, {}});
        return;
      }
      pem->first.Complain(mistakes_, key.error().message);
    }
    // A stand-in, so that what refers to the key is not reported as a mistake too.
    auto stand_in = SigningKey::Generate(Algorithm::kEd25519);
    if (stand_in) keys_.push_back({id, *std::move(stand_in), {}, {}});
  }

  // The text of a private key and the node to complain at.
  std::optional<std::pair<Node, gate::Secret>> ReadPem(MapReader& map, const Node& item) {
    const auto file = map.Find("privateKeyFile");
    const auto inline_pem = map.Find("privateKey");
    if (file.has_value() == inline_pem.has_value()) {
      item.Complain(mistakes_, "give either privateKeyFile or privateKey");
      return std::nullopt;
    }
    if (inline_pem) {
      auto text = inline_pem->String(mistakes_);
      if (!text) return std::nullopt;
      return std::pair(*inline_pem, gate::Secret(*std::move(text)));
    }
    const auto path = file->String(mistakes_);
    if (!path) return std::nullopt;
    auto text = read_file_(ResolvePath(*path, file_));
    if (!text) {
      file->Complain(mistakes_, text.error().message);
      return std::nullopt;
    }
    return std::pair(*file, gate::Secret(*std::move(text)));
  }

  // Ed25519 from the seed, so that a script's answers are the same each time; ECDSA signatures
  // differ each time anyway.
  void MakeRogues() {
    if (keys_.empty()) return;
    const auto ed25519 = SigningKey::FromEd25519Bytes(
        gate::Sha256(fmt::format("mock-mc wrong key {}", script_.seed)));
    const auto ecdsa = SigningKey::Generate(Algorithm::kEcdsaP256);
    if (!ed25519 || !ecdsa) {
      mistakes_.Add((ed25519 ? ecdsa : ed25519).error().message);
      return;
    }
    rogues_.emplace(Algorithm::kEd25519, *ed25519);
    rogues_.emplace(Algorithm::kEcdsaP256, *ecdsa);
  }

  void ReadResponses(const Node& node, const ReadContext& context) {
    for (const auto& [name, value] : node.Entries(mistakes_)) {
      Answer answer;
      MapReader map(value, mistakes_);
      answer.has_content = ReadResponseFields(map, answer.response, context);
      map.Finish();
      RequireContent(answer, value, mistakes_);
      answer.response.name = name.Text();
      responses_.emplace(name.Text(), std::move(answer.response));
    }
  }

  const std::string& file_;
  const FileReader& read_file_;
  Mistakes mistakes_;
  Script script_;
  std::vector<NamedKey> keys_;
  std::map<Algorithm, SigningKey> rogues_;
  std::map<std::string, Response> responses_;
};

}  // namespace

std::string_view ToString(Malformed malformed) {
  switch (malformed) {
    case Malformed::kNone:
      return "none";
    case Malformed::kJsonTruncated:
      return "json-truncated";
    case Malformed::kJsonGarbage:
      return "json-garbage";
    case Malformed::kHtml:
      return "html";
    case Malformed::kDuplicateKeys:
      return "duplicate-keys";
    case Malformed::kNotUtf8:
      return "not-utf8";
    case Malformed::kTooLarge:
      return "too-large";
    case Malformed::kTrailingBytes:
      return "trailing-bytes";
    case Malformed::kNan:
      return "nan";
    case Malformed::kDeepNesting:
      return "deep-nesting";
    case Malformed::kByteOrderMark:
      return "byte-order-mark";
  }
  return "none";
}

std::string_view ToString(Breakage::Layer layer) {
  return layer == Breakage::Layer::kPayload ? "payload" : "envelope";
}

std::string_view ToString(ClaimedAlgorithm algorithm) {
  switch (algorithm) {
    case ClaimedAlgorithm::kNone:
      return "none";
    case ClaimedAlgorithm::kHs256:
      return "HS256";
    case ClaimedAlgorithm::kEs256:
      return "ES256";
    case ClaimedAlgorithm::kEdDsa:
      return "EdDSA";
  }
  return "none";
}

std::string_view ToString(Scheme scheme) { return scheme == Scheme::kDsse ? "dsse" : "jws"; }

Result<Script> ReadScript(std::string_view text, const std::string& file,
                          const FileReader& read_file) {
  const auto document = gate::yaml::Document::Parse(text, file);
  if (!document) return document.error();
  return ScriptReader(file, read_file).Read(document->root());
}

}  // namespace mock_mc
