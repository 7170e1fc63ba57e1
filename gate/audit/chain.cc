#include "gate/audit/chain.h"

#include <fmt/format.h>

#include <utility>

#include "gate/base/digest.h"

namespace gate::audit {
namespace {}  // namespace

SealedRecord Seal(Json record, const ChainHead& head) {
  GATE_CHECK(record.is_object());
  record["seq"] = head.seq + 1;
  record["prev"] = head.hash;
  record.erase("hash");
  const std::string hash = Sha256Hex(DumpJson(record));
  record["hash"] = hash;
  std::string line = DumpJson(record);
  return {std::move(record), std::move(line), {head.seq + 1, hash}};
}

Result<ChainHead> HeadOf(const Json& record) {
  if (!record.is_object() || JsonString(record, "/hash").size() != 64 ||
      JsonInt(record, "/seq") < 1) {
    return Error{ErrorCode::kProtocol, "no audit record: seq or hash is missing"};
  }
  return ChainHead{JsonInt(record, "/seq"), JsonString(record, "/hash")};
}

Result<ChainHead> Follow(const Json& record, const ChainHead& head) {
  auto claimed = HeadOf(record);
  if (!claimed) return claimed;
  if (claimed->seq != head.seq + 1) {
    return Error{ErrorCode::kProtocol,
                 fmt::format("record {} follows record {}", claimed->seq, head.seq)};
  }
  if (JsonString(record, "/prev") != head.hash) {
    return Error{
        ErrorCode::kProtocol,
        fmt::format("record {} does not name the hash of the one before it", claimed->seq)};
  }
  Json body = record;
  body.erase("hash");
  if (Sha256Hex(DumpJson(body)) != claimed->hash) {
    return Error{ErrorCode::kProtocol, fmt::format("record {} was changed", claimed->seq)};
  }
  return claimed;
}

}  // namespace gate::audit
