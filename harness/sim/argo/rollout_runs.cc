// The AnalysisRuns of a Rollout (argo R22 to R32).

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "harness/sim/argo/names.h"
#include "harness/sim/argo/rollout_sync.h"
#include "harness/sim/kube/fields.h"

namespace drill::sim::argo {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Json;
using gate::Result;

// A name is given up after this many collisions.
constexpr int kMostCollisions = 1000;

void PutText(StringMap& map, std::string_view key, std::string value) {
  map.insert_or_assign(std::string(key), std::move(value));
}

}  // namespace

ObjectPtr RolloutSync::FindTemplateOf(const TemplateRef& ref) const {
  return ref.cluster_scope ? env_.cluster_templates.Get("", ref.name)
                           : env_.templates.Get(rollout_->meta.ns, ref.name);
}

// argo R22; 1.9 does not look at whether it is promoted.
bool RolloutSync::CancelsRuns() const {
  const bool initial = status_.stable_hash.empty();
  if (pause_.IsAborted(status_) || status_.promote_full || initial) return true;
  if (Is1_10()) return status_.FullyPromoted() || IsFastRollback();
  return (new_ && HasScaleDownDeadline(*new_)) || IsWithinRollbackWindow();
}

Result<void> RolloutSync::ReconcileRuns() {
  const bool cancels = CancelsRuns();
  if (cancels) {
    std::vector<RunView> runs;
    if (step_run_) runs.push_back(*step_run_);
    if (background_run_) runs.push_back(*background_run_);
    if (!Is1_10()) {
      // 1.9 keeps pointing at them (argo R26), and looks at nothing else then.
      runs.insert(runs.end(), other_runs_.begin(), other_runs_.end());
      Mirror();
      return Cancel(runs);
    }
    if (auto done = Cancel(runs); !done) return done;
    step_run_.reset();
    background_run_.reset();
  } else if (auto done = ReconcileCurrentRuns(); !done) {
    return done;
  }
  Mirror();
  // A stale cache may hold the runs just made or found among the others.
  std::erase_if(other_runs_, [this](const RunView& run) {
    const auto is = [&run](const std::optional<RunView>& current) {
      return current && current->object->meta.name == run.object->meta.name;
    };
    return is(step_run_) || is(background_run_);
  });
  if (auto done = Cancel(other_runs_); !done) return done;
  if (auto done = DeleteOldRuns(other_runs_); !done) return done;
  ReportRunChanges();
  return {};
}

Result<void> RolloutSync::ReconcileCurrentRuns() {
  auto step = StepRun();
  if (!step) return std::move(step).error();
  step_run_ = std::move(*step);
  auto background = BackgroundRun();
  if (!background) return std::move(background).error();
  background_run_ = std::move(*background);
  return {};
}

// argo R25
bool RolloutSync::NeedsNewRun(const std::optional<RunView>& run) const {
  if (!run) return true;
  // Somebody cleared the pause that an inconclusive run had caused.
  if (status_.controller_pause && !status_.HasPause(kCanaryPauseStep)) {
    return run->phase == AnalysisPhase::kInconclusive;
  }
  return status_.aborted_at.has_value();
}

// argo R23, R24: what the run's end means for the Rollout.
void RolloutSync::Heed(const RunView& run, const std::string& what) {
  if (run.phase == AnalysisPhase::kInconclusive) pause_.AddPause(kInconclusiveAnalysis);
  if (run.phase != AnalysisPhase::kError && run.phase != AnalysisPhase::kFailed) return;
  std::string message = what + " analysis phase error/failed";
  if (!run.message.empty()) message += ": " + run.message;
  pause_.AddAbort(std::move(message));
}

