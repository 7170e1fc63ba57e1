#include "manifests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gate::lint {

std::string GoodRollout() {
  return R"(apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: demo
  namespace: shop
  labels:
    release-id: shop-1.5.0
spec:
  replicas: 10
  strategy:
    canary:
      maxSurge: 25%
      maxUnavailable: 25%
      steps:
        - setWeight: 20
        - analysis:
            templates:
              - templateName: evidence-gate
            args: &args20
              - {name: stage, value: "20"}
              - name: release-id
                valueFrom: {fieldRef: {fieldPath: "metadata.labels['release-id']"}}
              - name: pod-hash
                valueFrom: {podTemplateHashValue: Latest}
        - pause: {duration: 60}
        - setWeight: 50
        - analysis:
            templates:
              - templateName: evidence-gate
            args:
              - {name: stage, value: "50"}
              - name: release-id
                valueFrom: {fieldRef: {fieldPath: 'metadata.labels["release-id"]'}}
              - name: pod-hash
                valueFrom: {podTemplateHashValue: Latest}
        - setWeight: 80
        - pause: {duration: 60}
  template:
    metadata:
      labels:
        release-id: shop-1.5.0
    spec:
      containers:
        - name: demo
          image: demo:1.5.0
          readinessProbe:
            periodSeconds: 5
            httpGet: {path: /, port: 8080}
)";
}

std::string GoodJobTemplate() {
  return R"(apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: evidence-gate
  namespace: shop
spec:
  args:
    - name: release-id
    - name: stage
    - name: pod-hash
  metrics:
    - name: evidence
      count: 1
      failureLimit: 0
      provider:
        job:
          spec:
            backoffLimit: 0
            activeDeadlineSeconds: 360
            ttlSecondsAfterFinished: 300
            template:
              spec:
                restartPolicy: Never
                containers:
                  - name: gate
                    image: rollout-gate:1
                    args:
                      - evaluate
                      - --config=/etc/rollout-gate/gate.yaml
                      - --release-id={{args.release-id}}
                      - --stage={{ args.stage }}
                      - --pod-hash={{args.pod-hash}}
                      - --mc-token-file=/var/run/secrets/mc/token
                    volumeMounts:
                      - {name: token, mountPath: /var/run/secrets/mc}
                      - {name: config, mountPath: /etc/rollout-gate}
                volumes:
                  - name: token
                    secret: {secretName: mc-token}
                  - name: config
                    configMap: {name: rollout-gate}
)";
}

std::string GoodWebTemplate() {
  return R"(apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: evidence-gate
  namespace: shop
spec:
  args:
    - name: release-id
    - name: stage
    - name: pod-hash
    - name: token
      valueFrom: {secretKeyRef: {name: gate-caller, key: token}}
  metrics:
    - name: evidence
      count: 1
      successCondition: result == "pass"
      failureCondition: result == "fail"
      provider:
        web:
          url: https://rollout-gate.rollout-gate.svc:8443/v1/verdicts
          method: POST
          timeoutSeconds: 40
          jsonPath: "{$.verdict}"
          headers:
            - {key: Authorization, value: "Bearer {{args.token}}"}
          jsonBody:
            release: "{{args.release-id}}"
            stage: "{{args.stage}}"
            podHash: "{{args.pod-hash}}"
)";
}

std::string Edited(const std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at == std::string::npos) return text;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << "more than once: " << from;
  return std::string(text).replace(at, from.size(), to);
}

std::vector<std::string> Found(const Report& report) {
  std::vector<std::string> found;
  for (const Finding& each : report.findings) {
    found.push_back(
        fmt::format("{} {}:{}", InfoOf(each.rule).id, each.place.line, each.place.column));
  }
  return found;
}

std::vector<std::string> RulesFound(const Report& report) {
  std::vector<std::string> found;
  for (const Finding& each : report.findings) found.emplace_back(InfoOf(each.rule).id);
  return found;
}

Report LintBoth(const std::string& rollout, const std::string& analysis_template,
                const Options& options) {
  auto report = Lint({{"rollout.yaml", rollout}, {"template.yaml", analysis_template}}, options);
  EXPECT_TRUE(report) << report.error().message;
  return report ? *std::move(report) : Report();
}

}  // namespace gate::lint
