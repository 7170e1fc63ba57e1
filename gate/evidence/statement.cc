#include "gate/evidence/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "gate/base/digest.h"
#include "gate/base/strict_json.h"
#include "gate/evidence/request.h"
#include "gate/evidence/text.h"

namespace gate::evidence {
namespace {

constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::string_view kPredicateType = "urn:rollout-gate:evidence:v1";
constexpr std::size_t kMaxReasons = 20;
constexpr std::size_t kMaxReasonBytes = 500;

// Reads required fields of one object and remembers the first mistake. A value that is missing or
// of the wrong type reads as an empty one; look at mistake() before using any.
class FieldReader {
 public:
  explicit FieldReader(const Json& object) : object_(object) {
    if (!object.is_object()) Complain("not a JSON object");
  }

  std::string String(const char* key) {
    const Json& value = Require(key);
    if (const auto* text = value.get_ptr<const std::string*>()) return *text;
    Complain(fmt::format("\"{}\" is missing or not a string", key));
    return "";
  }

  bool Bool(const char* key) {
    const Json& value = Require(key);
    if (const auto* flag = value.get_ptr<const bool*>()) return *flag;
    Complain(fmt::format("\"{}\" is missing or not true or false", key));
    return false;
  }

  WallTime Time(const char* key) {
    const auto time = ParseRfc3339(String(key));
    if (time) return *time;
    Complain(fmt::format("\"{}\" is not an RFC 3339 time", key));
    return {};
  }

  // Null if there is no object.
  const Json& Object(const char* key) {
    const Json& value = Require(key);
    if (value.is_object()) return value;
    Complain(fmt::format("\"{}\" is missing or not an object", key));
    return nothing_;
  }

  // Null if there is no list.
  const Json& List(const char* key) {
    const Json& value = Require(key);
    if (value.is_array()) return value;
    Complain(fmt::format("\"{}\" is missing or not a list", key));
    return nothing_;
  }

  // The strings of a list that may be absent.
  std::vector<std::string> OptionalStrings(const char* key) {
    std::vector<std::string> texts;
    if (!object_.contains(key)) return texts;
    for (const Json& item : List(key)) {
      const auto* text = item.get_ptr<const std::string*>();
      if (text == nullptr) {
        Complain(fmt::format("\"{}\" holds something that is not a string", key));
        return {};
      }
      texts.push_back(*text);
    }
    return texts;
  }

  void Complain(std::string mistake) {
    if (mistake_.empty()) mistake_ = std::move(mistake);
  }
  const std::string& mistake() const { return mistake_; }

 private:
  const Json& Require(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nothing_ : *found;
  }

