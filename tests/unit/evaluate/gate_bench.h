#pragma once

#include <string>
#include <vector>

#include "gate/evaluate/config.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evaluate/question.h"
#include "gate/seams/log.h"
#include "tests/support/fake_files.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/fake_runtime.h"
#include "tests/support/memory_kube.h"
#include "tests/unit/evidence/signing.h"

namespace gate::evaluate {

class LinesInMemory : public LineSink {
 public:
  void Write(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

// A gate on a bench: production code, scripted answers of a real signer, virtual time.
class GateBench {
 public:
  GateBench();

  // Let MC's next answer be signed evidence for whatever is asked then; `change` may falsify it
  // before it is signed.
  using Change = std::function<void(Json& statement)>;
  void AnswerEvidence(bool ok, Change change = {});
  // Signed with a key that is not MC's, under MC's key id.
  void AnswerForgery();
  // MC is silent until the caller's deadline.
  void NeverAnswer();

  // The query value of a request that was sent.
  std::string Sent(std::size_t index, const std::string& name) const;

  // Another one for every run.
  Entropy NewEntropy() { return {std::string(32, 'k'), Rng(++runs_)}; }

  FakeRuntime runtime;
  FakeHttpClient http;
  FakeFiles files;
  evidence::KeyringCache keyrings;
  LinesInMemory log_lines;
  Log log;
  Config config;
  Question question;

 private:
  HttpResponse Sign(const HttpRequest& request, bool ok, const Change& change,
                    const evidence::testing::Signer& signer) const;

  evidence::testing::Signer mc_;
  evidence::testing::Signer rogue_;
  std::uint64_t runs_ = 0;
};

// The AnalysisRun of the Rollout "demo", and its Job "job-1".
inline const KubeRef kRun{kube::kAnalysisRuns, "shop", "demo-abc123-2-1"};
void PutGateJob(MemoryKube& kube);
// Where the gate keeps its verdicts about that Rollout.
inline const KubeRef kStatus{kube::kConfigMaps, "shop", "rollout-gate-demo"};

}  // namespace gate::evaluate
