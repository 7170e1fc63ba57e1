#include "gate/record/status_store.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/record/config_map.h"

namespace gate::record {
namespace {

// A ConfigMap holds at most 1 MiB; a record is a few KiB at most (reasons are bounded).
constexpr std::size_t kHistoryRecords = 20;
constexpr std::size_t kHistoryBytes = std::size_t{256} << 10U;

std::string JoinNewest(const std::vector<std::string>& lines) {
  std::size_t first = lines.size() > kHistoryRecords ? lines.size() - kHistoryRecords : 0;
  std::size_t bytes = 0;
  for (std::size_t i = first; i < lines.size(); ++i) bytes += lines[i].size() + 1;
  while (bytes > kHistoryBytes && first + 1 < lines.size()) bytes -= lines[first++].size() + 1;
  std::string text;
  for (std::size_t i = first; i < lines.size(); ++i) text += lines[i] + '\n';
  return text;
}

std::string FormatHead(const audit::ChainHead& head) {
  return std::to_string(head.seq) + " " + head.hash;
}

// Nothing if there is a head but it is unreadable.
std::optional<audit::ChainHead> ReadHead(const Json& data) {
  if (!data.contains("audit-head")) return audit::ChainHead{};
  const std::string text = JsonString(data, "/audit-head");
  const std::size_t space = text.find(' ');
  audit::ChainHead head;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + std::min(space, text.size()), head.seq);
  if (space == std::string::npos || error != std::errc() || end != text.data() + space ||
      head.seq < 1 || text.size() - space - 1 != 64) {
    return std::nullopt;
  }
  head.hash = text.substr(space + 1);
  if (head.hash.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  return head;
}

audit::SealedRecord AsSealed(Json stored) {
  audit::ChainHead head{JsonInt(stored, "/seq"), JsonString(stored, "/hash")};
  std::string line = DumpJson(stored);
  return {std::move(stored), std::move(line), std::move(head)};
}

}  // namespace

std::string StatusConfigMapName(const std::string& rollout) { return "rollout-gate-" + rollout; }

ConfigMapPlace StatusPlace(const StatusKey& key) {
  return {key.ns,
          StatusConfigMapName(key.rollout),
          {{"app.kubernetes.io/managed-by", "rollout-gate"}, {kube::kRolloutLabel, key.rollout}}};
}

StatusUpdate AddToStatus(const Json& data, Json record) {
  const auto head = ReadHead(data);
  if (!head) record["chainReset"] = true;
  audit::SealedRecord sealed = audit::Seal(std::move(record), head.value_or(audit::ChainHead{}));
  std::vector<std::string> history = Lines(JsonString(data, "/history"));
  history.push_back(sealed.line);
  Json update = {{"stage-" + JsonString(sealed.record, "/stage"), sealed.line},
                 {"history", JoinNewest(history)},
                 {"audit-head", FormatHead(sealed.head)}};
  return {std::move(update), std::move(sealed)};
}

std::optional<Json> FindInHistory(const Json& data, const std::string& id) {
  for (const std::string& line : Lines(JsonString(data, "/history"))) {
    auto record = ParseStrictJson(line);
    if (record && JsonString(*record, "/id") == id) return *std::move(record);
  }
  return std::nullopt;
}

Result<audit::SealedRecord> StatusStore::Append(const StatusKey& key, const Json& record,
                                                const Deadline& deadline) {
  GATE_CHECK(!JsonString(record, "/id").empty() && record.contains("stage"));
  std::optional<audit::SealedRecord> sealed;
  const auto add = [&](const Json& data) -> std::optional<Json> {
    // An earlier attempt may have been applied although its answer never came.
    if (auto stored = FindInHistory(data, JsonString(record, "/id"))) {
      sealed = AsSealed(*std::move(stored));
      return std::nullopt;
    }
    StatusUpdate update = AddToStatus(data, record);
    sealed = std::move(update.sealed);
    return std::move(update.data);
  };
  auto updated = UpdateConfigMap(kube_, runtime_, rng_, StatusPlace(key), add, deadline);
  if (!updated) return std::move(updated).error();
  return *std::move(sealed);
}

}  // namespace gate::record