// argo R23
Result<std::optional<RunView>> RolloutSync::StepRun() {
  if (!status_.pause_conditions.empty() || status_.abort) return step_run_;
  const CanaryStep* step = CurrentStep(*spec_, status_);
  const bool analysis = step != nullptr && step->kind == CanaryStep::Kind::kAnalysis &&
                        !step->analysis.templates.empty();
  const std::string index = analysis ? std::to_string(*StepIndex(*spec_, status_)) : std::string();
  const bool of_other_step =
      analysis && step_run_ && step_run_->object->meta.Label(kStepIndexLabel) != index;
  if (!analysis || of_other_step) {
    if (step_run_) {
      if (auto done = Cancel({*step_run_}); !done) return std::move(done).error();
    }
    return std::optional<RunView>();
  }
  if (NeedsNewRun(step_run_)) {
    StringMap labels{{std::string(kRolloutTypeLabel), "Step"},
                     {std::string(kStepIndexLabel), index}};
    auto run = CreateRun(step->analysis, index, std::move(labels));
    if (!run) return std::move(run).error();
    return std::optional(std::move(*run));
  }
  Heed(*step_run_, "Step-based");
  return step_run_;
}

// argo R24
Result<std::optional<RunView>> RolloutSync::BackgroundRun() {
  if (!spec_->background || spec_->background->templates.empty()) {
    if (background_run_) {
      if (auto done = Cancel({*background_run_}); !done) return std::move(done).error();
    }
    return std::optional<RunView>();
  }
  const auto index = StepIndex(*spec_, status_);
  const auto& starting = spec_->background->starting_step;
  const bool before_start = starting && index && *index < *starting;
  if (status_.FullyPromoted() || status_.stable_hash.empty() || status_.current_pod_hash.empty() ||
      before_start) {
    return std::optional<RunView>();
  }
  if (status_.HasPause(kInconclusiveAnalysis)) return background_run_;
  if (NeedsNewRun(background_run_)) {
    auto run = CreateRun(*spec_->background, "", {{std::string(kRolloutTypeLabel), "Background"}});
    if (!run) return std::move(run).error();
    return std::optional(std::move(*run));
  }
  Heed(*background_run_, "Background");
  return background_run_;
}

// argo R28, R29
Result<RunView> RolloutSync::CreateRun(const AnalysisSpec& analysis, const std::string& infix,
                                       StringMap labels) {
  if (!new_) return Error{ErrorCode::kUnavailable, "there is no ReplicaSet yet"};
  auto args =
      ResolveRolloutArgs(analysis.args, {stable_ ? stable_->hash : "", new_->hash}, *rollout_);
  if (!args) return std::move(args).error();
  auto templates = CollectTemplates(
      analysis.templates, [this](const TemplateRef& ref) { return FindTemplateOf(ref); },
      "spec.templates");
  if (!templates) return std::move(templates).error();
  auto spec = FlattenTemplates(*templates, *args, analysis);
  if (!spec) return std::move(spec).error();

  const std::string& revision = rollout_->meta.Annotation(kRevision);
  Object run{Type::kAnalysisRun, {}, nullptr, nullptr, nullptr};
  run.meta.ns = rollout_->meta.ns;
  run.meta.name = fmt::format("{}-{}-{}", rollout_->meta.name, new_->hash, revision);
  if (!infix.empty()) run.meta.name += "-" + infix;
  PutText(labels, kPodHashLabel, new_->hash);
  if (const std::string& id = rollout_->meta.Label(kInstanceIdLabel); !id.empty()) {
    PutText(labels, kInstanceIdLabel, id);
  }
  for (const auto& [key, value] : analysis.labels) PutText(labels, key, value);
  for (const auto& [key, value] : spec_->selector) PutText(labels, key, value);
  run.meta.labels = std::move(labels);
  PutText(run.meta.annotations, kRevision, revision);
  for (const auto& [key, value] : analysis.annotations) PutText(run.meta.annotations, key, value);
  run.meta.owners.push_back(
      {std::string(kApiVersion), "Rollout", rollout_->meta.name, rollout_->meta.uid, true});
  run.spec = Share(std::move(*spec));
  return CreateWithCollisions(std::move(run));
}

