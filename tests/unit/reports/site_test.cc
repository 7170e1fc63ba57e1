#include "reports/serve/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "gate/base/strict_json.h"
#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/records.h"
#include "reports/render.h"
#include "reports/serve/read_below.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {
namespace {

namespace fs = std::filesystem;
using gate::HttpResponse;
using gate::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// A folder with one run, "first", and a secret beside the folder.
class SiteTest : public ::testing::Test {
 protected:
  SiteTest() {
    fs::create_directories(folder_.path() + "/site/first/traces");
    folder_.Add("secret.txt", "the secret");
    AddRun("first", SampleRun());
    folder_.Add("site/first/traces/GATE-001.jsonl", "{}\n");
  }

  void AddRun(const std::string& name, const RunResult& run) const {
    fs::create_directories(folder_.path() + "/site/" + name);
    folder_.Add("site/" + name + "/journal.jsonl", JournalOf(run));
    ASSERT_TRUE(WriteReport(folder_.path() + "/site/" + name));
  }

  static gate::ServerRequest Request(const std::string& target, const std::string& host) {
    gate::ServerRequest request;
    request.method = "GET";
    request.target = target;
    request.headers.Add("Host", host);
    return request;
  }

  HttpResponse Get(const std::string& target) {
    return site_.Handle(Request(target, "127.0.0.1:8320"), {});
  }
  Json GetJson(const std::string& target) {
    const HttpResponse response = Get(target);
    EXPECT_EQ(response.status, 200) << target;
    return gate::ParseStrictJson(response.body).value();
  }

