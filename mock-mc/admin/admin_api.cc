#include "mock-mc/admin/admin_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "gate/base/strict_json.h"
#include "gate/yaml/strict_yaml.h"
#include "mock-mc/admin/journal_json.h"
#include "mock-mc/admin/metrics.h"
#include "mock-mc/admin/status_page.h"

namespace mock_mc {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Nanos;
using gate::Result;

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kPrometheusText = "text/plain; version=0.0.4";
constexpr std::array<std::string_view, 10> kPaths = {
    "/",       "/healthz", "/metrics", "/ca.pem", "/journal", "/journal.jsonl",
    "/verify", "/wait",    "/script",  "/flip"};

constexpr std::size_t kDefaultPage = 1'000;
constexpr std::size_t kLargestPage = 10'000;
constexpr std::size_t kLargestCount = 1'000'000'000;
constexpr Nanos kDefaultWait = std::chrono::seconds(5);
constexpr Nanos kLongestWait = std::chrono::minutes(10);
constexpr Nanos kLongestFlip = std::chrono::hours(24 * 365);

AdminReply Reply(int status, const Json& body) {
  return {status, gate::DumpJson(body) + "\n", "application/json"};
}

AdminReply ErrorReply(int status, std::string_view error) {
  return Reply(status, {{"error", error}});
}

int StatusOf(ErrorCode code) {
  if (code == ErrorCode::kNotFound) return 404;
  if (code == ErrorCode::kResourceExhausted) return 429;
  return 400;
}

// Takes query parameters one by one; the first mistake is kept, and what nobody took is one.
class QueryReader {
 public:
  explicit QueryReader(const Fields& fields) : fields_(fields), taken_(fields.size(), false) {}

  std::optional<std::string> Text(std::string_view name) {
    known_.emplace_back(name);
    std::optional<std::string> text;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].first != name) continue;
      taken_[i] = true;
      if (text) Complain(fmt::format("{} is given twice", name));
      text = fields_[i].second;
    }
    return text;
  }

  std::optional<std::size_t> Count(std::string_view name, std::size_t most) {
    const auto text = Text(name);
    if (!text) return std::nullopt;
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
    if (text->empty() || error != std::errc() || end != text->data() + text->size() ||
        count > most) {
      Complain(fmt::format("{}: \"{}\" is not a number from 0 to {}", name, *text, most));
      return std::nullopt;
    }
    return count;
  }

  void Complain(std::string message) {
    if (!mistake_) mistake_ = gate::InvalidArgument(std::move(message));
  }

  // The mistake, if there was one.
  std::optional<Error> Finish() {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (taken_[i]) continue;
      Complain(fmt::format("unknown parameter \"{}\"; known here: {}", fields_[i].first,
                           fmt::join(known_, ", ")));
    }
    return mistake_;
  }

 private:
  const Fields& fields_;
  std::vector<bool> taken_;
  std::vector<std::string> known_;
  std::optional<Error> mistake_;
};

JournalFilter ReadFilter(QueryReader& query) {
  JournalFilter filter;
  filter.space = query.Text("space");
  filter.release = query.Text("release");
  filter.stage = query.Text("stage");
  filter.path = query.Text("path");
  filter.rule = query.Text("rule");
  filter.response = query.Text("response");
  if (const auto ended = query.Text("ended")) {
    filter.ending = ParseEnding(*ended);
    if (!filter.ending) {
      query.Complain(
          "ended is one of complete, fin, rst, client-went-first, cancelled, handshake-failed");
    }
  }
  if (const auto since = query.Text("since")) {
    auto time = gate::ParseRfc3339(*since);
    if (time) {
      filter.since = *time;
    } else {
      query.Complain("since: " + time.error().message);
    }
  }
  return filter;
}

// A part of the journal, copied so that nobody has to wait while it becomes text.
struct Page {
  std::vector<JournalEntry> entries;
  std::uint64_t dropped = 0;
  std::uint64_t last_sequence = 0;
};

Page ReadPage(Service& service, const JournalFilter& filter, std::size_t after, std::size_t limit) {
  return service.Inspect([&](const Engine&, const Journal& journal) {
    Page page{{}, journal.dropped(), journal.last_sequence()};
    for (const JournalEntry* entry : journal.Find(filter, after, limit)) {
      page.entries.push_back(*entry);
    }
    return page;
  });
}

