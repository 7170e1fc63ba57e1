#include "gate/record/status_store.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace gate::record {
namespace {

// A ConfigMap holds at most 1 MiB; a record is a few KiB at most (reasons are bounded).
constexpr std::size_t kHistoryRecords = 20;
constexpr std::size_t kHistoryBytes = std::size_t{256} << 10U;
constexpr Nanos kFirstPause = std::chrono::milliseconds(20);
constexpr Nanos kLongestPause = std::chrono::seconds(1);

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

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

Json DataOf(const Json& config_map) {
  const auto data = config_map.find("data");
  return data != config_map.end() && data->is_object() ? *data : Json::object();
}

audit::SealedRecord AsSealed(Json stored) {
  audit::ChainHead head{JsonInt(stored, "/seq"), JsonString(stored, "/hash")};
  std::string line = stored.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  return {std::move(stored), std::move(line), std::move(head)};
}

bool MayPass(const Error& error) {
  switch (error.code) {
    case ErrorCode::kConflict:
    case ErrorCode::kAlreadyExists:  // another writer created the ConfigMap first
    case ErrorCode::kNotFound:       // or deleted it in between
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kProtocol:
      return true;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kGone:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kCancelled:
      return false;
  }
  GATE_CHECK(false);
}

}  // namespace

std::string StatusConfigMapName(const std::string& rollout) { return "rollout-gate-" + rollout; }

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

Result<audit::SealedRecord> StatusStore::TryAppend(const StatusKey& key, const Json& record,
                                                   const Deadline& deadline) {
  const KubeRef ref{kube::kConfigMaps, key.ns, StatusConfigMapName(key.rollout)};
  auto current = kube_.Get(ref, deadline);
  if (!current && current.error().code != ErrorCode::kNotFound) return std::move(current).error();
  const Json data = current ? DataOf(*current) : Json::object();
  // An earlier attempt may have been applied although its answer never came.
  if (auto stored = FindInHistory(data, JsonString(record, "/id"))) {
    return AsSealed(*std::move(stored));
  }
  StatusUpdate update = AddToStatus(data, record);
  Json object = {{"apiVersion", "v1"},
                 {"kind", "ConfigMap"},
                 {"metadata",
                  {{"name", ref.name},
                   {"namespace", key.ns},
                   {"labels",
                    {{"app.kubernetes.io/managed-by", "rollout-gate"},
                     {"rollout-gate/rollout", key.rollout}}}}},
                 {"data", std::move(update.data)}};
  Result<Json> written = Error{ErrorCode::kUnavailable, "not written"};
  if (current) {
    object["metadata"]["resourceVersion"] = JsonString(*current, "/metadata/resourceVersion");
    written = kube_.MergePatch(ref, object, KubeSubresource::kNone, deadline);
  } else {
    written = kube_.Create(kube::kConfigMaps, key.ns, object, deadline);
  }
  if (!written) return std::move(written).error();
  return std::move(update.sealed);
}

Result<audit::SealedRecord> StatusStore::Append(const StatusKey& key, const Json& record,
                                                const Deadline& deadline) {
  GATE_CHECK(!JsonString(record, "/id").empty() && record.contains("stage"));
  Nanos pause = kFirstPause;
  for (;;) {
    auto appended = TryAppend(key, record, deadline);
    if (appended) return appended;
    if (!MayPass(appended.error())) {
      return std::move(appended).error().Wrap("writing ConfigMap " +
                                              StatusConfigMapName(key.rollout));
    }
    const Nanos jittered(
        static_cast<Nanos::rep>(rng_.Below(static_cast<std::uint64_t>(pause.count())) + 1));
    const Nanos wait = std::max(jittered, appended.error().retry_after.value_or(Nanos(0)));
    pause = std::min(pause * 2, kLongestPause);
    const Instant next = runtime_.Now() + wait;
    if (next >= deadline.at || runtime_.Sleep({next, deadline.stop}) == WaitResult::kStopped) {
      return std::move(appended).error().Wrap("writing ConfigMap " +
                                              StatusConfigMapName(key.rollout));
    }
  }
}

}  // namespace gate::record