  test_support::TempFolder folder_;
  ReportSite site_{folder_.path() + "/site", ReportSite::Hosts::kLoopback};
};

TEST_F(SiteTest, ShowsItsPages) {
  EXPECT_THAT(Get("/").body, HasSubstr("Readiness reports"));
  EXPECT_THAT(Get("/runs/first/").body, HasSubstr("id=\"scenarios\""));
  EXPECT_EQ(Get("/app.js").headers.Get("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(Get("/app.css").status, 200);
}

TEST_F(SiteTest, PagesLoadNothingFromElsewhereAndHoldNoScriptThemselves) {
  for (const char* target : {"/", "/runs/first/"}) {
    const HttpResponse page = Get(target);
    const std::string policy = page.headers.Get("Content-Security-Policy").value();
    EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_THAT(page.body, Not(HasSubstr("<script>")));
    EXPECT_THAT(page.body, Not(HasSubstr("style=")));
    EXPECT_EQ(page.headers.Get("X-Content-Type-Options"), "nosniff");
  }
  EXPECT_THAT(Get("/app.js").body, Not(HasSubstr("innerHTML")));
}

TEST_F(SiteTest, AReportMayRunScriptsButAsNobody) {
  folder_.Add("site/first/report.html", "<script>alert(1)</script>");
  const HttpResponse file = Get("/runs/first/files/report.html");
  EXPECT_EQ(file.status, 200);
  const std::string policy = file.headers.Get("Content-Security-Policy").value();
  EXPECT_THAT(policy, HasSubstr("sandbox allow-scripts;"));
  EXPECT_THAT(policy, Not(HasSubstr("allow-same-origin")));
  EXPECT_THAT(policy, Not(HasSubstr("connect-src")));
}

TEST_F(SiteTest, ListsRunsNewestFirst) {
  RunResult later = GreenRun();
  later.run_id = "later";
  later.started += std::chrono::hours(1);
  AddRun("second", later);
  fs::create_directories(folder_.path() + "/site/no-run");
  const Json runs = GetJson("/api/runs").at("runs");
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].at("runId"), "later");
  EXPECT_EQ(runs[0].at("decision"), "READY");
  EXPECT_EQ(runs[0].at("live"), false);
  EXPECT_EQ(runs[1].at("name"), "first");

  later.started += std::chrono::hours(1);
  later.finished.reset();
  AddRun("second", later);
  EXPECT_EQ(GetJson("/api/runs").at("runs").at(0).at("decision"), "INCOMPLETE");
}

TEST_F(SiteTest, AReportFolderIsARunItself) {
  ReportSite one(folder_.path() + "/site/first", ReportSite::Hosts::kLoopback);
  const HttpResponse runs = one.Handle(Request("/api/runs", "localhost"), {});
  EXPECT_EQ(gate::ParseStrictJson(runs.body)->at("runs").at(0).at("name"), "_");
  EXPECT_EQ(one.Handle(Request("/runs/_/", "localhost"), {}).status, 200);
  EXPECT_EQ(one.Handle(Request("/runs/_/files/report.md", "localhost"), {}).status, 200);
}

TEST_F(SiteTest, HandsOutTheFilesOfARun) {
  const HttpResponse file = Get("/runs/first/files/report.json");
  EXPECT_EQ(file.body, ReadWholeFile(folder_.path() + "/site/first/report.json").value());
  EXPECT_EQ(file.headers.Get("Content-Type"), "application/json");
  EXPECT_EQ(Get("/runs/first/files/traces/GATE-001.jsonl").body, "{}\n");
  EXPECT_EQ(Get("/runs/first/files/traces/GATE%2d001.jsonl").body, "{}\n");
  EXPECT_EQ(Get("/runs/first/files/junit.xml").headers.Get("Content-Type"),
            "text/plain; charset=utf-8");
}

TEST_F(SiteTest, NothingOutsideOfTheFolderIsReached) {
  fs::create_symlink(folder_.path() + "/secret.txt", folder_.path() + "/site/first/link.txt");
  fs::create_directory_symlink(folder_.path(), folder_.path() + "/site/first/up");
  fs::create_directory_symlink(folder_.path() + "/site/first", folder_.path() + "/site/linked");
  folder_.Add("site/first/.hidden", "hidden");
  for (const char* target : {"/runs/first/files/../../../secret.txt",
                             "/runs/first/files/..%2f..%2f..%2fsecret.txt",
                             "/runs/first/files/%2e%2e/%2e%2e/%2e%2e/secret.txt",
                             "/runs/../../secret.txt",
                             "/runs/..%2f/files/secret.txt",
                             "/runs/first/files/..%5c..%5csecret.txt",
                             "/runs/first/files/%252e%252e/secret.txt",
                             "/runs/first/files//etc/hostname",
                             "/runs/first/files/%2fetc%2fhostname",
                             "/runs/first/files/report.json%00.txt",
                             "/runs/first/files/link.txt",
                             "/runs/first/files/up/secret.txt",
                             "/runs/linked/files/report.json",
                             "/runs/linked/",
                             "/api/runs/linked/journal",
                             "/runs/first/files/.hidden",
                             "/runs/first/files/traces",
                             "/runs/first/files/",
                             "/runs/first/files",
                             "/runs/first",
                             "/runs/%",
                             "/runs/%zz/",
                             "/runs/first/files/report.jso",
                             "/runs/_/",
                             "/api/runs/%2e%2e/journal",
                             "/api/runs/first/../journal",
                             "//",
                             "/secret.txt",
                             "secret.txt",
                             "",
                             "/api/"}) {
    const HttpResponse response = Get(target);
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_THAT(response.body, Not(HasSubstr("secret"))) << target;
  }
}

TEST_F(SiteTest, OnlyAnswersToNamesOfThisMachine) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8320", "localhost:1", "[::1]:8320"}) {
    EXPECT_EQ(site_.Handle(Request("/", host), {}).status, 200) << host;
  }
  for (const char* host : {"example.org", "127.0.0.1.example.org", "localhost.example.org:80", "",
                           "[::1", "[::2]:80"}) {
    EXPECT_EQ(site_.Handle(Request("/", host), {}).status, 421) << host;
  }
  gate::ServerRequest nameless;
  nameless.method = "GET";
  nameless.target = "/";
  EXPECT_EQ(site_.Handle(nameless, {}).status, 421);
  ReportSite open(folder_.path() + "/site", ReportSite::Hosts::kAny);
  EXPECT_EQ(open.Handle(Request("/", "example.org"), {}).status, 200);
}

TEST_F(SiteTest, OnlyReads) {
  gate::ServerRequest request = Request("/", "localhost");
  request.method = "POST";
  EXPECT_EQ(site_.Handle(request, {}).status, 405);
  EXPECT_EQ(site_.Handle(request, {}).headers.Get("Allow"), "GET, HEAD");
}