AdminReply GetJournal(Service& service, const Fields& fields) {
  QueryReader query(fields);
  const JournalFilter filter = ReadFilter(query);
  const std::size_t after = query.Count("after", kLargestCount).value_or(0);
  const std::size_t limit = query.Count("limit", kLargestPage).value_or(kDefaultPage);
  if (const auto mistake = query.Finish()) return ErrorReply(400, mistake->message);
  const Page page = ReadPage(service, filter, after, limit);
  Json entries = Json::array();
  for (const JournalEntry& entry : page.entries) {
    entries.push_back(ToJson(entry, service.started().at));
  }
  return Reply(200, {{"entries", std::move(entries)},
                     {"dropped", page.dropped},
                     {"lastSequence", page.last_sequence}});
}

// An entry a line, then a line that says how many are missing.
AdminReply ExportJournal(Service& service, const Fields& fields) {
  QueryReader query(fields);
  const JournalFilter filter = ReadFilter(query);
  const std::size_t after = query.Count("after", kLargestCount).value_or(0);
  if (const auto mistake = query.Finish()) return ErrorReply(400, mistake->message);
  const Page page = ReadPage(service, filter, after, kLargestCount);
  AdminReply reply{200, "", "application/x-ndjson"};
  for (const JournalEntry& entry : page.entries) {
    reply.body += gate::DumpJson(ToJson(entry, service.started().at)) + "\n";
  }
  reply.body +=
      gate::DumpJson({{"dropped", page.dropped}, {"lastSequence", page.last_sequence}}) + "\n";
  return reply;
}

AdminReply GetVerify(Service& service, const Fields& fields) {
  QueryReader query(fields);
  const JournalFilter filter = ReadFilter(query);
  const auto min = query.Count("min", kLargestCount);
  const auto max = query.Count("max", kLargestCount);
  if (!min && !max) query.Complain("give min, max or both");
  if (const auto mistake = query.Finish()) return ErrorReply(400, mistake->message);
  return service.Inspect([&](const Engine&, const Journal& journal) {
    return Reply(200, {{"result", ToString(journal.Verify(filter, min.value_or(0), max))},
                       {"count", journal.Count(filter)},
                       {"dropped", journal.dropped()}});
  });
}

AdminReply GetAuthority(const Service& service) {
  if (service.authority_pem().empty()) {
    return ErrorReply(404, "no listener has a certificate that mock-mc has made");
  }
  return {200, service.authority_pem(), "application/x-pem-file"};
}

AdminReply DeleteJournal(Service& service) {
  return service.Inspect([](const Engine&, Journal& journal) {
    journal.Clear();
    return Reply(200, Json::object());
  });
}

std::variant<AdminReply, AdminWait> GetWait(const Fields& fields) {
  QueryReader query(fields);
  AdminWait wait{ReadFilter(query), 1, kDefaultWait};
  wait.count = query.Count("count", kLargestCount).value_or(1);
  if (const auto timeout = query.Text("timeout")) {
    auto parsed = gate::ParseDuration(*timeout);
    if (!parsed) {
      query.Complain("timeout: " + parsed.error().message);
    } else if (*parsed < Nanos(0) || *parsed > kLongestWait) {
      query.Complain("timeout must be between 0 and " + gate::FormatDuration(kLongestWait));
    } else {
      wait.timeout = *parsed;
    }
  }
  if (const auto mistake = query.Finish()) return ErrorReply(400, mistake->message);
  return wait;
}

AdminReply PutScript(Service& service, const std::string& body) {
  const auto replaced = service.Replace(body);
  if (replaced) {
    return service.Inspect([](const Engine& engine, const Journal&) {
      return Reply(200, {{"rules", engine.script().rules.size()}});
    });
  }
  Json mistakes = Json::array();
  std::string_view rest = replaced.error().message;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    mistakes.push_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  return Reply(400, {{"error", "the script was not taken; the old one stays in force"},
                     {"mistakes", std::move(mistakes)}});
}

constexpr std::string_view kFlipUsage =
    "{\"release\": text, \"stage\": text (optional), \"space\": text (optional), "
    "\"for\": duration (optional), \"ok\": true, false, or null to end the override}";

