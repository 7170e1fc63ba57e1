#include <fmt/format.h>

#include <algorithm>

#include "gate/lint/catalog.h"
#include "gate/lint/checks.h"
#include "gate/lint/gate_use.h"

namespace gate::lint {
namespace {

constexpr const char* kReleaseIdPath = "metadata.labels['release-id']";

// An inline analysis step that is, or may be, a gate.
struct GateStep {
  std::size_t index;
  const Step* step;
  Expanded expanded;
  std::optional<int> weight;  // of the last setWeight before it
  bool adjacent = false;      // to that
};

class StepCheck {
 public:
  StepCheck(const Rollout& rollout, const Context& context)
      : rollout_(rollout), context_(context), report_(rollout.identity, context.findings) {}

  void Run() {
    CollectGates();
    if (OnlyInBackground()) return;
    for (const int weight : context_.options.gates) CheckWeight(weight);
    for (const GateStep& gate : gates_) CheckQuestions(gate);
  }

 private:
  void CollectGates() {
    std::optional<int> weight;
    for (std::size_t i = 0; i < rollout_.steps.size(); ++i) {
      const Step& step = rollout_.steps[i];
      if (step.kind == Step::Kind::kSetWeight) weight = step.weight;
      if (step.kind != Step::Kind::kAnalysis) continue;
      GateStep gate{i, &step, Use(step.analysis), weight, false};
      gate.adjacent = i > 0 && rollout_.steps[i - 1].kind == Step::Kind::kSetWeight;
      if (gate.expanded.MayHaveGate()) gates_.push_back(std::move(gate));
    }
  }

  // Puts the templates of an analysis in and checks the use itself.
  Expanded Use(const Analysis& analysis) {
    Expanded expanded =
        Expand(analysis.templates, rollout_.identity.ns, context_.objects.templates);
    for (const TemplateRef& ref : expanded.missing) {
      if (!IsOneOf(ref, analysis.templates)) continue;  // a template refers to it: found there
      report_.Add(
          Rule::kTemplateMissing, ref.place,
          fmt::format("{} \"{}\" is not among the files",
                      ref.cluster_scope ? "ClusterAnalysisTemplate" : "AnalysisTemplate", ref.name),
          "give its file too, or correct the name, clusterScope or namespace");
    }
    CheckArguments(analysis, expanded);
    std::vector<const Metric*> metrics;
    for (const MetricUse& use : expanded.metrics) metrics.push_back(use.metric);
    CheckDryRun(analysis.dry_run, metrics, expanded.missing.empty(), report_);
    return expanded;
  }

  static bool IsOneOf(const TemplateRef& ref, const std::vector<TemplateRef>& refs) {
    return std::any_of(refs.begin(), refs.end(),
                       [&](const TemplateRef& each) { return each.place == ref.place; });
  }

  // argo R31
  void CheckArguments(const Analysis& analysis, const Expanded& expanded) {
    for (const AnalysisTemplate* each : expanded.templates) {
      for (const std::string& name : ArgumentValues(each->args, analysis.args).Missing()) {
        report_.Add(Rule::kArgumentMissing, analysis.place,
                    fmt::format("argument \"{}\" of template \"{}\" has no value", name,
                                each->identity.name),
                    "give it under args; without it the Rollout is InvalidSpec and hangs");
      }
    }
  }

  bool OnlyInBackground() {
    if (!rollout_.background) return false;
    const Expanded background = Use(*rollout_.background);
    if (!background.HasGate() || !gates_.empty()) return false;
    report_.Add(Rule::kGateBackground, rollout_.background->place,
                "the gate is background analysis only, which a canary can overtake: an "
                "inconclusive verdict stops neither timed pauses nor full promotion",
                fmt::format("make it an analysis step directly after setWeight {}",
                            fmt::join(context_.options.gates, " and ")));
    return true;
  }

  void CheckWeight(int weight) {
    const auto gate = std::find_if(gates_.begin(), gates_.end(),
                                   [&](const GateStep& each) { return each.weight == weight; });
    if (gate == gates_.end()) return ReportMissing(weight);
    if (!gate->adjacent) {
      report_.Add(Rule::kGateNotAdjacent, gate->step->place,
                  fmt::format("other steps stand between setWeight {} and its gate", weight),
                  "move the gate directly behind setWeight, and pauses behind the gate");
    }
    for (std::size_t i = 0; i < gate->index; ++i) {
      const Step& step = rollout_.steps[i];
      if (step.kind != Step::Kind::kSetWeight || step.weight <= weight) continue;
      report_.Add(
          Rule::kGateLate, step.place,
          fmt::format("setWeight {} comes before the gate at {} has passed", step.weight, weight),
          "move it behind that gate");
    }
  }