TEST_F(SiteTest, TheJournalIsHandedOutAsItGrows) {
  const std::string folder = folder_.path() + "/site/live";
  fs::create_directories(folder);
  auto journal = Journal::Create(JournalPath(folder)).value();
  const RunResult run = SampleRun();
  ASSERT_TRUE(journal->Append(RunStartRecord(run)));

  const Json first = GetJson("/api/runs/live/journal?file=&after=0");
  EXPECT_EQ(first.at("live"), true);
  EXPECT_EQ(first.at("restarted"), true);
  ASSERT_EQ(first.at("records").size(), 1U);
  EXPECT_EQ(first.at("records").at(0).at("kind"), "run.start");
  EXPECT_EQ(first.at("files"), Json({"journal.jsonl"}));
  const auto next = [](const Json& piece) {
    return "/api/runs/live/journal?file=" + piece.at("file").get<std::string>() +
           "&after=" + std::to_string(piece.at("next").get<std::size_t>());
  };
  const Json nothing = GetJson(next(first));
  EXPECT_EQ(nothing.at("records").size(), 0U);
  EXPECT_EQ(nothing.at("restarted"), false);
  EXPECT_EQ(nothing.at("more"), false);

  ASSERT_TRUE(journal->AppendAll({ScenarioStartRecord("GATE-001", run.started),
                                  ScenarioPhaseRecord("GATE-001", "observing", run.started)}));
  const Json second = GetJson(next(nothing));
  ASSERT_EQ(second.at("records").size(), 2U);
  EXPECT_EQ(second.at("records").at(1).at("phase"), "observing");

  journal.reset();
  EXPECT_EQ(GetJson(next(second)).at("live"), false);
  // Another run begins in the same folder.
  ASSERT_TRUE(SetJournalAside(folder));
  journal = Journal::Create(JournalPath(folder)).value();
  ASSERT_TRUE(journal->Append(RunStartRecord(run)));
  const Json other = GetJson(next(second));
  EXPECT_EQ(other.at("restarted"), true);
  EXPECT_EQ(other.at("records").size(), 1U);
}

TEST_F(SiteTest, HalfALineIsNotHandedOut) {
  const std::string line = R"({"kind":"a"})";
  folder_.Add("site/first/journal.jsonl", line + "\n" + line.substr(0, 5));
  const Json piece = GetJson("/api/runs/first/journal");
  EXPECT_EQ(piece.at("records").size(), 1U);
  EXPECT_EQ(piece.at("next"), line.size() + 1);
}

TEST_F(SiteTest, WhatIsNoRecordIsLeftOut) {
  folder_.Add("site/first/journal.jsonl", "nonsense\n[]\n{\"kind\":7}\n{\"kind\":\"a\"}\n");
  EXPECT_EQ(GetJson("/api/runs/first/journal").at("records"), Json({{{"kind", "a"}}}));
}

TEST_F(SiteTest, ALongJournalComesInPieces) {
  std::string journal;
  const std::string line = R"({"kind":")" + std::string(100'000, 'x') + "\"}\n";
  for (int i = 0; i < 25; ++i) journal += line;
  folder_.Add("site/first/journal.jsonl", journal);
  std::size_t records = 0;
  std::string file;
  std::size_t after = 0;
  int pieces = 0;
  for (;; ++pieces) {
    const Json piece =
        GetJson("/api/runs/first/journal?after=" + std::to_string(after) + "&file=" + file);
    if (!piece.at("more").get<bool>()) break;
    records += piece.at("records").size();
    file = piece.at("file");
    after = piece.at("next");
  }
  EXPECT_EQ(records, 25U);
  EXPECT_EQ(pieces, 3);
}

TEST(SplitPathTest, DecodesSegmentsAndRefusesWhatIsHarmful) {
  EXPECT_THAT(*SplitPath("runs/a%20b/c"), ElementsAre("runs", "a b", "c"));
  EXPECT_THAT(*SplitPath("%C3%A4"), ElementsAre("\xC3\xA4"));
  for (const char* path : {"", "/", "a//b", "a/", ".", "..", "a/..", "%2e", "a%2fb", "a%5Cb", "%",
                           "%4", "%gg", "a%00", "a%0a", ".git"}) {
    EXPECT_FALSE(SplitPath(path)) << path;
  }
}

}  // namespace
}  // namespace reports
