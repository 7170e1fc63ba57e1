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

constexpr int kNotFound = 404;

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

// Whether keyrings let the key count at the time of signing and of `issuedAt`.
bool IsKeyValid(const Evidence& evidence, gate::WallTime now) {
  const auto within = [&](gate::WallTime time) {
    return (!evidence.key_not_before || time >= *evidence.key_not_before) &&
           (!evidence.key_not_after || time <= *evidence.key_not_after);
  };
  return within(now) && within(now + evidence.issued_at);
}

std::vector<std::string> DeliberateErrors(const Response& response, gate::WallTime now) {
  std::vector<std::string> errors;
  if (response.evidence) {
    errors = response.evidence->deliberate;
    if (!IsKeyValid(*response.evidence, now)) errors.emplace_back("keyNotValid");
  }
  const Malformed how = response.malformed.how;
  if (how != Malformed::kNone) errors.emplace_back(ToString(how));
  return errors;
}

void FillIn(const Facts& facts, Decision& decision) {
  decision.space = facts.space;
  decision.release = facts.release;
  decision.stage = facts.stage;
  decision.environment = facts.environment;
  decision.nonce = facts.nonce;
}

const Item& ItemAt(const Rule& rule, std::size_t index) {
  if (const auto* sequence = std::get_if<Sequence>(&rule.answers)) {
    return sequence->at(index).item;
  }
  return std::get<Timeline>(rule.answers).phases.at(index).item;
}

// What the item answers after having been in force for `elapsed`.
const Response& Usual(const Item& item, Nanos elapsed) {
  if (!item.flap) return item.response;
  const Flap& flap = *item.flap;
  const auto place = static_cast<double>(((elapsed + flap.shift) % flap.period).count());
  const bool own = place < flap.duty * static_cast<double>(flap.period.count());
  return own ? item.response : flap.other;
}

Response Alter(const Response& usual, const Alternative& alternative) {
  if (alternative.response) return *alternative.response;
  Response response = usual;
  if (alternative.delay) response.delay = alternative.delay;
  if (alternative.fault.kind != Fault::Kind::kNone) response.fault = alternative.fault;
  return response;
}

// The alternative of the first chance that happens at this site; nullptr if none does. `prefix`
// separates the chances of different items.
const Alternative* DrawAlternative(const std::vector<Chance>& chances, const DrawSite& site,
                                   const std::string& prefix, Decision& decision) {
  for (std::size_t i = 0; i < chances.size(); ++i) {
    const std::string concern = fmt::format("{}sometimes-{}", prefix, i + 1);
    OddsOutcome outcome = DrawOdds(chances[i].odds, site, concern);
    decision.draws.emplace_back(concern, std::move(outcome.text));
    if (!outcome.fires) continue;
    const auto& alternatives = chances[i].alternatives;
    if (alternatives.size() == 1) return &alternatives.front();
    const std::string which = concern + "-any";
    const std::uint64_t drawn = DrawBelow(alternatives.size(), site, which);
    decision.draws.emplace_back(which, fmt::format("{} of {}", drawn + 1, alternatives.size()));
    return &alternatives[drawn];
  }
  return nullptr;
}

std::string StateId(const Decision& decision) {
  return decision.space + '\0' + decision.rule + '\0' + decision.key;
}

}  // namespace

Plan RefusalPlan(int status, std::string_view error, const Moment& now) {
  Request none;
  none.keep_alive = false;
  return UnscriptedPlan("malformed-request", status, error, none, now, Decision());
}

Engine::Engine(Script script, FileReader read_file, const Moment& started, std::size_t most_states)
    : script_(std::move(script)),
      read_file_(std::move(read_file)),
      started_(started),
      most_states_(most_states) {}

Plan Engine::Handle(const Request& request, const Moment& now) {
  Decision decision;
  decision.trace_id = TraceIdOf(request);
  Facts facts;
  const Route route = FindRoute(request, now, facts);
  FillIn(facts, decision);
  if (const auto* refusal = std::get_if<Refusal>(&route)) {
    return UnscriptedPlan(refusal->response, refusal->status, refusal->error, request, now,
                          std::move(decision));
  }
  if (const auto* failure = std::get_if<InternalFailure>(&route)) {
    return InternalError(request, now, std::move(decision), failure->error);
  }
  if (const auto* rule = std::get_if<const Rule*>(&route)) {
    return AnswerByRule(**rule, request, facts, now, std::move(decision));
  }
  decision.rule = kOverrideRule;
  decision.key = ReleaseAndStageKey(facts);
  const auto share = TakeShare(nullptr, decision, now);
  if (!share) return TooManyKeys(request, now, std::move(decision));
  return Answer(*std::get<std::shared_ptr<const Response>>(route), *share, request, facts, now,
                std::move(decision));
}

