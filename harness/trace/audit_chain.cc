#include "harness/trace/audit_chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "gate/base/digest.h"
#include "gate/base/encoding.h"

namespace drill {
namespace {

using gate::Json;

constexpr std::size_t kMostProblems = 20;
constexpr std::size_t kMostRecords = 10'000;

std::string HashOf(Json record) {
  record.erase("hash");
  return gate::Sha256Hex(gate::DumpJson(record));
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

void AuditChain::Complain(std::string problem) {
  if (std::find(problems_.begin(), problems_.end(), problem) != problems_.end()) return;
  if (problems_.size() < kMostProblems) problems_.push_back(std::move(problem));
}

void AuditChain::TakeLine(const std::string& line, std::vector<Json>& fresh) {
  auto record = gate::ParseStrictJson(line);
  const std::int64_t seq = record ? gate::JsonInt(*record, "/seq", 0) : 0;
  if (seq < 1) {
    Complain("a record is not readable: " + gate::Truncate(line, 200));
    return;
  }
  const auto known = records_.find(seq);
  if (known == records_.end()) {
    if (records_.size() >= kMostRecords) return Complain("there are too many records");
    fresh.push_back(*record);
    records_.emplace(seq, *std::move(record));
  } else if (known->second != *record) {
    Complain(fmt::format("record {} was changed after it was written", seq));
  }
}

std::vector<Json> AuditChain::Take(const Json& config_map) {
  std::vector<Json> fresh;
  const Json::json_pointer data("/data");
  if (!config_map.contains(data) || !config_map.at(data).is_object()) return fresh;
  for (const auto& [key, value] : config_map.at(data).items()) {
    if (!value.is_string()) continue;
    const std::string text = value.get<std::string>();
    if (key == "history" || key.starts_with("stage-")) {
      for (const std::string& line : Lines(text)) TakeLine(line, fresh);
    } else if (key == "audit-head") {
      last_head_ = text;
    }
  }
  std::sort(fresh.begin(), fresh.end(), [](const Json& a, const Json& b) {
    return gate::JsonInt(a, "/seq") < gate::JsonInt(b, "/seq");
  });
  return fresh;
}

AuditChain::Judgement AuditChain::Verify() const {
  if (!problems_.empty()) return {false, problems_.front()};
  if (records_.empty()) return {false, "the gate left no record"};
  std::string prev(64, '0');
  std::int64_t next = 1;
  for (const auto& [seq, record] : records_) {
    if (seq != next) return {false, fmt::format("record {} is missing", next)};
    const std::string hash = gate::JsonString(record, "/hash");
    if (hash != HashOf(record)) {
      return {false, fmt::format("record {} does not match its own hash", seq)};
    }
    if (gate::JsonString(record, "/prev") != prev) {
      return {false, fmt::format("record {} does not follow record {}", seq, seq - 1)};
    }
    prev = hash;
    ++next;
  }
  if (last_head_ != fmt::format("{} {}", next - 1, prev)) {
    return {false, fmt::format("audit-head does not name record {} and its hash", next - 1)};
  }
  return {true,
          fmt::format("{} record{} in order", records_.size(), records_.size() == 1 ? "" : "s")};
}

}  // namespace drill