  void ReportMissing(int weight) {
    const auto step =
        std::find_if(rollout_.steps.begin(), rollout_.steps.end(), [&](const Step& each) {
          return each.kind == Step::Kind::kSetWeight && each.weight == weight;
        });
    const bool has_step = step != rollout_.steps.end();
    report_.Add(Rule::kGateMissing, has_step ? step->place : rollout_.strategy,
                has_step ? fmt::format("no gate follows setWeight {}", weight)
                         : fmt::format("there is no setWeight {} with a gate behind it", weight),
                fmt::format("add an analysis step with the gate's template directly after "
                            "setWeight {}",
                            weight));
  }

  void CheckQuestions(const GateStep& gate) {
    for (const MetricUse& use : gate.expanded.metrics) {
      if (GateKindOf(*use.metric) == GateKind::kNone) continue;
      const ArgumentValues values(use.analysis_template->args, gate.step->analysis.args);
      const Question question = QuestionOf(*use.metric);
      CheckStage(gate, question, values);
      CheckRelease(gate, question, values);
      CheckPodHash(gate, question, values);
    }
  }

  void CheckStage(const GateStep& gate, const Question& question, const ArgumentValues& values) {
    if (!gate.weight) return;  // which weight it is for, nobody can say
    if (!question.stage) {
      report_.Add(Rule::kGateStage, gate.step->place, "the gate is not told its stage",
                  fmt::format("pass \"{}\" as stage", *gate.weight));
      return;
    }
    const Source stage = values.Resolve(*question.stage);
    if (stage.kind == Source::Kind::kUnknown) return;  // argument-missing says so
    if (stage.kind == Source::Kind::kText && stage.text == std::to_string(*gate.weight)) return;
    report_.Add(Rule::kGateStage, stage.place,
                stage.kind == Source::Kind::kText
                    ? fmt::format("the gate after setWeight {} asks about stage \"{}\"",
                                  *gate.weight, stage.text)
                    : fmt::format("the stage of the gate after setWeight {} is no plain value",
                                  *gate.weight),
                fmt::format("pass \"{}\" as stage", *gate.weight));
  }

  void CheckRelease(const GateStep& gate, const Question& question, const ArgumentValues& values) {
    const std::string fix =
        fmt::format("pass an argument with valueFrom.fieldRef.fieldPath {}", kReleaseIdPath);
    if (!question.release_id) {
      report_.Add(Rule::kReleaseIdSource, gate.step->place, "the gate is not told the release id",
                  fix);
      return;
    }
    const Source release = values.Resolve(*question.release_id);
    if (release.kind == Source::Kind::kUnknown) return;  // argument-missing says so
    std::string path = release.text;
    std::replace(path.begin(), path.end(), '"', '\'');
    if (release.kind == Source::Kind::kField && path == kReleaseIdPath) return;
    report_.Add(Rule::kReleaseIdSource, release.place,
                release.kind == Source::Kind::kText
                    ? fmt::format("the gate is always asked about \"{}\"", release.text)
                    : "the release id does not come from the Rollout's label release-id",
                fix);
  }

  void CheckPodHash(const GateStep& gate, const Question& question, const ArgumentValues& values) {
    constexpr const char* kFix = "pass an argument with valueFrom.podTemplateHashValue: Latest";
    if (!question.pod_hash) {
      report_.Add(Rule::kPodHashSource, gate.step->place,
                  "the gate is not told the canary's pod template hash", kFix);
      return;
    }
    const Source hash = values.Resolve(*question.pod_hash);
    if (hash.kind == Source::Kind::kLatestHash || hash.kind == Source::Kind::kUnknown) return;
    report_.Add(Rule::kPodHashSource, hash.place,
                hash.kind == Source::Kind::kStableHash
                    ? "the gate is told the pod template hash of the stable version"
                    : "the pod template hash is not that of the canary",
                kFix);
  }

  const Rollout& rollout_;
  const Context& context_;
  Reporter report_;
  std::vector<GateStep> gates_;
};

}  // namespace

void CheckSteps(const Rollout& rollout, const Context& context) {
  StepCheck(rollout, context).Run();
}

}  // namespace gate::lint
