#include "mock-mc/behaviour/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mock-mc/behaviour/draw.h"
#include "mock-mc/behaviour/evidence.h"

namespace mock_mc {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Nanos;
using gate::Result;

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

// The trace id of a well-formed traceparent of version 00, else "".
std::string TraceIdOf(const Request& request) {
  const std::string* header = FindHeader(request.headers, "traceparent");
  if (header == nullptr || header->size() != 55 || !header->starts_with("00-") ||
      (*header)[35] != '-') {
    return "";
  }
  std::string id = header->substr(3, 32);
  return id.find_first_not_of("0123456789abcdef") == std::string::npos ? id : "";
}

Scheme SchemeAskedFor(const Request& request) {
  const std::string* accept = FindHeader(request.headers, "Accept");
  const auto names = [&](std::string_view type) {
    return accept != nullptr && accept->find(type) != std::string::npos;
  };
  return names("application/json") && !names("in-toto+dsse") ? Scheme::kJws : Scheme::kDsse;
}

bool Matches(const std::vector<std::pair<std::string, TextPattern>>& patterns,
             const Fields& fields) {
  return std::all_of(patterns.begin(), patterns.end(), [&](const auto& named) {
    const std::string* value = FindField(fields, named.first);
    return value != nullptr && named.second.Matches(*value);
  });
}

bool MatchesHeaders(const std::vector<std::pair<std::string, TextPattern>>& patterns,
                    const Fields& headers) {
  return std::all_of(patterns.begin(), patterns.end(), [&](const auto& named) {
    const std::string* value = FindHeader(headers, named.first);
    return value != nullptr && named.second.Matches(*value);
  });
}

std::string TrimmedLine(std::string text) {
  const std::size_t end = text.find_last_not_of(" \r\n\t");
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

Plan PlainPlan(const HttpAnswer& answer, const Request& request, const Moment& now,
               Decision decision) {
  Plan plan;
  plan.keep_alive = request.keep_alive;
  plan.steps.emplace_back(Send{Serialise(answer, request.method, plan.keep_alive, now.wall)});
  decision.status = answer.status;
  plan.decision = std::move(decision);
  return plan;
}

// What is answered where the script says nothing; `name` is for the journal.
Plan UnscriptedPlan(std::string_view name, int status, std::string_view error,
                    const Request& request, const Moment& now, Decision decision) {
  decision.response = name;
  return PlainPlan(ErrorAnswer(status, error), request, now, std::move(decision));
}

Plan InternalError(const Request& request, const Moment& now, Decision decision,
                   std::string message) {
  HttpAnswer answer = ErrorAnswer(500, "mock-mc: " + message);
  answer.headers.emplace_back("X-Mock-Mc-Internal-Error", "true");
  decision.response = "internal-error";
  decision.internal_error = std::move(message);
  return PlainPlan(answer, request, now, std::move(decision));
}

std::vector<std::string> DeliberateErrors(const Response& response) {
  std::vector<std::string> errors;
  if (response.evidence) errors = response.evidence->deliberate;
  if (response.malformed != Malformed::kNone) errors.emplace_back(ToString(response.malformed));
  return errors;
}

// Turns the bytes of an answer into steps, as the fault wants it.
void AddSteps(const Fault& fault, std::string bytes, Plan& plan) {
  switch (fault.kind) {
    case Fault::Kind::kNone:
      plan.steps.emplace_back(Send{std::move(bytes)});
      return;
    case Fault::Kind::kHang:
      plan.steps.emplace_back(Hang{});
      return;
    case Fault::Kind::kDrip:
      plan.steps.emplace_back(Drip{std::move(bytes), fault.bytes, fault.every});
      return;
    case Fault::Kind::kPartialHeader:
      // Status line and whole header lines, then one whose value never ends.
      bytes.resize(bytes.find("\r\n\r\n") + 2);
      plan.steps.emplace_back(Send{bytes + "X-Endless: "});
      plan.steps.emplace_back(DripForever{'x', fault.every});
      return;
    case Fault::Kind::kReset:
    case Fault::Kind::kClose:
      bytes.resize(std::min(bytes.size(), fault.after_bytes));
      if (!bytes.empty()) plan.steps.emplace_back(Send{std::move(bytes)});
      if (fault.kind == Fault::Kind::kReset) {
        plan.steps.emplace_back(CloseRst{});
      } else {
        plan.steps.emplace_back(CloseFin{});
      }
      return;
  }
}

}  // namespace

Plan RefusalPlan(int status, std::string_view error, const Moment& now) {
  Request none;
  none.keep_alive = false;
  return UnscriptedPlan("malformed-request", status, error, none, now, Decision());
}

struct Engine::Facts {
  Target target;
  Fields parameters;  // of the path
  bool is_evidence_request = false;
  std::string release;
  std::string stage;
  std::string environment;
  std::string nonce;

