#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/secret.h"
#include "gate/base/time.h"
#include "mock-mc/behaviour/fault.h"
#include "mock-mc/behaviour/listener_spec.h"
#include "mock-mc/behaviour/pattern.h"
#include "mock-mc/behaviour/request.h"
#include "mock-mc/behaviour/signing_key.h"

// A script as data, after everything in it has been checked and resolved: names of responses and
// keys are replaced by what they name. docs/mock-mc.md describes the language.
namespace mock_mc {

// The whole file; kNotFound, kPermissionDenied, ... with a message that names the path.
using FileReader = std::function<gate::Result<std::string>(const std::string& path)>;

struct FixedDelay {
  gate::Nanos length{0};
};
struct UniformDelay {  // both ends included
  gate::Nanos low;
  gate::Nanos high;
};
struct LognormalDelay {
  gate::Nanos median;
  double sigma;
  gate::Nanos max;
};
using Delay = std::variant<FixedDelay, UniformDelay, LognormalDelay>;

// Ways to break the body of an answer that is otherwise sound HTTP.
enum class Malformed {
  kNone,
  kJsonTruncated,  // cut in the middle
  kJsonGarbage,    // not JSON
  kHtml,           // a proxy's error page with the scripted status
  kTooLarge,       // padded with white space, so that the JSON stays well-formed
  // These are put into the signed payload, under a good signature, or into the answer as a whole.
  kDuplicateKeys,  // evidenceOk twice, contradicting itself
  kNotUtf8,
  kTrailingBytes,  // a second JSON value after the first
  kNan,            // a number that JSON does not have
  kDeepNesting,    // kNestingLevels arrays in each other
  kByteOrderMark,
};
std::string_view ToString(Malformed malformed);
inline constexpr std::size_t kTooLargeBytes = std::size_t{2} << 20U;  // the contract allows 1 MiB
inline constexpr std::size_t kMostBodyBytes = std::size_t{256} << 20U;
inline constexpr std::size_t kNestingLevels = 10'000;

struct Breakage {
  enum class Layer { kPayload, kEnvelope };
  Malformed how = Malformed::kNone;
  Layer layer = Layer::kPayload;       // of evidence: what is signed, or the answer as a whole
  std::size_t bytes = kTooLargeBytes;  // kTooLarge: of the body
};
std::string_view ToString(Breakage::Layer layer);

// What a signature is made to look like whose key is of another kind, as JWS calls it.
enum class ClaimedAlgorithm {
  kNone,   // nothing was signed
  kHs256,  // an HMAC whose secret is the public key
  kEs256,
  kEdDsa,
};
std::string_view ToString(ClaimedAlgorithm algorithm);

enum class Scheme { kDsse, kJws };
std::string_view ToString(Scheme scheme);

// A signed answer and the ways in which it deliberately lies.
struct Evidence {
  bool ok = true;
  std::vector<std::string> reasons;
  Fields images;                 // image name, "sha256:<hex>"
  std::optional<Scheme> scheme;  // absent: as the request's Accept asks
  std::string key_id;
  std::optional<SigningKey> signer;              // absent: no signature
  std::optional<gate::WallTime> key_not_before;  // when the key named by key_id counts
  std::optional<gate::WallTime> key_not_after;
  bool tamper = false;                                // evidenceOk is turned round after signing
  bool double_signature = false;                      // it is there twice
  std::optional<ClaimedAlgorithm> claimed_algorithm;  // absent: the signer's
  std::optional<std::string> release;
  std::optional<std::string> environment;
  std::optional<std::string> stage;
  bool replay_nonce = false;  // echo the first nonce seen in this state
  std::optional<std::string> nonce;
  gate::Nanos issued_at{0};                          // relative to now
  gate::Nanos expires_in = std::chrono::minutes(5);  // relative to now
  Fields set;                     // members of the payload, and the JSON that is put there instead
  std::vector<std::string> omit;  // members of the payload that are left out
  std::vector<std::string> deliberate;  // names of the lies told, for the journal
};

struct Response {
  std::string name;  // for the journal
  int status = 200;
  Fields headers;
  std::string body;
  std::string content_type;
  std::optional<Evidence> evidence;  // makes the body
  std::optional<gate::Nanos> retry_after;
  Breakage malformed;
  std::optional<Delay> delay;
  Fault fault;
};

struct Probability {  // each time anew; 0 never, 1 always
  double p;
};
struct ExactShare {  // exactly `hits` of each `of` consecutive requests, shuffled by the seed
  std::uint32_t hits;
  std::uint32_t of;
};
using Odds = std::variant<Probability, ExactShare>;
inline constexpr std::uint32_t kMostOf = 10'000;

// What is answered instead of the usual.
struct Alternative {
  std::optional<Response> response;  // absent: the usual answer, but for
  std::optional<Delay> delay;        // these
  Fault fault;
};

// Something that happens now and then.
struct Chance {
  Odds odds;
  std::vector<Alternative> alternatives;  // one is drawn; at least one
};

// Two answers in turn: the item's own for `duty` of each period, then `other`.
struct Flap {
  Response other;
  gate::Nanos period;
  double duty;        // 0 to 1
  gate::Nanos shift;  // how far into its period it begins
};

// What a rule answers for some time or number of requests.
struct Item {
  Response response;
  std::optional<Flap> flap;  // in timelines only
  std::optional<std::vector<Chance>>
      sometimes;  // the first that happens counts; absent: the rule's
};

struct Turn {
  Item item;
  std::int64_t times = 1;  // the last turn answers all further requests
};
using Sequence = std::vector<Turn>;

struct Phase {
  Item item;
  gate::Nanos length{0};  // the last phase lasts for ever
};
struct Timeline {
  enum class Since { kFirstRequest, kStart };
  Since since = Since::kFirstRequest;
  std::vector<Phase> phases;
};

// What part of a request names its space. Requests of different spaces share no state: counters,
// timelines, draws and overrides are those of one space.
struct SpaceSource {
  enum class From { kNowhere, kHeader, kQuery, kToken, kPath };
  From from = From::kNowhere;
  std::string name;                 // of the header or query parameter
  std::vector<std::string> prefix;  // kPath: the segments before the space's name
  std::string fallback;             // the space of requests that name none
};

// What part of a request selects the state (counters, timeline) that a rule uses for it.
struct KeyPart {
  enum class From { kRelease, kStage, kEnvironment, kPath, kQuery, kHeader };
  From from;
  std::string name;  // for kPath, kQuery, kHeader
};

struct Match {
  std::optional<TextPattern> method;
  PathPattern path;
  std::vector<std::pair<std::string, TextPattern>> parameters;  // of the path
  std::vector<std::pair<std::string, TextPattern>> query;
  std::vector<std::pair<std::string, TextPattern>> headers;
};

struct Rule {
  std::string id;
  Match match;
  std::vector<KeyPart> key;
  std::variant<Sequence, Timeline> answers;
  std::vector<Chance> sometimes;
};

// "host:port" each; empty if not given.
struct Listen {
  std::string http;
  std::string https;
  std::string admin;
  std::string tls_cert;  // paths, already relative to the working directory
  std::string tls_key;
};

// The bearer token that evidence requests must carry.
struct Token {
  std::string file;  // read for every request; empty: `value` counts
  gate::Secret value;
};

struct JournalLimits {
  std::size_t entries = 10'000;
  std::size_t bytes = std::size_t{8} << 20U;
  std::size_t body_bytes = std::size_t{16} << 10U;  // kept of each request's body
};

struct Script {
  std::uint64_t seed = 0;
  Listen listen;
  std::vector<ListenerSpec> listeners;  // besides those of `listen`; opened at start only
  AuthorityFiles authority;
  JournalLimits journal;
  SpaceSource space;
  std::optional<Token> token;
  // Plain good evidence signed with the first key, for runtime overrides; absent without keys.
  std::optional<Evidence> default_evidence;
  std::vector<Rule> rules;
};

// The path of evidence requests, and the name of its parameter.
inline constexpr std::string_view kEvidencePath = "/v1/evidence/{releaseId}";
inline constexpr std::string_view kReleaseParameter = "releaseId";

// The rule that the journal names for runtime overrides; no rule of a script may be called so.
inline constexpr std::string_view kOverrideRule = "flip";

// Reads a script (strict YAML). `file` is for messages, and paths in the script are relative to its
// directory. Key files are read now; the token file must be readable now and is read again for
// every request. All mistakes are reported at once, one line each: "file:line:column: what".
gate::Result<Script> ReadScript(std::string_view text, const std::string& file,
                                const FileReader& read_file);

}  // namespace mock_mc
