#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "gate/base/check.h"
#include "gate/signing/signing_key.h"
#include "reports/attest/approval.h"
#include "reports/attest/bundle.h"
#include "reports/attest/verify.h"
#include "reports/file_io.h"
#include "reports/journal.h"
#include "reports/render.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/reports/sample_run.h"

namespace reports {

// A key pair, made anew in every run.
struct KeyPair {
  explicit KeyPair(gate::signing::Algorithm algorithm = gate::signing::Algorithm::kEd25519)
      : secret(gate::signing::SigningKey::Generate(algorithm).value()),
        open(VerifyingKey::Of(secret).value()) {}

  gate::signing::SigningKey secret;
  VerifyingKey open;
};

inline gate::WallTime TimeAt(const char* time) { return gate::ParseRfc3339(time).value(); }

// An entry of the list of approvers.
inline std::string EntryOf(const KeyPair& key, const std::string& role,
                           const std::string& more = "") {
  const std::string pem = key.secret.PublicPem().value();
  std::string text = "  - role: " + role + "\n    name: Sam\n" + more + "    publicKey: |\n";
  for (std::size_t at = 0; at < pem.size();) {
    const std::size_t end = pem.find('\n', at);
    text += "      " + pem.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text;
}

inline gate::Result<Approvers> ParseList(const std::string& entries) {
  return Approvers::Parse("apiVersion: gate-drill/approvers/v1\napprovers:\n" + entries,
                          "approvers.yaml");
}

// A folder with the report of a run, and a file in a folder of its own, not signed yet.
class ReportFolder : public ::testing::Test {
 protected:
  explicit ReportFolder(const RunResult& run = SampleRun()) {
    WriteRun(run);
    std::filesystem::create_directory(folder_.path() + "/traces");
    folder_.Add("traces/GATE-001.jsonl", "{\"event\":\"verdict\"}\n");
  }

  void WriteRun(const RunResult& run) {
    folder_.Add("journal.jsonl", JournalOf(run));
    GATE_CHECK(WriteReport(folder_.path()).has_value());
  }

  void Sign() {
    const auto done = SignReport(folder_.path(), key_.secret);
    ASSERT_TRUE(done) << done.error().message;
  }

  std::string Read(const std::string& name) const {
    return ReadWholeFile(folder_.path() + "/" + name).value();
  }
  void Write(const std::string& name, std::string_view text) const { folder_.Add(name, text); }

  Verification Verify(const VerifyingKey* key, const Approvers* approvers = nullptr) const {
    auto verification = VerifyReport(folder_.path(), {key, approvers});
    EXPECT_TRUE(verification) << verification.error().message;
    return *std::move(verification);
  }
  Verification Verify() const { return Verify(&key_.open); }

  test_support::TempFolder folder_;
  KeyPair key_;
};

// "file: what" for each, a line each.
inline std::string TextOf(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += finding.file + ": " + finding.what + "\n";
  return text;
}

}  // namespace reports