  explicit Facts(Target taken_apart) : target(std::move(taken_apart)) {
    stage = OrEmpty(FindField(target.query, "stage"));
    environment = OrEmpty(FindField(target.query, "environment"));
    nonce = OrEmpty(FindField(target.query, "nonce"));
    const auto& segments = target.segments;
    is_evidence_request = segments.size() == 3 && segments[0] == "v1" &&
                          segments[1] == "evidence" && !segments[2].empty();
    if (is_evidence_request) release = segments[2];
  }

  void FillIn(Decision& decision) const {
    decision.release = release;
    decision.stage = stage;
    decision.environment = environment;
    decision.nonce = nonce;
  }

  std::string KeyOf(const std::vector<KeyPart>& parts, const Request& request) const {
    std::string key;
    for (const KeyPart& part : parts) {
      if (&part != &parts.front()) key += '|';
      key += EscapeForKey(ValueOf(part, request));
    }
    return key;
  }

 private:
  std::string ValueOf(const KeyPart& part, const Request& request) const {
    switch (part.from) {
      case KeyPart::From::kRelease:
        return release;
      case KeyPart::From::kStage:
        return stage;
      case KeyPart::From::kEnvironment:
        return environment;
      case KeyPart::From::kPath:
        return OrEmpty(FindField(parameters, part.name));
      case KeyPart::From::kQuery:
        return OrEmpty(FindField(target.query, part.name));
      case KeyPart::From::kHeader:
        return OrEmpty(FindHeader(request.headers, part.name));
    }
    return "";
  }
};

Engine::Engine(Script script, FileReader read_file, const Moment& started, std::size_t most_states)
    : script_(std::move(script)),
      read_file_(std::move(read_file)),
      started_(started),
      most_states_(most_states) {}

Plan Engine::Handle(const Request& request, const Moment& now) {
  Decision decision;
  decision.trace_id = TraceIdOf(request);
  auto target = ParseTarget(request.target);
  if (!target) {
    return UnscriptedPlan("malformed-request", 400, target.error().message, request, now,
                          std::move(decision));
  }
  Facts facts(*std::move(target));
  facts.FillIn(decision);
  if (facts.is_evidence_request) {
    if (auto refusal = CheckToken(request, now, decision)) return *std::move(refusal);
    if (const OverrideEntry* entry = FindOverride(facts)) {
      decision.rule = kOverrideRule;
      decision.key = EscapeForKey(facts.release) + "|" + EscapeForKey(facts.stage);
      return Answer([&](const State& /*state*/) -> const Response& { return entry->response; },
                    request, facts, now, std::move(decision));
    }
  }
  if (const Rule* rule = FindRule(request, facts)) {
    facts.FillIn(decision);
    decision.rule = rule->id;
    decision.key = facts.KeyOf(rule->key, request);
    return Answer([&](const State& state) -> const Response& { return Choose(*rule, state, now); },
                  request, facts, now, std::move(decision));
  }
  if (facts.is_evidence_request) {
    return UnscriptedPlan("no-evidence", 404, "no evidence", request, now, std::move(decision));
  }
  return UnscriptedPlan("no-such-path", 404, "no such path", request, now, std::move(decision));
}

std::optional<Plan> Engine::CheckToken(const Request& request, const Moment& now,
                                       const Decision& decision) const {
  const auto good = IsTokenGood(request);
  if (!good) return InternalError(request, now, decision, good.error().message);
  if (*good) return std::nullopt;
  return UnscriptedPlan("unauthorized", 401, "the token is missing or wrong", request, now,
                        decision);
}

Result<bool> Engine::IsTokenGood(const Request& request) const {
  if (!script_.token) return true;
  std::string expected(script_.token->value.Reveal());
  if (!script_.token->file.empty()) {
    auto text = read_file_(script_.token->file);
    if (!text) return std::move(text).error().Wrap("reading the expected token");
    expected = TrimmedLine(*std::move(text));
  }
  if (expected.empty()) {
    return Error{ErrorCode::kInvalidArgument, "the expected token is empty"};
  }
  const std::string* header = FindHeader(request.headers, "Authorization");
  return header != nullptr && *header == "Bearer " + expected;
}

const Engine::OverrideEntry* Engine::FindOverride(const Facts& facts) const {
  for (const OverrideEntry& entry : overrides_) {
    if (entry.release == facts.release && entry.stage.value_or(facts.stage) == facts.stage) {
      return &entry;
    }
  }
  return nullptr;
}

const Rule* Engine::FindRule(const Request& request, Facts& facts) const {
  for (const Rule& rule : script_.rules) {
    const Match& match = rule.match;
    if (match.method && !match.method->Matches(request.method)) continue;
    auto parameters = match.path.Match(facts.target);
    if (!parameters || !Matches(match.parameters, *parameters) ||
        !Matches(match.query, facts.target.query) ||
        !MatchesHeaders(match.headers, request.headers)) {
      continue;
    }
    facts.parameters = *std::move(parameters);
    if (const std::string* release = FindField(facts.parameters, kReleaseParameter)) {
      facts.release = *release;
    }
    return &rule;
  }
  return nullptr;
}

// Counts the request; nullptr if there are too many states.
const Engine::State* Engine::Touch(const Decision& decision, const Moment& now) {
  std::string id = decision.rule + '\0' + decision.key;
  auto found = states_.find(id);
  if (found == states_.end()) {
    if (states_.size() >= most_states_) return nullptr;
    found = states_.emplace(std::move(id), State{0, now.at, decision.nonce}).first;
  }
  ++found->second.n;
  return &found->second;
}

const Response& Engine::Choose(const Rule& rule, const State& state, const Moment& now) const {
  if (const auto* sequence = std::get_if<Sequence>(&rule.answers)) {
    auto before = static_cast<std::int64_t>(state.n) - 1;  // earlier requests of this key
    for (const Turn& turn : *sequence) {
      if (before < turn.times) return turn.response;
      before -= turn.times;
    }
    return sequence->back().response;
  }
  const auto& timeline = std::get<Timeline>(rule.answers);
  Nanos elapsed = now.at - (timeline.since == Timeline::Since::kStart ? started_.at : state.first);
  for (const Phase& phase : timeline.phases) {
    if (elapsed < phase.length) return phase.response;
    elapsed -= phase.length;
  }
  return timeline.phases.back().response;
}

template <typename Chooser>
Plan Engine::Answer(const Chooser& choose, const Request& request, const Facts& facts,
                    const Moment& now, Decision decision) {
  const State* state = Touch(decision, now);
  if (state == nullptr) {
    return InternalError(request, now, std::move(decision),
                         fmt::format("more than {} different keys", most_states_));
  }
  const Response& response = choose(*state);
  decision.n = state->n;
  decision.response = response.name;
  if (response.delay) {
    decision.delay =
        DrawDelay(*response.delay, DrawSite{script_.seed, decision.rule, decision.key, decision.n});
  }
  auto answer = MakeAnswer(response, request, facts, *state, now);
  if (!answer) return InternalError(request, now, std::move(decision), answer.error().message);
  decision.status = answer->status;
  if (response.evidence) decision.evidence_ok = response.evidence->ok;
  decision.deliberate = DeliberateErrors(response);
  if (response.fault.kind != Fault::Kind::kNone) decision.fault = ToString(response.fault.kind);

  Plan plan;
  plan.keep_alive = request.keep_alive;
  if (decision.delay > Nanos(0)) plan.steps.emplace_back(Wait{decision.delay});
  AddSteps(response.fault, Serialise(*answer, request.method, plan.keep_alive, now.wall), plan);
  plan.decision = std::move(decision);
  return plan;
}

Result<HttpAnswer> Engine::MakeAnswer(const Response& response, const Request& request,
                                      const Facts& facts, const State& state,
                                      const Moment& now) const {
  HttpAnswer answer;
  if (response.evidence) {
    auto signed_answer =
        BuildEvidence(*response.evidence,
                      EvidenceSubject{facts.release, facts.environment, facts.stage, facts.nonce,
                                      state.first_nonce, SchemeAskedFor(request), now.wall},
                      response.malformed);
    if (!signed_answer) return signed_answer;
    answer = *std::move(signed_answer);
  } else {
    answer.body = response.body;
    if (!response.content_type.empty()) {
      answer.headers.emplace_back("Content-Type", response.content_type);
    }
  }
  answer.status = response.status;
  for (const auto& [name, value] : response.headers) SetHeader(answer.headers, name, value);
  if (response.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*response.retry_after);
    SetHeader(answer.headers, "Retry-After", std::to_string(seconds.count()));
  }
  BreakBody(response.malformed, response.evidence.has_value(), answer);
  return answer;
}

Result<void> Engine::Override(const std::string& release, const std::optional<std::string>& stage,
                              std::optional<bool> ok) {
  const auto found = std::find_if(overrides_.begin(), overrides_.end(), [&](const auto& entry) {
    return entry.release == release && entry.stage == stage;
  });
  if (!ok) {
    if (found == overrides_.end()) {
      return Error{ErrorCode::kNotFound, "there is no override of this release and stage"};
    }
    overrides_.erase(found);
    return {};
  }
  if (!script_.default_evidence) {
    return Error{ErrorCode::kInvalidArgument, "the script has no keys to sign evidence with"};
  }
  Response response;
  response.name = *ok ? "flip/true" : "flip/false";
  response.evidence = script_.default_evidence;
  response.evidence->ok = *ok;
  if (found != overrides_.end()) {
    found->response = std::move(response);
    return {};
  }
  if (overrides_.size() >= kMostOverrides) {
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("there are already {} overrides", kMostOverrides)};
  }
  // Those of a stage before those of all stages, so that the more exact one counts.
  const auto place = stage ? overrides_.begin() : overrides_.end();
  overrides_.insert(place, OverrideEntry{release, stage, std::move(response)});
  return {};
}

}  // namespace mock_mc
