#include "mock-mc/admin/journal_json.h"

#include <string>

#include "gate/base/encoding.h"

namespace mock_mc {
namespace {

using gate::Instant;
using gate::Json;

constexpr int kNanosecondDigits = 9;

Json ToJson(const Fields& fields) {
  Json pairs = Json::array();
  for (const auto& [name, value] : fields) pairs.push_back(Json::array({name, value}));
  return pairs;
}

Json SinceStart(Instant at, Instant start) { return (at - start).count(); }

void AddBody(const JournalEntry& entry, Json& json) {
  json["bodyBytes"] = entry.body_bytes;
  json["bodyTruncated"] = entry.body.size() < entry.body_bytes;
  if (gate::IsValidUtf8(entry.body)) {
    json["body"] = entry.body;
  } else {
    json["bodyBase64"] = gate::Base64Encode(entry.body);
  }
}

void AddDecision(const Decision& decision, Json& json) {
  json["space"] = decision.space;
  json["rule"] = decision.rule;
  json["response"] = decision.response;
  json["key"] = decision.key;
  json["n"] = decision.n;
  json["release"] = decision.release;
  json["stage"] = decision.stage;
  json["environment"] = decision.environment;
  json["nonce"] = decision.nonce;
  json["traceId"] = decision.trace_id;
  json["status"] = decision.status;
  json["evidenceOk"] = decision.evidence_ok ? Json(*decision.evidence_ok) : Json(nullptr);
  json["deliberate"] = decision.deliberate;
  json["fault"] = decision.fault;
  json["delayNs"] = decision.delay.count();
  json["draws"] = ToJson(decision.draws);
  json["internalError"] =
      decision.internal_error.empty() ? Json(nullptr) : Json(decision.internal_error);
}

void AddCompletion(const JournalEntry& entry, Instant start, Json& json) {
  const std::optional<Completion>& completion = entry.completion;
  json["ended"] = completion ? Json(ToString(completion->ending)) : Json(nullptr);
  if (!completion) return;
  json["endedAt"] = gate::FormatRfc3339(completion->at.wall, kNanosecondDigits);
  json["endedNs"] = SinceStart(completion->at.at, start);
  json["firstByteNs"] =
      completion->first_byte ? SinceStart(*completion->first_byte, start) : Json(nullptr);
  json["achievedDelayNs"] = completion->first_byte
                                ? SinceStart(*completion->first_byte, entry.arrived.at)
                                : Json(nullptr);
  json["bytesWritten"] = completion->bytes_written;
  json["bytesRead"] = completion->bytes_read;
  json["endDetail"] = completion->detail;
}

}  // namespace

Json ToJson(const JournalEntry& entry, Instant start) {
  Json json = {{"sequence", entry.sequence},
               {"connection", entry.connection},
               {"arrivedAt", gate::FormatRfc3339(entry.arrived.wall, kNanosecondDigits)},
               {"arrivedNs", SinceStart(entry.arrived.at, start)},
               {"method", entry.method},
               {"path", entry.path},
               {"query", ToJson(entry.query)},
               {"headers", ToJson(entry.headers)}};
  AddBody(entry, json);
  AddDecision(entry.decision, json);
  AddCompletion(entry, start, json);
  return json;
}

}  // namespace mock_mc
