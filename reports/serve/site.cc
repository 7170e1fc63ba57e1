#include "reports/serve/site.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

#include "gate/base/strict_json.h"
#include "reports/journal.h"
#include "reports/serve/pages.h"
#include "reports/serve/read_below.h"

namespace reports {
namespace {

namespace fs = std::filesystem;
using gate::HttpResponse;
using gate::Json;

constexpr std::size_t kLargestFile = std::size_t{256} << 20U;
constexpr std::size_t kMostRuns = 2000;
constexpr std::size_t kMostFiles = 200;
constexpr std::string_view kItself = "_";

// Our own pages need our own script and style, and nothing else.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// What a report brings along may run, but as nobody: it can ask this server for nothing.
constexpr const char* kFilePolicy =
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

HttpResponse Respond(int status, const char* type, const char* policy, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("Content-Type", type);
  response.headers.Add("Content-Security-Policy", policy);
  response.headers.Add("X-Content-Type-Options", "nosniff");
  response.headers.Add("Referrer-Policy", "no-referrer");
  response.headers.Add("Cross-Origin-Resource-Policy", "same-origin");
  response.headers.Add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

HttpResponse Page(const char* type, std::string_view body) {
  return Respond(200, type, kPagePolicy, std::string(body));
}

HttpResponse Refuse(int status, std::string_view why) {
  return Respond(status, "text/plain; charset=utf-8", kPagePolicy, std::string(why) + "\n");
}

HttpResponse NotFound() { return Refuse(404, "there is nothing here"); }

HttpResponse RespondJson(const Json& json) {
  return Respond(200, "application/json", kPagePolicy, gate::DumpJson(json));
}

// XML as plain text, as it could name a style sheet.
const char* TypeOf(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, const char*>, 8> kTypes = {
      {{".html", "text/html; charset=utf-8"},
       {".json", "application/json"},
       {".jsonl", "text/plain; charset=utf-8"},
       {".md", "text/plain; charset=utf-8"},
       {".xml", "text/plain; charset=utf-8"},
       {".txt", "text/plain; charset=utf-8"},
       {".log", "text/plain; charset=utf-8"},
       {".png", "image/png"}}};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

// "" if it is not there.
std::string_view Parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  return "";
}

std::size_t NumberOf(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The file without what is added when it changes; "" if there is none.
std::string StampOf(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return "";
  return fmt::format("{} {} {} {}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() == fs::file_type::regular;
}

bool IsRun(const fs::path& folder) {
  return IsFile(folder / "journal.jsonl") || IsFile(folder / "report.json");
}

// Of the report's own folder, without those in folders below it.
std::vector<std::string> FilesOf(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator() && names.size() < kMostFiles;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.front() != '.' && IsFile(at->path())) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Json RecordsOf(std::string_view lines) {
  Json records = Json::array();
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    auto record = gate::ParseStrictJson(line, {.max_bytes = kLongestJournalLine});
    if (record && record->is_object() && record->contains("kind") &&
        record->at("kind").is_string()) {
      records.push_back(*std::move(record));
    }
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
  return records;
}

}  // namespace

bool ReportSite::IsHostGood(const gate::ServerRequest& request) const {
  if (hosts_ == Hosts::kAny) return true;
  const auto host = request.headers.Get("Host");
  if (!host || request.headers.Count("Host") != 1) return false;
  const bool six = host->starts_with('[');
  const std::string name = host->substr(0, six ? host->find(']') + 1 : host->find(':'));
  return name == "127.0.0.1" || name == "localhost" || name == "[::1]";
}

HttpResponse ReportSite::Handle(const gate::ServerRequest& request,
                                const gate::Deadline& /*deadline*/) {
  if (!IsHostGood(request)) return Refuse(421, "this server is for this machine only");
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = Refuse(405, "use GET");
    response.headers.Add("Allow", "GET, HEAD");
    return response;
  }
  const std::string_view path = request.path();
  const std::string_view query =
      std::string_view(request.target).substr(std::min(path.size() + 1, request.target.size()));
  if (path == "/") return Page("text/html; charset=utf-8", IndexPage());
  if (path == "/app.js") return Page("text/javascript; charset=utf-8", SiteScript());
  if (path == "/app.css") return Page("text/css; charset=utf-8", SiteStyle());
  if (!path.starts_with('/')) return NotFound();
  // The page of a run ends with a slash, so that links from there are below it.
  const bool page = path.ends_with('/');
  const auto segments = SplitPath(path.substr(1, path.size() - (page ? 2 : 1)));
  if (!segments) return NotFound();
  if (!page) return Route(*segments, query);
  const bool run =
      segments->size() == 2 && segments->front() == "runs" && !FolderOf(segments->back()).empty();
  return run ? Page("text/html; charset=utf-8", RunPage()) : NotFound();
}

HttpResponse ReportSite::Overloaded(const gate::ServerRequest& /*request*/) {
  return Refuse(503, "too many requests at once");
}

HttpResponse ReportSite::Route(const std::vector<std::string>& segments, std::string_view query) {
  if (segments.front() == "api") return Api(segments, query);
  if (segments.front() == "runs" && segments.size() > 3 && segments[2] == "files") {
    return File(segments);
  }
  return NotFound();
}

HttpResponse ReportSite::Api(const std::vector<std::string>& segments, std::string_view query) {
  if (segments.size() < 2 || segments[1] != "runs") return NotFound();
  if (segments.size() == 2) return Runs();
  if (segments.size() == 4 && segments[3] == "journal") return Journal(segments[2], query);
  return NotFound();
}

std::string ReportSite::FolderOf(const std::string& run) const {
  const std::string folder = run == kItself ? folder_ : folder_ + "/" + run;
  std::error_code error;
  const bool linked = run != kItself && fs::is_symlink(fs::symlink_status(folder, error));
  return !linked && IsRun(folder) ? folder : "";
}

std::vector<std::string> ReportSite::RunNames() const {
  std::vector<std::string> names;
  if (IsRun(folder_)) names.emplace_back(kItself);
  std::error_code error;
  fs::directory_iterator at(folder_, error);
  for (; !error && at != fs::directory_iterator() && names.size() < kMostRuns;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.front() == '.' || name == kItself || FolderOf(name).empty()) continue;
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The head of its report, kept until that changes: reports are large, and pages ask every second.
std::string ReportSite::SummaryOf(const std::string& run) {
  const std::string folder = FolderOf(run);
  const std::string stamp = StampOf(folder + "/report.json");
  const std::lock_guard lock(mutex_);
  Summary& summary = summaries_[run];
  if (!summary.json.empty() && summary.stamp == stamp) return summary.json;
  Json json = {{"name", run}};
  const auto text = ReadBelow(folder, {"report.json"}, kLargestFile);
  const auto report = text ? gate::ParseStrictJson(*text, {.max_bytes = kLargestFile})
                           : gate::Result<Json>(text.error());
  for (const char* key : {"runId", "decision", "started", "backend", "simulated", "gitCommit"}) {
    if (report && report->is_object() && report->contains(key)) json[key] = report->at(key);
  }
  summary = {stamp, gate::DumpJson(json)};
  return summary.json;
}

HttpResponse ReportSite::Runs() {
  Json runs = Json::array();
  for (const std::string& name : RunNames()) {
    auto run = gate::ParseStrictJson(SummaryOf(name));
    if (!run) continue;
    (*run)["live"] = IsBeingWritten(FolderOf(name));
    runs.push_back(*std::move(run));
  }
  std::stable_sort(runs.begin(), runs.end(), [](const Json& a, const Json& b) {
    return gate::JsonString(a, "/started") > gate::JsonString(b, "/started");
  });
  return RespondJson({{"runs", std::move(runs)}});
}

HttpResponse ReportSite::Journal(const std::string& run, std::string_view query) const {
  const std::string folder = FolderOf(run);
  if (folder.empty()) return NotFound();
  // First: what is written before a run ends is then read below.
  const bool live = IsBeingWritten(folder);
  const std::string file(Parameter(query, "file"));
  const std::size_t after = NumberOf(Parameter(query, "after"));
  const auto piece = ReadPiece(folder, "journal.jsonl", file, after);
  if (!piece) return NotFound();
  return RespondJson({{"file", piece->file_id},
                      {"next", piece->next},
                      {"restarted", piece->file_id != file || piece->next < after},
                      {"more", !piece->lines.empty()},
                      {"live", live},
                      {"records", RecordsOf(piece->lines)},
                      {"files", FilesOf(folder)}});
}

HttpResponse ReportSite::File(const std::vector<std::string>& segments) const {
  const std::string folder = FolderOf(segments[1]);
  if (folder.empty()) return NotFound();
  const std::vector<std::string> below(segments.begin() + 3, segments.end());
  auto text = ReadBelow(folder, below, kLargestFile);
  if (!text) return NotFound();
  return Respond(200, TypeOf(below.back()), kFilePolicy, *std::move(text));
}

}  // namespace reports
