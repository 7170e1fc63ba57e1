#include "tests/unit/evaluate/gate_bench.h"

#include "gate/base/digest.h"

namespace gate::evaluate {
namespace {

std::string QueryValue(const std::string& url, const std::string& name) {
  const std::string key = name + "=";
  std::size_t begin = url.find("?" + key);
  if (begin == std::string::npos) begin = url.find("&" + key);
  if (begin == std::string::npos) return "";
  begin += key.size() + 1;
  return url.substr(begin, url.find('&', begin) - begin);
}

std::string ReleaseIn(const std::string& url) {
  const std::string prefix = "/v1/evidence/";
  const std::size_t begin = url.find(prefix) + prefix.size();
  return url.substr(begin, url.find('?') - begin);
}

}  // namespace

GateBench::GateBench()
    : log(log_lines, runtime, LogFormat::kJson),
      mc_(evidence::testing::Signer::Ed25519()),
      rogue_(evidence::testing::Signer::Ed25519()) {
  files.Put("/token", "s3cret-token\n");
  files.Put("/keyring.yaml", evidence::testing::KeyringYaml({evidence::testing::KeyEntry(
                                 "mc-1", "ed25519", mc_.PublicPem())}));
  config.environment = "staging";
  config.mc.url = "https://mc.example";
  config.mc.token_file = "/token";
  config.mc.keyring_file = "/keyring.yaml";
  question.release_id = "shop-1.5.0";
  question.stage = "20";
  question.ns = "shop";
  question.rollout = "demo";
  question.pod_hash = "abc123";
}

HttpResponse GateBench::Sign(const HttpRequest& request, bool ok, const Change& change,
                             const evidence::testing::Signer& signer) const {
  const std::string release = ReleaseIn(request.url);
  const WallTime now = const_cast<FakeRuntime&>(runtime).WallNow();
  Json statement = {
      {"_type", "https://in-toto.io/Statement/v1"},
      {"subject", {{{"name", release}, {"digest", {{"sha256", Sha256Hex(release)}}}}}},
      {"predicateType", "urn:rollout-gate:evidence:v1"},
      {"predicate",
       {{"evidenceOk", ok},
        {"reasons", {"error rate 7 % above 1 %"}},
        {"environment", QueryValue(request.url, "environment")},
        {"stage", QueryValue(request.url, "stage")},
        {"nonce", QueryValue(request.url, "nonce")},
        {"issuedAt", FormatRfc3339(now)},
        {"expiresAt", FormatRfc3339(now + std::chrono::minutes(5))}}}};
  if (change) change(statement);
  HttpResponse response;
  response.status = 200;
  response.body = evidence::testing::AnEnvelope(statement.dump(), {{"mc-1", signer}}).dump();
  return response;
}

void GateBench::AnswerEvidence(bool ok, Change change) {
  http.Handle([this, ok, change](const HttpRequest& request, const Deadline&) {
    return Sign(request, ok, change, mc_);
  });
}

void GateBench::AnswerForgery() {
  http.Handle([this](const HttpRequest& request, const Deadline&) {
    return Sign(request, /*ok=*/true, {}, rogue_);
  });
}

void GateBench::NeverAnswer() {
  http.Handle(
      [this](const HttpRequest&, const Deadline& deadline) -> Result<HttpResponse, HttpError> {
        if (runtime.Sleep(deadline) == WaitResult::kStopped) {
          return HttpError{HttpErrorKind::kCancelled, "stopped"};
        }
        return HttpError{HttpErrorKind::kTimeout, "no answer"};
      });
}

std::string GateBench::Sent(std::size_t index, const std::string& name) const {
  return QueryValue(http.sent().at(index).request.url, name);
}

void PutGateJob(MemoryKube& kube) {
  kube.Put(
      {kube::kJobs, "shop", "job-1"},
      {{"kind", "Job"},
       {"metadata",
        {{"ownerReferences", {{{"kind", "AnalysisRun"}, {"name", kRun.name}, {"uid", "u1"}}}}}}});
  kube.Put(kRun,
           {{"kind", "AnalysisRun"},
            {"metadata",
             {{"ownerReferences", {{{"kind", "Rollout"}, {"name", "demo"}, {"uid", "u2"}}}}}}});
}

}  // namespace gate::evaluate