  const Json& object_;
  const Json nothing_;  // null: has no fields, and a loop over it makes no round
  std::string mistake_;
};

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Error Malformed(std::string_view what, std::string_view mistake) {
  return Error{ErrorCode::kProtocol, fmt::format("{}: {}", what, mistake)};
}

Result<Json> ParsePayload(std::string_view payload) {
  auto parsed = ParseStrictJson(payload, {.max_bytes = kMaxBodyBytes});
  if (!parsed) return Malformed("the signed payload is not JSON", parsed.error().message);
  return parsed;
}

// The fields that both forms have in common.
Evidence ReadEvidence(FieldReader& fields) {
  Evidence evidence;
  evidence.evidence_ok = fields.Bool("evidenceOk");
  for (const std::string& reason : fields.OptionalStrings("reasons")) {
    if (evidence.reasons.size() == kMaxReasons) break;
    evidence.reasons.push_back(Sanitize(reason, kMaxReasonBytes));
  }
  evidence.environment = fields.String("environment");
  evidence.stage = fields.String("stage");
  evidence.nonce = fields.String("nonce");
  evidence.issued_at = fields.Time("issuedAt");
  evidence.expires_at = fields.Time("expiresAt");
  if (evidence.expires_at <= evidence.issued_at) {
    fields.Complain("\"expiresAt\" is not after \"issuedAt\"");
  }
  return evidence;
}

struct Subject {
  std::string name;
  std::string sha256;
};

Result<std::vector<Subject>> ReadSubjects(const Json& list) {
  std::vector<Subject> subjects;
  for (const Json& item : list) {
    FieldReader fields(item);
    std::string name = fields.String("name");
    FieldReader digest(fields.Object("digest"));
    std::string sha256 = digest.String("sha256");
    if (!IsSha256Hex(sha256)) digest.Complain("\"sha256\" is not 64 lower-case hex digits");
    for (const FieldReader* reader : {&fields, &digest}) {
      if (!reader->mistake().empty()) return Malformed("a subject", reader->mistake());
    }
    subjects.push_back({std::move(name), std::move(sha256)});
  }
  return subjects;
}

// Exactly one subject must carry the release id, with the digest of its UTF-8 bytes.
std::string ReleaseMismatch(const std::vector<Subject>& subjects, std::string_view release_id) {
  std::vector<const Subject*> named;
  for (const Subject& subject : subjects) {
    if (subject.name == release_id) named.push_back(&subject);
  }
  if (named.empty()) {
    const std::string other = subjects.empty() ? "nothing" : Quote(subjects.front().name);
    return fmt::format("the evidence is for {}, not for release {}", other, Quote(release_id));
  }
  if (named.size() > 1) {
    return fmt::format("{} subjects are named {}, expected one", named.size(), Quote(release_id));
  }
  if (named.front()->sha256 != Sha256Hex(release_id)) {
    return fmt::format("the subject {} has a digest that is not the one of its name",
                       Quote(release_id));
  }
  return "";
}

}  // namespace

Result<Statement> DecodeInToto(std::string_view payload, std::string_view release_id) {
  const auto json = ParsePayload(payload);
  if (!json) return json.error();
  FieldReader fields(*json);
  if (fields.String("_type") != kStatementType) {
    fields.Complain(fmt::format("\"_type\" is not {}", kStatementType));
  }
  if (fields.String("predicateType") != kPredicateType) {
    fields.Complain(fmt::format("\"predicateType\" is not {}", kPredicateType));
  }
  const auto subjects = ReadSubjects(fields.List("subject"));
  if (!fields.mistake().empty()) return Malformed("the statement", fields.mistake());
  if (!subjects) return subjects.error();
  FieldReader predicate(fields.Object("predicate"));
  Statement statement{ReadEvidence(predicate), ReleaseMismatch(*subjects, release_id)};
  for (const FieldReader* reader : {&fields, &predicate}) {
    if (!reader->mistake().empty()) return Malformed("the statement", reader->mistake());
  }
  statement.evidence.digest = Sha256Hex(payload);
  for (const Subject& subject : *subjects) {
    if (subject.name != release_id)
      statement.evidence.digests.push_back("sha256:" + subject.sha256);
  }
  if (statement.release_mismatch.empty()) statement.evidence.release_id = release_id;
  return statement;
}

Result<Statement> DecodePlain(std::string_view payload, std::string_view release_id) {
  const auto json = ParsePayload(payload);
  if (!json) return json.error();
  FieldReader fields(*json);
  Statement statement{ReadEvidence(fields), ""};
  const std::string released = fields.String("releaseId");
  statement.evidence.digests = fields.OptionalStrings("digests");
  for (const std::string& digest : statement.evidence.digests) {
    if (!digest.starts_with("sha256:") || !IsSha256Hex(std::string_view(digest).substr(7))) {
      fields.Complain("\"digests\" holds something else than sha256: and 64 lower-case hex digits");
    }
  }
  if (!fields.mistake().empty()) return Malformed("the answer", fields.mistake());
  statement.evidence.digest = Sha256Hex(payload);
  if (released == release_id) {
    statement.evidence.release_id = released;
  } else {
    statement.release_mismatch = fmt::format("the evidence is for release {}, not for {}",
                                             Quote(released), Quote(release_id));
  }
  return statement;
}

}  // namespace gate::evidence