Result<void> ReadFlipMember(const std::string& key, const Json& value, Override& flip) {
  if (key == "release" && value.is_string()) {
    flip.release = value.get<std::string>();
  } else if (key == "stage" && value.is_string()) {
    flip.stage = value.get<std::string>();
  } else if (key == "space" && value.is_string()) {
    flip.space = value.get<std::string>();
  } else if (key == "ok" && value.is_boolean()) {
    flip.ok = value.get<bool>();
  } else if (key == "for" && value.is_string()) {
    const auto lasts = gate::ParseDuration(value.get<std::string>());
    if (!lasts) return gate::InvalidArgument("\"for\": " + lasts.error().message);
    if (*lasts <= Nanos(0) || *lasts > kLongestFlip) {
      return gate::InvalidArgument("\"for\" must be between 0 and " +
                                   gate::FormatDuration(kLongestFlip));
    }
    flip.lasts = *lasts;
  } else if (key != "ok" || !value.is_null()) {
    return gate::InvalidArgument(
        fmt::format("\"{}\" is unknown or of the wrong type; expected {}", key, kFlipUsage));
  }
  return {};
}

Result<Override> ReadFlip(const std::string& body) {
  const auto json = gate::ParseStrictJson(body);
  if (!json) return gate::InvalidArgument("the body is not JSON: " + json.error().message);
  if (!json->is_object()) return gate::InvalidArgument("the body must be an object");
  Override flip;
  for (const auto& [key, value] : json->items()) {
    auto read = ReadFlipMember(key, value, flip);
    if (!read) return std::move(read).error();
  }
  if (flip.release.empty()) return gate::InvalidArgument("\"release\" is missing or empty");
  if (!json->contains("ok")) return gate::InvalidArgument("\"ok\" is missing");
  if (flip.lasts && !flip.ok) return gate::InvalidArgument("what ends now needs no \"for\"");
  return flip;
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

AdminReply PostFlip(Service& service, const std::string& body) {
  const auto flip = ReadFlip(body);
  if (!flip) return ErrorReply(400, flip.error().message);
  const auto done = service.Inspect(
      [&](Engine& engine, const Journal&) { return engine.SetOverride(*flip, service.Now()); });
  if (!done) return ErrorReply(StatusOf(done.error().code), done.error().message);
  return Reply(200, {{"release", flip->release},
                     {"stage", OrNull(flip->stage)},
                     {"space", OrNull(flip->space)},
                     {"ok", OrNull(flip->ok)},
                     {"for", flip->lasts ? Json(gate::FormatDuration(*flip->lasts)) : Json()}});
}

}  // namespace

std::variant<AdminReply, AdminWait> AdminApi::Handle(std::string_view method,
                                                     std::string_view target,
                                                     const std::string& body) {
  const auto parsed = ParseTarget(target);
  if (!parsed) return ErrorReply(400, parsed.error().message);
  const std::string& path = parsed->path;
  const Fields& query = parsed->query;
  const bool get = method == "GET";
  if (path == "/" && get) return AdminReply{200, StatusPage(service_), kHtml};
  if (path == "/healthz" && get) return Reply(200, {{"status", "ok"}});
  if (path == "/metrics" && get) return AdminReply{200, MetricsText(service_), kPrometheusText};
  if (path == "/ca.pem" && get) return GetAuthority(service_);
  if (path == "/journal" && get) return GetJournal(service_, query);
  if (path == "/journal.jsonl" && get) return ExportJournal(service_, query);
  if (path == "/journal" && method == "DELETE") return DeleteJournal(service_);
  if (path == "/verify" && get) return GetVerify(service_, query);
  if (path == "/wait" && get) return GetWait(query);
  if (path == "/script" && method == "PUT") return PutScript(service_, body);
  if (path == "/flip" && method == "POST") return PostFlip(service_, body);
  if (std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end()) {
    return ErrorReply(405, fmt::format("{} does not take {}", path, method));
  }
  return ErrorReply(404,
                    "no such path; there are GET /, /healthz, /metrics, /ca.pem, /journal, "
                    "/journal.jsonl, /verify and /wait, DELETE /journal, PUT /script, POST /flip");
}

AdminReply AdminApi::WaitReply(const AdminWait& wait, WaitEnd end) const {
  return service_.Inspect([&](const Engine&, const Journal& journal) {
    return Reply(200, {{"reached", end == WaitEnd::kReached},
                       {"count", journal.Count(wait.filter)},
                       {"dropped", journal.dropped()}});
  });
}

}  // namespace mock_mc
