#include "mock-mc/behaviour/matching.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mock_mc {
namespace {

constexpr std::size_t kLongestQuote = 80;

// One thing that a rule asks of a request, and what it found there.
struct Mismatch {
  enum class Part { kMethod, kPath, kPathParameter, kQuery, kHeader };
  Part part;
  std::string_view name;
  std::string_view wanted;
  const std::string* found;  // nullptr: it is not there
};

// Reports each mismatch until `report` returns false. This is the only place that compares, for
// serving as for explaining.
template <typename Report>
void Compare(const Rule& rule, const Request& request, const Facts& facts, Fields& parameters,
             Report report) {
  using Part = Mismatch::Part;
  const Match& match = rule.match;
  if (match.method && !match.method->Matches(request.method) &&
      !report(Mismatch{Part::kMethod, "", match.method->text(), &request.method})) {
    return;
  }
  if (auto matched = match.path.Match(facts.target)) {
    parameters = *std::move(matched);
  } else if (!report(Mismatch{Part::kPath, "", match.path.text(), &facts.target.path})) {
    return;
  }
  const auto compare = [&](Part part, const auto& patterns, auto find) {
    return std::all_of(patterns.begin(), patterns.end(), [&](const auto& named) {
      const std::string* value = find(named.first);
      if (value != nullptr && named.second.Matches(*value)) return true;
      return report(Mismatch{part, named.first, named.second.text(), value});
    });
  };
  const auto parameter = [&](const std::string& name) { return FindField(parameters, name); };
  const auto query = [&](const std::string& name) { return FindField(facts.target.query, name); };
  const auto header = [&](const std::string& name) { return FindHeader(request.headers, name); };
  if (!compare(Part::kPathParameter, match.parameters, parameter)) return;
  if (!compare(Part::kQuery, match.query, query)) return;
  compare(Part::kHeader, match.headers, header);
}

std::string Quote(std::string_view text) {
  if (text.size() <= kLongestQuote) return fmt::format("\"{}\"", text);
  return fmt::format("\"{}...\"", text.substr(0, kLongestQuote));
}

std::string Describe(const Mismatch& mismatch) {
  using Part = Mismatch::Part;
  std::string what;
  switch (mismatch.part) {
    case Part::kMethod:
      what = "method";
      break;
    case Part::kPath:
      what = "path";
      break;
    case Part::kPathParameter:
      what = fmt::format("{{{}}} of the path", mismatch.name);
      break;
    case Part::kQuery:
      what = fmt::format("query {}", mismatch.name);
      break;
    case Part::kHeader:
      what = fmt::format("header {}", mismatch.name);
      break;
  }
  if (mismatch.part == Part::kHeader && SameHeaderName(mismatch.name, "Authorization")) {
    return fmt::format("{} is absent or another", what);  // neither is for people's eyes
  }
  if (mismatch.found == nullptr) {
    return fmt::format("{} is absent, wanted {}", what, Quote(mismatch.wanted));
  }
  return fmt::format("{} is {}, wanted {}", what, Quote(*mismatch.found), Quote(mismatch.wanted));
}

std::string OrEmpty(const std::string* text) { return text == nullptr ? "" : *text; }

// So that joining the parts of a key with '|' is unambiguous.
std::string EscapeForKey(std::string_view part) {
  std::string escaped;
  for (const char c : part) {
    if (c == '|') {
      escaped += "%7C";
    } else if (c == '%') {
      escaped += "%25";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string ValueOf(const KeyPart& part, const Request& request, const Facts& facts) {
  switch (part.from) {
    case KeyPart::From::kRelease:
      return facts.release;
    case KeyPart::From::kStage:
      return facts.stage;
    case KeyPart::From::kEnvironment:
      return facts.environment;
    case KeyPart::From::kPath:
      return OrEmpty(FindField(facts.parameters, part.name));
    case KeyPart::From::kQuery:
      return OrEmpty(FindField(facts.target.query, part.name));
    case KeyPart::From::kHeader:
      return OrEmpty(FindHeader(request.headers, part.name));
  }
  return "";
}

// "/spaces/NAME/rest" becomes "/rest"; "" if the path has another beginning.
std::string TakeSpaceFromPath(const std::vector<std::string>& prefix, Target& target) {
  auto& segments = target.segments;
  if (segments.size() < prefix.size() + 2 ||
      !std::equal(prefix.begin(), prefix.end(), segments.begin())) {
    return "";
  }
  const auto name = segments.begin() + static_cast<std::ptrdiff_t>(prefix.size());
  std::string space = *name;
  segments.erase(segments.begin(), name + 1);
  target.path.clear();
  for (const std::string& segment : segments) target.path += '/' + segment;
  return space;
}

// The name of the request's space, "" if it names none. Out of the path it is taken away.
std::string TakeSpace(const SpaceSource& space, const Request& request, Target& target) {
  switch (space.from) {
    case SpaceSource::From::kNowhere:
      return "";
    case SpaceSource::From::kHeader:
      return OrEmpty(FindHeader(request.headers, space.name));
    case SpaceSource::From::kQuery:
      return OrEmpty(FindField(target.query, space.name));
    case SpaceSource::From::kToken: {
      const std::string* credentials = FindHeader(request.headers, "Authorization");
      return credentials == nullptr ? "" : CredentialsFingerprint(*credentials);
    }
    case SpaceSource::From::kPath:
      return TakeSpaceFromPath(space.prefix, target);
  }
  return "";
}

}  // namespace

Facts ReadFacts(Target target, const Request& request, const SpaceSource& space) {
  Facts facts;
  facts.target = std::move(target);
  facts.space = TakeSpace(space, request, facts.target);
  if (facts.space.empty()) facts.space = space.fallback;
  facts.stage = OrEmpty(FindField(facts.target.query, "stage"));
  facts.environment = OrEmpty(FindField(facts.target.query, "environment"));
  facts.nonce = OrEmpty(FindField(facts.target.query, "nonce"));
  const auto& segments = facts.target.segments;
  facts.is_evidence_request = segments.size() == 3 && segments[0] == "v1" &&
                              segments[1] == "evidence" && !segments[2].empty();
  if (facts.is_evidence_request) facts.release = segments[2];
  return facts;
}

bool Matches(const Rule& rule, const Request& request, Facts& facts) {
  bool all = true;
  Fields parameters;
  Compare(rule, request, facts, parameters, [&](const Mismatch& /*mismatch*/) {
    all = false;
    return false;
  });
  if (!all) return false;
  facts.parameters = std::move(parameters);
  if (const std::string* release = FindField(facts.parameters, kReleaseParameter)) {
    facts.release = *release;
  }
  return true;
}

std::vector<std::string> WhyNot(const Rule& rule, const Request& request, const Facts& facts) {
  std::vector<std::string> reasons;
  Fields parameters;
  bool other_path = false;
  Compare(rule, request, facts, parameters, [&](const Mismatch& mismatch) {
    // On another path there is nothing to compare the path's parameters with.
    if (mismatch.part == Mismatch::Part::kPathParameter && other_path) return true;
    other_path = other_path || mismatch.part == Mismatch::Part::kPath;
    reasons.push_back(Describe(mismatch));
    return true;
  });
  return reasons;
}

std::string KeyOf(const std::vector<KeyPart>& parts, const Request& request, const Facts& facts) {
  std::string key;
  for (const KeyPart& part : parts) {
    if (&part != &parts.front()) key += '|';
    key += EscapeForKey(ValueOf(part, request, facts));
  }
  return key;
}

std::string ReleaseAndStageKey(const Facts& facts) {
  return EscapeForKey(facts.release) + "|" + EscapeForKey(facts.stage);
}

}  // namespace mock_mc