// argo R28: one of that name may be there: ours, or an earlier one.
Result<RunView> RolloutSync::CreateWithCollisions(Object run) {
  const std::string base = run.meta.name;
  for (int collision = 1; collision <= kMostCollisions; ++collision) {
    auto created = env_.api.Create(run);
    if (created) return ViewRun(std::move(*created));
    if (created.error().code != ErrorCode::kAlreadyExists) return std::move(created).error();
    auto known = env_.api.Get(Type::kAnalysisRun, run.meta.ns, run.meta.name);
    if (!known) return std::move(known).error();
    RunView view = ViewRun(std::move(*known));
    const OwnerReference* owner = view.object->meta.Controller();
    if (!IsCompleted(view.phase) && owner != nullptr && owner->uid == rollout_->meta.uid &&
        SameRunSpec(*run.spec, SpecOf(*view.object))) {
      return view;
    }
    run.meta.name = fmt::format("{}.{}", base, collision);
  }
  return Error{ErrorCode::kAlreadyExists, base + ": too many runs of this name"};
}

Result<void> RolloutSync::Cancel(const std::vector<RunView>& runs) {
  for (const RunView& run : runs) {
    if (IsCompleted(run.phase) || FlagOf(SpecOf(*run.object), "terminate")) continue;
    Json spec = SpecOf(*run.object);
    spec["terminate"] = true;
    auto patched = env_.api.Patch(run.object, Api::Field::kSpec, Share(std::move(spec)));
    if (!patched && patched.error().code != ErrorCode::kNotFound) {
      return std::move(patched).error();
    }
  }
  return {};
}

// argo R32
Result<void> RolloutSync::DeleteOldRuns(std::vector<RunView> runs) {
  std::set<std::string> living;  // the hashes of sets that stay
  for (const ReplicaSetPtr& set : sets_) {
    if (!set->object->meta.deleted) living.insert(set->hash);
  }
  std::stable_sort(runs.begin(), runs.end(), [](const RunView& a, const RunView& b) {
    return a.object->meta.created > b.object->meta.created;
  });
  std::int32_t successful = 0;
  std::int32_t unsuccessful = 0;
  std::vector<RunView> gone;
  for (const RunView& run : runs) {
    const bool ok = run.phase == AnalysisPhase::kSuccessful;
    if (living.count(run.object->meta.Label(kPodHashLabel)) == 0) {
      gone.push_back(run);
    } else if (IsCompleted(run.phase)) {
      std::int32_t& kept = ok ? successful : unsuccessful;
      const std::int32_t limit = ok ? spec_->keep_successful_runs : spec_->keep_unsuccessful_runs;
      if (kept < limit) {
        ++kept;
      } else {
        gone.push_back(run);
      }
    }
  }
  return DeleteRuns(gone);
}

Result<void> RolloutSync::DeleteRuns(const std::vector<RunView>& runs) {
  for (const RunView& run : runs) {
    const Meta& meta = run.object->meta;
    if (meta.deleted) continue;
    auto deleted = env_.api.Delete(Type::kAnalysisRun, meta.ns, meta.name);
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return deleted;
  }
  return {};
}

// argo R26
void RolloutSync::Mirror() {
  const auto mirror = [](const std::optional<RunView>& run) -> std::optional<RunMirror> {
    if (!run) return std::nullopt;
    return RunMirror{run->object->meta.name, run->phase_text, run->message};
  };
  next_.step_run = mirror(step_run_);
  next_.background_run = mirror(background_run_);
}

// argo R83
void RolloutSync::ReportRunChanges() {
  const auto report = [this](const std::optional<RunMirror>& before,
                             const std::optional<RunView>& run, std::string_view type) {
    if (!run || run->phase_text.empty()) return;
    const std::string& name = run->object->meta.name;
    if (before && (before->name != name || before->phase == run->phase_text)) return;
    const bool bad = run->phase == AnalysisPhase::kFailed || run->phase == AnalysisPhase::kError;
    Event("AnalysisRun" + run->phase_text,
          fmt::format("{} Analysis Run '{}' Status New: '{}' Previous: '{}'", type, name,
                      run->phase_text, before ? before->phase : "NoPreviousStatus"),
          bad ? EventRecorder::Kind::kWarning : EventRecorder::Kind::kNormal);
  };
  report(status_.step_run, step_run_, "Step");
  report(status_.background_run, background_run_, "Background");
}

}  // namespace drill::sim::argo
