#include "mock-mc/admin/admin_api.h"

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

#include "gate/yaml/strict_yaml.h"
#include "tests/unit/mock_mc/support.h"

namespace mock_mc::testing {
namespace {

using gate::Json;
using gate::Nanos;

class AdminApiTest : public ::testing::Test {
 protected:
  struct Reply {
    int status;
    Json body;
  };
  Reply Call(std::string_view method, std::string_view target, const std::string& body = "") {
    const auto outcome = api_.Handle(method, target, body);
    const auto* reply = std::get_if<AdminReply>(&outcome);
    if (reply == nullptr) return {0, {}};
    return {reply->status, Json::parse(reply->body)};
  }

  std::uint64_t AskAndEnd(const std::string& release, Ending ending = Ending::kComplete) {
    const Service::Begun begun = service_.Begin(Ask(release), /*connection=*/4);
    service_.End(begun.sequence, {ending, now_, now_.at, 100});
    return begun.sequence;
  }

  MemoryFiles files_;
  Moment now_ = At(Nanos(0));
  Service service_{
      GoodScript("rules: [{id: good, match: {release: r}, evidence: {ok: true, tamper: true}}]"),
      "script.yaml", files_.Reader(), [this] { return now_; }};
  AdminApi api_{service_};
};

TEST_F(AdminApiTest, IsHealthy) { EXPECT_EQ(Call("GET", "/healthz").status, 200); }

TEST_F(AdminApiTest, SaysWhatItKnowsToStrangers) {
  EXPECT_EQ(Call("GET", "/nowhere").status, 404);
  EXPECT_EQ(Call("POST", "/journal").status, 405);
  EXPECT_EQ(Call("GET", "/%").status, 400);
}

TEST_F(AdminApiTest, ShowsTheJournal) {
  now_ = At(std::chrono::milliseconds(1500));
  AskAndEnd("r");
  service_.Begin(Ask("other"), 5);
  const Json journal = Call("GET", "/journal").body;
  ASSERT_EQ(journal.at("entries").size(), 2U);
  const Json& entry = journal.at("entries").at(0);
  EXPECT_EQ(entry.at("sequence"), 1);
  EXPECT_EQ(entry.at("connection"), 4);
  EXPECT_EQ(entry.at("arrivedAt"), "2026-03-01T12:00:01.500000000Z");
  EXPECT_EQ(entry.at("arrivedNs"), 1'500'000'000);
  EXPECT_EQ(entry.at("method"), "GET");
  EXPECT_EQ(entry.at("path"), "/v1/evidence/r");
  EXPECT_EQ(entry.at("query").at(1), Json({"stage", "20"}));
  EXPECT_EQ(entry.at("rule"), "good");
  EXPECT_EQ(entry.at("n"), 1);
  EXPECT_EQ(entry.at("release"), "r");
  EXPECT_EQ(entry.at("stage"), "20");
  EXPECT_EQ(entry.at("nonce"), "0123456789abcdef");
  EXPECT_EQ(entry.at("evidenceOk"), true);
  EXPECT_EQ(entry.at("deliberate"), Json({"tamper"}));
  EXPECT_EQ(entry.at("ended"), "complete");
  EXPECT_EQ(entry.at("bytesWritten"), 100);
  const Json& other = journal.at("entries").at(1);
  EXPECT_EQ(other.at("rule"), "");
  EXPECT_EQ(other.at("status"), 404);
  EXPECT_TRUE(other.at("evidenceOk").is_null());
  EXPECT_TRUE(other.at("ended").is_null());
  EXPECT_EQ(journal.at("dropped"), 0);
  EXPECT_EQ(journal.at("lastSequence"), 2);
}

TEST_F(AdminApiTest, ShowsBodiesThatAreNoTextInBase64) {
  Request request = Get("/slack");
  request.body = "\xff";
  service_.Begin(request, 1);
  const Json entry = Call("GET", "/journal").body.at("entries").at(0);
  EXPECT_EQ(entry.at("bodyBase64"), "/w==");
  EXPECT_FALSE(entry.contains("body"));
}

Json Description() {
  std::ostringstream text;
  text << std::ifstream(MOCK_MC_OPENAPI).rdbuf();
  const auto document = gate::yaml::Document::Parse(text.str(), MOCK_MC_OPENAPI);
  gate::yaml::Mistakes mistakes;
  return document ? Json::parse(document->root().ToJsonText(mistakes)) : Json();
}

TEST_F(AdminApiTest, WhatIsDescribedIsServed) {
  service_.SetAuthority("a certificate");
  const Json paths = Description().at("paths");
  EXPECT_EQ(paths.size(), 10U);
  for (const auto& [path, methods] : paths.items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      const auto outcome = api_.Handle(upper, path, "");
      const auto* reply = std::get_if<AdminReply>(&outcome);  // else it waits
      EXPECT_TRUE(reply == nullptr || (reply->status != 404 && reply->status != 405))
          << upper << " " << path;
    }
  }
}

TEST_F(AdminApiTest, TheJournalHasExactlyTheFieldsThatAreDescribed) {
  const Json described = Description().at("components").at("schemas").at("Entry");
  AskAndEnd("r");
  Request binary = Get("/slack");
  binary.body = "\xff";
  service_.Begin(binary, 1);
  const Json entries = Call("GET", "/journal").body.at("entries");
  std::set<std::string> seen;
  for (const Json& entry : entries) {
    for (const auto& [field, value] : entry.items()) {
      EXPECT_TRUE(described.at("properties").contains(field)) << field;
      seen.insert(field);
    }
    for (const Json& field : described.at("required")) {
      EXPECT_TRUE(entry.contains(field.get<std::string>())) << field;
    }
  }
  for (const auto& [field, schema] : described.at("properties").items()) {
    EXPECT_TRUE(seen.contains(field)) << field;
  }
}

TEST_F(AdminApiTest, FiltersAndPages) {
  AskAndEnd("r");
  AskAndEnd("other", Ending::kRst);
  AskAndEnd("r");
  const auto sequences = [&](std::string_view query) {
    std::vector<int> numbers;
    const Json journal = Call("GET", "/journal?" + std::string(query)).body;
    for (const Json& entry : journal.at("entries")) numbers.push_back(entry.at("sequence"));
    return numbers;
  };
  EXPECT_EQ(sequences("release=r"), (std::vector<int>{1, 3}));
  EXPECT_EQ(sequences("ended=rst"), (std::vector<int>{2}));
  EXPECT_EQ(sequences("path=%2Fv1%2Fevidence%2Fother"), (std::vector<int>{2}));
  EXPECT_EQ(sequences("after=1&limit=1"), (std::vector<int>{2}));
  EXPECT_EQ(sequences("since=2026-03-01T12:00:00Z"), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(sequences("since=2026-03-01T12:00:01Z"), (std::vector<int>{}));
}

TEST_F(AdminApiTest, RefusesBadQueries) {
  for (const char* target :
       {"/journal?relase=r", "/journal?limit=x", "/journal?limit=10001", "/journal?since=now",
        "/journal?ended=maybe", "/journal?release=a&release=b", "/verify", "/verify?min=-1",
        "/verify?min=", "/wait?count=x", "/wait?timeout=5", "/wait?timeout=11m"}) {
    const Reply reply = Call("GET", target);
    EXPECT_EQ(reply.status, 400) << target;
    EXPECT_TRUE(reply.body.at("error").is_string()) << target;
  }
}

TEST_F(AdminApiTest, Verifies) {
  AskAndEnd("r");
  EXPECT_EQ(Call("GET", "/verify?release=r&min=1&max=1").body.at("result"), "true");
  EXPECT_EQ(Call("GET", "/verify?release=r&min=2").body.at("result"), "false");
  EXPECT_EQ(Call("GET", "/verify?release=x&max=0").body.at("result"), "true");
  EXPECT_EQ(Call("DELETE", "/journal").status, 200);
  EXPECT_EQ(Call("GET", "/verify?release=r&max=0").body.at("result"), "true");
}

TEST_F(AdminApiTest, ReadsWaits) {
  const auto outcome = api_.Handle("GET", "/wait?rule=good&count=3&timeout=250ms", "");
  const auto* wait = std::get_if<AdminWait>(&outcome);
  ASSERT_NE(wait, nullptr);
  EXPECT_EQ(wait->count, 3U);
  EXPECT_EQ(wait->timeout, std::chrono::milliseconds(250));
  EXPECT_EQ(wait->filter.rule, "good");
}

TEST_F(AdminApiTest, FlipsEvidence) {
  EXPECT_EQ(Call("POST", "/flip", R"({"release": "r", "stage": "20", "ok": false})").status, 200);
  EXPECT_EQ(service_.Begin(Ask("r", "20"), 1).plan.decision.evidence_ok, false);
  EXPECT_EQ(service_.Begin(Ask("r", "50"), 1).plan.decision.evidence_ok, true);
  EXPECT_EQ(Call("POST", "/flip", R"({"release": "r", "stage": "20", "ok": null})").status, 200);
  EXPECT_EQ(service_.Begin(Ask("r", "20"), 1).plan.decision.rule, "good");
  EXPECT_EQ(Call("POST", "/flip", R"({"release": "r", "ok": null})").status, 404);
  for (const char* body :
       {"", "[]", R"({"release": "r"})", R"({"ok": true})", R"({"release": "", "ok": true})",
        R"({"release": "r", "ok": 1})", R"({"release": "r", "ok": true, "x": 1})"}) {
    EXPECT_EQ(Call("POST", "/flip", body).status, 400) << body;
  }
}

TEST_F(AdminApiTest, FlipsCanEndByThemselves) {
  const Reply flipped = Call("POST", "/flip", R"({"release": "r", "ok": false, "for": "30s"})");
  EXPECT_EQ(flipped.status, 200);
  EXPECT_EQ(flipped.body.at("for"), "30s");
  EXPECT_EQ(service_.Begin(Ask("r"), 1).plan.decision.rule, "flip");
  now_ = At(std::chrono::seconds(30));
  EXPECT_EQ(service_.Begin(Ask("r"), 1).plan.decision.rule, "good");
  for (const char* body : {R"({"release": "r", "ok": false, "for": "0s"})",
                           R"({"release": "r", "ok": false, "for": "soon"})",
                           R"({"release": "r", "ok": false, "for": 30})",
                           R"({"release": "r", "ok": null, "for": "30s"})"}) {
    EXPECT_EQ(Call("POST", "/flip", body).status, 400) << body;
  }
}

TEST_F(AdminApiTest, ShowsSpaceAndDraws) {
  ASSERT_EQ(Call("PUT", "/script",
                 ScriptText("space: {header: X-Run}\n"
                            "rules: [{status: 200, sometimes: [{exact: 1/1, status: 503}]}]"))
                .status,
            200);
  Request request = Ask("r");
  request.headers.emplace_back("X-Run", "7");
  service_.Begin(request, 1);
  const Json entries = Call("GET", "/journal?space=7").body.at("entries");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries.at(0).at("space"), "7");
  EXPECT_EQ(entries.at(0).at("draws"),
            Json::array({Json::array({"sometimes-1", "request 1 of 1 in block 1: hit"})}));
  EXPECT_TRUE(Call("GET", "/journal?space=8").body.at("entries").empty());
}

TEST_F(AdminApiTest, ABadScriptChangesNothing) {
  int replaced = 0;
  service_.OnReplace([&](std::uint64_t /*generation*/) { ++replaced; });
  const Reply reply = Call("PUT", "/script", "apiVersion: mock-mc/v1\nrulez: []\nsed: 1\n");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body.at("mistakes").size(), 2U);
  EXPECT_EQ(reply.body.at("mistakes").at(0),
            "script.yaml:2:1: unknown key \"rulez\"; did you mean \"rules\"?");
  EXPECT_EQ(replaced, 0);
  EXPECT_EQ(service_.Begin(Ask("r"), 1).plan.decision.rule, "good");
}

TEST_F(AdminApiTest, AGoodScriptBeginsAnewAndKeepsTheJournal) {
  AskAndEnd("r");
  int replaced = 0;
  service_.OnReplace([&](std::uint64_t /*generation*/) { ++replaced; });
  EXPECT_EQ(Call("PUT", "/script", ScriptText("rules: [{id: new, status: 503}]")).status, 200);
  EXPECT_EQ(replaced, 1);
  const Plan plan = service_.Begin(Ask("r"), 1).plan;
  EXPECT_EQ(plan.decision.rule, "new");
  EXPECT_EQ(plan.decision.n, 1U);
  EXPECT_EQ(Call("GET", "/verify?release=r&min=2&max=2").body.at("result"), "true");
}

TEST_F(AdminApiTest, CountsAreAwaitedFromTheJournalOn) {
  AskAndEnd("r");
  JournalFilter filter;
  filter.release = "r";
  int done = 0;
  service_.AwaitCount(filter, 1, [&] { ++done; });
  EXPECT_EQ(done, 1) << "one is there already";
  service_.AwaitCount(filter, 3, [&] { ++done; });
  service_.Begin(Ask("r"), 1);
  service_.Begin(Ask("other"), 1);
  EXPECT_EQ(done, 1);
  service_.Begin(Ask("r"), 1);
  EXPECT_EQ(done, 2);
  service_.Begin(Ask("r"), 1);
  EXPECT_EQ(done, 2) << "only once";
}

TEST_F(AdminApiTest, EndingsAreAwaitedWhenAnswersEnd) {
  JournalFilter filter;
  filter.ending = Ending::kRst;
  int done = 0;
  service_.AwaitCount(filter, 1, [&] { ++done; });
  AskAndEnd("r", Ending::kComplete);
  EXPECT_EQ(done, 0);
  AskAndEnd("r", Ending::kRst);
  EXPECT_EQ(done, 1);
}

TEST_F(AdminApiTest, ACancelledWaitIsNeverDone) {
  int done = 0;
  const auto ticket = service_.AwaitCount(JournalFilter(), 1, [&] { ++done; });
  service_.Cancel(ticket);
  AskAndEnd("r");
  EXPECT_EQ(done, 0);
}

}  // namespace
}  // namespace mock_mc::testing