Explanation Engine::Explain(const Request& request, const Moment& now) const {
  Facts facts;
  const Route route = FindRoute(request, now, facts);
  Explanation explanation;
  explanation.space = facts.space;
  const auto* refusal = std::get_if<Refusal>(&route);
  if (const auto* failure = std::get_if<InternalFailure>(&route)) {
    explanation.before_rules = failure->error;
  } else if (std::holds_alternative<std::shared_ptr<const Response>>(route)) {
    explanation.before_rules = "an override is in force";
  } else if (refusal != nullptr && refusal->status != kNotFound) {
    explanation.before_rules = refusal->error;
  }
  const auto* answering = std::get_if<const Rule*>(&route);
  for (const Rule& rule : script_.rules) {
    explanation.rules.push_back(
        {rule.id, answering != nullptr && *answering == &rule, WhyNot(rule, request, facts)});
  }
  return explanation;
}

Engine::Route Engine::FindRoute(const Request& request, const Moment& now, Facts& facts) const {
  auto target = ParseTarget(request.target);
  if (!target) return Refusal{"malformed-request", 400, target.error().message};
  facts = ReadFacts(*std::move(target), request, script_.space);
  if (facts.is_evidence_request) {
    const auto good = IsTokenGood(request);
    if (!good) return InternalFailure{good.error().message};
    if (!*good) return Refusal{"unauthorized", 401, "the token is missing or wrong"};
    if (auto response = FindOverride(facts, now)) return response;
  }
  for (const Rule& rule : script_.rules) {
    if (Matches(rule, request, facts)) return &rule;
  }
  if (facts.is_evidence_request) return Refusal{"no-evidence", kNotFound, "no evidence"};
  return Refusal{"no-such-path", kNotFound, "no such path"};
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

std::shared_ptr<const Response> Engine::FindOverride(const Facts& facts, const Moment& now) const {
  const std::lock_guard lock(mutex_);
  const OverrideEntry* best = nullptr;
  const auto exactness = [](const Override& about) {
    return (about.space ? 2 : 0) + (about.stage ? 1 : 0);
  };
  for (const OverrideEntry& entry : overrides_) {
    const Override& about = entry.about;
    const bool fits = about.release == facts.release &&
                      about.stage.value_or(facts.stage) == facts.stage &&
                      about.space.value_or(facts.space) == facts.space;
    if (!fits || (entry.until && now.at >= *entry.until)) continue;
    if (best == nullptr || exactness(about) > exactness(best->about)) best = &entry;
  }
  return best == nullptr ? nullptr : best->response;
}

// Counts the request and says what that makes of it; nothing if there are too many states.
std::optional<Engine::Share> Engine::TakeShare(const Rule* rule, const Decision& decision,
                                               const Moment& now) {
  std::string id = StateId(decision);
  const std::lock_guard lock(mutex_);
  auto found = states_.find(id);
  if (found == states_.end()) {
    if (states_.size() >= most_states_) return std::nullopt;
    found = states_.emplace(std::move(id), State{0, now.at, decision.nonce}).first;
  }
  State& state = found->second;
  Share share{++state.n, 0, 0, Nanos(0), state.first_nonce};
  if (rule != nullptr) Place(*rule, now, state, share);
  // Threads read the clock before they get here, and time must not seem to go back.
  share.item = std::max(share.item, state.item);
  state.n_in_item = share.item == state.item ? state.n_in_item + 1 : 1;
  state.item = share.item;
  share.n_in_item = state.n_in_item;
  share.elapsed_in_item = std::max(share.elapsed_in_item, Nanos(0));
  return share;
}

// Which item is in force for a request, and for how long it has been.
void Engine::Place(const Rule& rule, const Moment& now, const State& state, Share& share) const {
  if (const auto* sequence = std::get_if<Sequence>(&rule.answers)) {
    auto before = static_cast<std::int64_t>(share.n) - 1;  // earlier requests of this key
    while (share.item + 1 < sequence->size() && before >= (*sequence)[share.item].times) {
      before -= (*sequence)[share.item].times;
      ++share.item;
    }
    return;
  }
  const auto& timeline = std::get<Timeline>(rule.answers);
  Nanos elapsed = now.at - (timeline.since == Timeline::Since::kStart ? started_.at : state.first);
  while (share.item + 1 < timeline.phases.size() && elapsed >= timeline.phases[share.item].length) {
    elapsed -= timeline.phases[share.item].length;
    ++share.item;
  }
  share.elapsed_in_item = elapsed;
}

Plan Engine::AnswerByRule(const Rule& rule, const Request& request, const Facts& facts,
                          const Moment& now, Decision decision) {
  decision.rule = rule.id;
  decision.key = KeyOf(rule.key, request, facts);
  const auto share = TakeShare(&rule, decision, now);
  if (!share) return TooManyKeys(request, now, std::move(decision));
  const Item& item = ItemAt(rule, share->item);
  const Response& usual = Usual(item, share->elapsed_in_item);
  // The rule's chances count all of its requests, an item's those that it answers.
  DrawSite site{script_.seed, decision.space, decision.rule, decision.key, share->n};
  std::string prefix;
  if (item.sometimes) {
    site.n = share->n_in_item;
    prefix = fmt::format("item-{}/", share->item + 1);
  }
  const auto& chances = item.sometimes ? *item.sometimes : rule.sometimes;
  const Alternative* alternative =
      chances.empty() ? nullptr : DrawAlternative(chances, site, prefix, decision);
  if (alternative == nullptr) {
    return Answer(usual, *share, request, facts, now, std::move(decision));
  }
  return Answer(Alter(usual, *alternative), *share, request, facts, now, std::move(decision));
}

Plan Engine::Answer(const Response& response, const Share& share, const Request& request,
                    const Facts& facts, const Moment& now, Decision decision) const {
  decision.n = share.n;
  decision.response = response.name;
  if (response.delay) {
    decision.delay = DrawDelay(*response.delay, DrawSite{script_.seed, decision.space,
                                                         decision.rule, decision.key, share.n});
    if (!std::holds_alternative<FixedDelay>(*response.delay)) {
      decision.draws.emplace_back("delay", gate::FormatDuration(decision.delay));
    }
  }
  auto answer = MakeAnswer(response, request, facts, share.first_nonce, now);
  if (!answer) return InternalError(request, now, std::move(decision), answer.error().message);
  decision.status = answer->status;
  if (response.evidence) decision.evidence_ok = response.evidence->ok;
  decision.deliberate = DeliberateErrors(response, now.wall);
  if (response.fault.kind != Fault::Kind::kNone) decision.fault = ToString(response.fault.kind);

  Plan plan;
  plan.keep_alive = request.keep_alive && !NeedsClose(response.fault);
  if (decision.delay > Nanos(0)) plan.steps.emplace_back(Wait{decision.delay});
  // What a fault draws from.
  const std::string seed = decision.fault.empty()
                               ? std::string()
                               : fmt::format("{}|{}|{}|{}|{}", script_.seed, decision.space,
                                             decision.rule, decision.key, decision.n);
  AddSteps(response.fault, Serialise(*answer, request.method, plan.keep_alive, now.wall),
           decision.delay, seed, plan);
  plan.decision = std::move(decision);
  return plan;
}

Plan Engine::TooManyKeys(const Request& request, const Moment& now, Decision decision) const {
  return InternalError(request, now, std::move(decision),
                       fmt::format("more than {} different keys", most_states_));
}

Result<HttpAnswer> Engine::MakeAnswer(const Response& response, const Request& request,
                                      const Facts& facts, const std::string& first_nonce,
                                      const Moment& now) const {
  HttpAnswer answer;
  if (response.evidence) {
    auto signed_answer =
        BuildEvidence(*response.evidence,
                      EvidenceSubject{facts.release, facts.environment, facts.stage, facts.nonce,
                                      first_nonce, SchemeAskedFor(request), now.wall},
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

Result<void> Engine::SetOverride(const Override& wanted, const Moment& now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(overrides_,
                [&](const OverrideEntry& entry) { return entry.until && now.at >= *entry.until; });
  const auto found = std::find_if(overrides_.begin(), overrides_.end(), [&](const auto& entry) {
    return entry.about.release == wanted.release && entry.about.stage == wanted.stage &&
           entry.about.space == wanted.space;
  });
  if (!wanted.ok) {
    if (found == overrides_.end()) {
      return Error{ErrorCode::kNotFound, "there is no override of this space, release and stage"};
    }
    overrides_.erase(found);
    return {};
  }
  if (!script_.default_evidence) {
    return Error{ErrorCode::kInvalidArgument, "the script has no keys to sign evidence with"};
  }
  if (found == overrides_.end() && overrides_.size() >= kMostOverrides) {
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("there are already {} overrides", kMostOverrides)};
  }
  Response response;
  response.name = *wanted.ok ? "flip/true" : "flip/false";
  response.evidence = script_.default_evidence;
  response.evidence->ok = *wanted.ok;
  OverrideEntry entry{wanted, std::nullopt, std::make_shared<const Response>(std::move(response))};
  if (wanted.lasts) entry.until = now.at + *wanted.lasts;
  if (found == overrides_.end()) {
    overrides_.push_back(std::move(entry));
  } else {
    *found = std::move(entry);
  }
  return {};
}

}  // namespace mock_mc
