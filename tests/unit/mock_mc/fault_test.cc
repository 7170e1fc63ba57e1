#include "mock-mc/behaviour/fault.h"

#include <gtest/gtest.h>

#include "tests/unit/mock_mc/support.h"

namespace mock_mc::testing {
namespace {

using std::chrono::seconds;

std::string WithRule(const std::string& fault) {
  return ScriptText("rules: [{match: {path: /a}, body: hello, fault: " + fault + "}]");
}

TEST(FaultTest, MistakesInFaultsAreSaid) {
  const auto mistake = [](const std::string& fault) { return MistakesOf(WithRule(fault)); };
  EXPECT_NE(mistake("explode").find("\"explode\" is not one of hang, delay, stall"),
            std::string::npos);
  EXPECT_NE(mistake("refuse").find("is not one of"), std::string::npos) << "listeners only";
  EXPECT_NE(mistake("{reset: {at: after-lunch}}").find("before-status"), std::string::npos);
  EXPECT_NE(mistake("{reset: {at: mid-header, afterBytes: 3}}").find("not both"),
            std::string::npos);
  EXPECT_NE(mistake("{drip: {at: before-close}}").find("nothing is left to drip"),
            std::string::npos);
  EXPECT_NE(mistake("{wrongLength: {by: 0}}").find("not 0"), std::string::npos);
  EXPECT_NE(mistake("{garbage: {bytes: 65537}}").find("at most 65536"), std::string::npos);
  EXPECT_NE(mistake("{hang: {at: mid-header}}").find("at"), std::string::npos);
  EXPECT_NE(mistake("{reset: {}, close: {}}").find("one name"), std::string::npos);
  EXPECT_EQ(mistake("{garbage: {bytes: 65536, at: before-close}}"), "");
}

TEST(FaultTest, AFaultThatShowsNothingNeedsNoAnswer) {
  for (const char* fault : {"hang", "stall", "reset", "halfClose", "{garbage: {bytes: 3}}",
                            "{close: {afterBytes: 0}}"}) {
    EXPECT_EQ(MistakesOf(ScriptText("rules: [{fault: " + std::string(fault) + "}]")), "") << fault;
  }
  for (const char* fault : {"delay", "{reset: {at: mid-header}}", "{close: {afterBytes: 1}}",
                            "wrongLength", "brokenChunks", "drip"}) {
    EXPECT_NE(MistakesOf(ScriptText("rules: [{fault: " + std::string(fault) + "}]")), "") << fault;
  }
}

TEST(FaultTest, ADelayInTheAnswerComesAfterTheDelayOfTheAnswer) {
  Engine engine = NewEngine(
      "rules: [{match: {path: /a}, body: hello, delay: 2s, fault: {delay: {for: 3s, at: "
      "before-body}}}]");
  const Plan plan = engine.Handle(Get("/a"), At(seconds(0)));
  ASSERT_EQ(plan.steps.size(), 4U);
  EXPECT_EQ(std::get<Wait>(plan.steps[0]).until, seconds(2));
  EXPECT_TRUE(std::get<Send>(plan.steps[1]).bytes.ends_with("\r\n\r\n"));
  EXPECT_EQ(std::get<Wait>(plan.steps[2]).until, seconds(5));
  EXPECT_EQ(std::get<Send>(plan.steps[3]).bytes, "hello");
  EXPECT_TRUE(plan.keep_alive);
}

TEST(FaultTest, WhatHappensBeforeTheCloseMakesTheAnswerAnnounceIt) {
  Engine engine = NewEngine(
      "rules: [{match: {path: /a}, body: hello, fault: {delay: {for: 3s, at: before-close}}}]");
  const Plan plan = engine.Handle(Get("/a"), At(seconds(0)));
  EXPECT_FALSE(plan.keep_alive);
  EXPECT_NE(BytesOf(plan).find("\r\nConnection: close\r\n"), std::string::npos);
}

TEST(FaultTest, GarbageIsTheSameForTheSameSeedAndRequestOnly) {
  const auto garbage = [](int seed, int n) {
    Engine engine(*ReadScript("apiVersion: mock-mc/v1\nseed: " + std::to_string(seed) +
                                  "\nrules: [{match: {path: /a}, fault: garbage}]",
                              "script.yaml", MemoryFiles().Reader()),
                  MemoryFiles().Reader(), At(seconds(0)));
    for (int i = 1; i < n; ++i) engine.Handle(Get("/a"), At(seconds(0)));
    return BytesOf(engine.Handle(Get("/a"), At(seconds(0))));
  };
  EXPECT_EQ(garbage(1, 1), garbage(1, 1));
  EXPECT_NE(garbage(1, 1), garbage(1, 2));
  EXPECT_NE(garbage(1, 1), garbage(2, 1));
}

TEST(ListenerSpecTest, ReadsListenersAndTheirNames) {
  const Script script = GoodScript(
      "listeners:\n"
      "  - {name: gone, address: \"127.0.0.1:1\", accept: refuse}\n"
      "  - name: tls\n"
      "    address: \"127.0.0.1:2\"\n"
      "    tls: {certificate: expired, sni: {A.test: {handshake: stall}, b.test: {names: [c]}}}\n");
  ASSERT_EQ(script.listeners.size(), 2U);
  EXPECT_EQ(script.listeners[0].accept->kind, Fault::Kind::kRefuse);
  EXPECT_FALSE(NeedsAuthority(script.listeners[0]));
  const ListenerSpec& tls = script.listeners[1];
  EXPECT_TRUE(NeedsAuthority(tls));
  EXPECT_EQ(tls.tls->certificate, TlsSpec::Certificate::kExpired);
  EXPECT_EQ(tls.tls->names.front(), "localhost");
  EXPECT_EQ(tls.by_server_name.at("a.test").handshake->kind, Fault::Kind::kStall);
  EXPECT_EQ(tls.by_server_name.at("a.test").names.front(), "A.test");
  EXPECT_EQ(tls.by_server_name.at("b.test").names.front(), "c");
}

TEST(ListenerSpecTest, MistakesInListenersAreSaid) {
  const auto mistake = [](const std::string& listener) {
    return MistakesOf(ScriptText("listeners: [" + listener + "]"));
  };
  EXPECT_NE(mistake("{name: http, address: x}").find("is not"), std::string::npos);
  EXPECT_NE(mistake("{address: x}").find("name"), std::string::npos);
  EXPECT_NE(mistake("{name: a, address: x}, {name: a, address: y}").find("already a listener"),
            std::string::npos);
  EXPECT_NE(mistake("{name: a, address: x, accept: abort}").find("is not one of"),
            std::string::npos);
  EXPECT_NE(mistake("{name: a, address: x, tls: {handshake: timeout}}").find("is not one of"),
            std::string::npos);
  EXPECT_NE(mistake("{name: a, address: x, tls: {certificate: bad}}").find("expired"),
            std::string::npos);
  EXPECT_NE(mistake("{name: a, address: x, tls: {certFile: f}}").find("belong together"),
            std::string::npos);
  EXPECT_NE(mistake("{name: a, address: x, tls: {protocols: ancient}}").find("old"),
            std::string::npos);
}

}  // namespace
}  // namespace mock_mc::testing
