#include "mock-mc/behaviour/script.h"

#include <gtest/gtest.h>

#include "tests/unit/mock_mc/support.h"

namespace mock_mc::testing {
namespace {

// Mistakes in ScriptText(rest), whose first line is line 7 of the file.
std::string Mistakes(std::string_view rest) { return MistakesOf(ScriptText(rest)); }

TEST(ScriptTest, ReadsAnEmptySetOfRules) {
  EXPECT_EQ(MistakesOf("apiVersion: mock-mc/v1\n"), "");
  EXPECT_EQ(MistakesOf("{\"apiVersion\": \"mock-mc/v1\", \"rules\": []}"), "");
}

TEST(ScriptTest, ReportsAllMistakesAtTheirPlaces) {
  EXPECT_EQ(MistakesOf("apiVersion: mock-mc/v2\n"
                       "sed: 3\n"
                       "journal:\n"
                       "  maxEntries: 0\n"
                       "rules:\n"
                       "  - match: {relase: r}\n"
                       "    respond: god\n"
                       "    delay: 2\n"),
            "script.yaml:1:13: apiVersion must be mock-mc/v1\n"
            "script.yaml:4:15: must be between 1 and 1073741824\n"
            "script.yaml:8:12: \"2\" is not a duration; write a number with a unit (ns, us, ms, s, "
            "m, h), such as 30s or 1h30m\n"
            "script.yaml:7:14: no response \"god\" under responses\n"
            "script.yaml:6:13: unknown key \"relase\"; did you mean \"release\"?\n"
            "script.yaml:2:1: unknown key \"sed\"; did you mean \"seed\"?");
}

TEST(ScriptTest, ReportsWhereYamlItselfIsBroken) {
  EXPECT_TRUE(MistakesOf("apiVersion: mock-mc/v1\nrules: [}\n").starts_with("script.yaml:2:9: "));
}

TEST(ScriptTest, SuggestsTheResponseThatWasMeant) {
  EXPECT_EQ(Mistakes("responses: {good: {status: 200}}\nrules: [{respond: goood}]\n"),
            "script.yaml:8:19: no response \"goood\"; did you mean \"good\"?");
}

TEST(ScriptTest, KeysMustBeReadableAndOfTheirAlgorithm) {
  const auto keys = [](const std::string& item) {
    return MistakesOf("apiVersion: mock-mc/v1\nkeys:\n  - " + item + "\n");
  };
  EXPECT_EQ(keys("{id: a, algorithm: ed25519, privateKeyFile: missing.pem}"),
            "script.yaml:3:49: cannot read missing.pem");
  EXPECT_EQ(keys("{id: a, algorithm: ed25519, privateKeyFile: keys/mc-p256.pem}"),
            "script.yaml:3:49: the key is not of the algorithm ed25519");
  EXPECT_EQ(keys("{id: a, algorithm: rsa, privateKeyFile: keys/mc-1.pem}"),
            "script.yaml:3:24: algorithm is ed25519 or ecdsa-p256");
  EXPECT_EQ(keys("{id: a, algorithm: ed25519}"),
            "script.yaml:3:5: give either privateKeyFile or privateKey");
  const std::string bad_pem = keys("{id: a, algorithm: ed25519, privateKey: secret-text}");
  EXPECT_NE(bad_pem, "");
  EXPECT_EQ(bad_pem.find("secret-text"), std::string::npos) << "never quotes a key";
  EXPECT_EQ(Mistakes("  - {id: mc-1, algorithm: ed25519, privateKeyFile: keys/mc-1.pem}\n"),
            "script.yaml:7:10: there is already a key \"mc-1\"");
}

TEST(ScriptTest, PathsAreRelativeToTheScript) {
  MemoryFiles files;
  files["dir/keys/a.pem"] = files["keys/mc-1.pem"];
  files["/abs/token"] = "secret";
  const std::string text =
      "apiVersion: mock-mc/v1\n"
      "keys: [{id: a, algorithm: ed25519, privateKeyFile: keys/a.pem}]\n"
      "token: {tokenFile: /abs/token}\n"
      "listen: {tlsCert: tls/cert.pem}\n";
  const auto script = ReadScript(text, "dir/script.yaml", files.Reader());
  ASSERT_TRUE(script) << script.error().message;
  EXPECT_EQ(script->listen.tls_cert, "dir/tls/cert.pem");
  EXPECT_EQ(script->token->file, "/abs/token");
}

TEST(ScriptTest, InlineKeysAreRead) {
  std::string pem = *TestKey("mc-p256").PrivatePem();
  for (std::size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 7) {
    pem.replace(at, 1, "\n      ");
  }
  EXPECT_EQ(MistakesOf("apiVersion: mock-mc/v1\nkeys:\n  - id: a\n    algorithm: ecdsa-p256\n"
                       "    privateKey: |\n      " +
                       pem + "\nrules: [{evidence: {ok: true}}]\n"),
            "");
}

TEST(ScriptTest, TheTokenFileMustBeReadableAndNotEmpty) {
  EXPECT_EQ(Mistakes("token: {tokenFile: missing}\n"), "script.yaml:7:20: cannot read missing");
  MemoryFiles files;
  files["token"] = " \n";
  const auto script = ReadScript("apiVersion: mock-mc/v1\ntoken: {tokenFile: token}\n",
                                 "script.yaml", files.Reader());
  ASSERT_FALSE(script);
  EXPECT_EQ(script.error().message, "script.yaml:2:20: token is empty");
  EXPECT_NE(Mistakes("token: {}\n"), "");
  EXPECT_NE(Mistakes("token: {value: \"\"}\n"), "");
}

TEST(ScriptTest, EvidenceNeedsAKeyAndARelease) {
  EXPECT_EQ(MistakesOf("apiVersion: mock-mc/v1\nrules: [{evidence: {ok: true}}]\n"),
            "script.yaml:2:20: evidence is signed: list at least one key under keys");
  EXPECT_EQ(Mistakes("rules: [{match: {path: /x}, evidence: {ok: true}}]\n"),
            "script.yaml:7:9: evidence is about a release: the path needs a segment {releaseId}");
  EXPECT_EQ(Mistakes("rules: [{match: {path: \"/x/{releaseId}\"}, evidence: {ok: true}}]\n"), "");
  EXPECT_EQ(Mistakes("rules: [{evidence: {}}]\n"), "script.yaml:7:20: \"ok\" is missing");
}

TEST(ScriptTest, EvidenceMistakes) {
  const auto evidence = [](const std::string& fields) {
    return Mistakes("rules: [{evidence: {ok: true, " + fields + "}}]\n");
  };
  EXPECT_EQ(evidence("sign: nobody"),
            "script.yaml:7:37: no key \"nobody\" under keys; there are: mc-1, mc-2, mc-p256");
  EXPECT_NE(evidence("wrongKey: mc-1"), "");
  EXPECT_NE(evidence("wrongKey: nobody"), "");
  EXPECT_NE(evidence("scheme: pgp"), "");
  EXPECT_NE(evidence("images: {a: \"sha256:12\"}"), "");
  EXPECT_NE(evidence("tamper: yes"), "");
  EXPECT_NE(evidence("issuedAt: yesterday"), "");
  EXPECT_NE(evidence("sgin: mc-1"), "");
  EXPECT_EQ(evidence("wrongKey: false, unknownKeyId: false, noSignature: false"), "");
}

TEST(ScriptTest, AnAnswerMustSaySomethingAndOneThingOnly) {
  EXPECT_NE(Mistakes("rules: [{id: a}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{delay: 1s}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{fault: drip}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{fault: {reset: {afterBytes: 1}}}]\n"), "");
  EXPECT_EQ(Mistakes("rules: [{fault: reset}]\n"), "");
  EXPECT_EQ(Mistakes("rules: [{fault: hang}]\n"), "");
  EXPECT_EQ(Mistakes("rules: [{fault: partialHeader}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{body: a, json: {}}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{evidence: {ok: true}, body: a}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{respond: {status: 200}, status: 201}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{respond: {status: 200}, sequence: [{status: 200}]}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{timeline: [{status: 200}], sequence: [{status: 200}]}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{malformed: json-truncated}]\n"), "");
}

TEST(ScriptTest, SequencesAndTimelinesEndOpen) {
  EXPECT_EQ(Mistakes("rules: [{sequence: [{status: 200}, {status: 201, times: 2}]}]\n"),
            "script.yaml:7:36: the last item answers all further requests; remove times");
  EXPECT_EQ(Mistakes("rules: [{timeline: [{status: 200}, {status: 201}]}]\n"),
            "script.yaml:7:21: says no for: DURATION; only the last item may");
  EXPECT_EQ(Mistakes("rules: [{timeline: [{status: 200, for: 1s}]}]\n"),
            "script.yaml:7:21: the last item lasts for ever; remove for");
  EXPECT_NE(Mistakes("rules: [{sequence: []}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{timeline: []}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{sequence: [{status: 200, times: 0}, {status: 201}]}]\n"), "");
  EXPECT_NE(Mistakes("rules: [{timeline: [{status: 200, for: 0s}, {status: 201}]}]\n"), "");
}

TEST(ScriptTest, RuleMistakes) {
  const auto rule = [](const std::string& fields) {
    return Mistakes("rules: [{status: 200, " + fields + "}]\n");
  };
  EXPECT_NE(rule("match: {path: no-slash}"), "");
  EXPECT_NE(rule("match: {path: \"/a/**/b\"}"), "");
  EXPECT_NE(rule("match: {path: \"/a/{b\"}"), "");
  EXPECT_NE(rule("match: {release: \"~(\"}"), "");
  EXPECT_EQ(rule("match: {path: /x, release: r}"),
            "script.yaml:7:50: the path has no segment {releaseId} to compare it with");
  EXPECT_NE(rule("id: flip"), "");
  EXPECT_NE(rule("key: [relase]"), "");
  EXPECT_NE(rule("key: [query.]"), "");
  EXPECT_NE(rule("since: never, timeline: [{status: 200}]"), "");
  EXPECT_EQ(Mistakes("rules: [{id: a, status: 200}, {id: a, status: 200}]\n"),
            "script.yaml:7:31: there is already a rule \"a\"");
}

TEST(ScriptTest, ChanceMistakes) {
  const auto chance = [](const std::string& fields) {
    return Mistakes("rules: [{status: 200, sometimes: [{" + fields + "}]}]\n");
  };
  EXPECT_EQ(chance("probability: 0.5, status: 500"), "");
  EXPECT_EQ(chance("exact: 0/1, status: 500"), "");
  EXPECT_EQ(chance("exact: 10000/10000, status: 500"), "");
  EXPECT_EQ(chance("status: 500"), "script.yaml:7:35: give either probability or exact");
  EXPECT_NE(chance("probability: 0.5, exact: 1/2, status: 500"), "");
  EXPECT_NE(chance("probability: 1.01, status: 500"), "");
  EXPECT_NE(chance("probability: -0.01, status: 500"), "");
  EXPECT_NE(chance("probability: .nan, status: 500"), "");
  for (const char* bad : {"3", "3/", "/3", "4/3", "-1/3", "1/0", "1/10001", "1/3/5", "a/b"}) {
    EXPECT_NE(chance("exact: " + std::string(bad) + ", status: 500"), "") << bad;
  }
  EXPECT_EQ(chance("probability: 0.5"), "script.yaml:7:35: says nothing that would be different");
  EXPECT_NE(chance("probability: 0.5, any: []"), "");
  EXPECT_NE(chance("probability: 0.5, any: [{status: 500}], status: 501"), "");
  EXPECT_NE(chance("probability: 0.5, any: [{status: 500}], delay: 1s"), "");
  EXPECT_EQ(chance("probability: 0.5, any: [{status: 500}, {delay: 1s}, {fault: hang}]"), "");
  EXPECT_NE(chance("probability: 0.5, any: [{status: 500, times: 2}]"), "");
  EXPECT_NE(Mistakes("rules: [{match: {path: /x}, status: 200,"
                     " sometimes: [{probability: 1, evidence: {ok: true}}]}]\n"),
            "")
      << "evidence needs a release here, too";
}

TEST(ScriptTest, FlapMistakes) {
  const auto flap = [](const std::string& fields) {
    return Mistakes("responses: {a: {status: 200}, b: {status: 500}}\nrules: [{flap: {" + fields +
                    "}}]\n");
  };
  EXPECT_EQ(flap("between: [a, b], period: 5s, duty: 0.25, phase: 1s"), "");
  EXPECT_NE(flap("between: [a, b]"), "");
  EXPECT_NE(flap("period: 5s"), "");
  EXPECT_NE(flap("between: [a], period: 5s"), "");
  EXPECT_NE(flap("between: [a, c], period: 5s"), "");
  EXPECT_NE(flap("between: [a, b], period: 0s"), "");
  EXPECT_NE(flap("between: [a, b], period: 5s, duty: 1.1"), "");
  EXPECT_NE(flap("between: [a, b], period: 5s, phase: -1s"), "");
  EXPECT_NE(Mistakes("rules: [{status: 200, flap: {between: [{status: 200}, {status: 201}],"
                     " period: 1s}}]\n"),
            "");
  EXPECT_NE(Mistakes("rules: [{sequence: [{flap: {between: [{status: 200}, {status: 201}],"
                     " period: 1s}}]}]\n"),
            "")
      << "a sequence has no time to flap in";
  EXPECT_NE(Mistakes("rules: [{status: 200, since: start}]\n"), "");
}

TEST(ScriptTest, ResponseMistakes) {
  const auto response = [](const std::string& fields) {
    return Mistakes("responses: {x: {" + fields + "}}\n");
  };
  EXPECT_NE(response("status: 199"), "");
  EXPECT_NE(response("status: 600"), "");
  EXPECT_EQ(response("status: 599"), "");
  EXPECT_NE(response("status: 200, headers: {\"a b\": c}"), "");
  EXPECT_NE(response("status: 200, headers: {a: \"b\\r\\nc\"}"), "");
  EXPECT_NE(response("status: 200, delay: -1s"), "");
  EXPECT_NE(response("status: 200, delay: 25h"), "");
  EXPECT_NE(response("status: 200, delay: {uniform: [2s, 1s]}"), "");
  EXPECT_NE(response("status: 200, delay: {uniform: [1s]}"), "");
  EXPECT_NE(response("status: 200, delay: {uniform: [1s, 2s], lognormal: {}}"), "");
  EXPECT_NE(response("status: 200, delay: {lognormal: {median: 1s}}"), "");
  EXPECT_NE(response("status: 200, delay: {lognormal: {median: 1s, sigma: -1}}"), "");
  EXPECT_NE(response("status: 200, fault: explode"), "");
  EXPECT_NE(response("status: 200, fault: {drip: {bytes: 0}}"), "");
  EXPECT_NE(response("status: 200, fault: {drip: {every: 0s}}"), "");
  EXPECT_NE(response("status: 200, fault: {hang: {}, reset: {}}"), "");
  EXPECT_NE(response("status: 200, fault: {hang: {afterBytes: 1}}"), "");
  EXPECT_NE(response("malformed: yes"), "");
  EXPECT_NE(response(""), "");
}

}  // namespace
}  // namespace mock_mc::testing
