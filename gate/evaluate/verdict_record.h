#pragma once

#include <string>

#include "gate/base/rng.h"
#include "gate/base/strict_json.h"
#include "gate/base/trace.h"
#include "gate/evaluate/config.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evaluate/question.h"

namespace gate::evaluate {

enum class Mode {
  kEnforce,
  kDryRun,  // says what it would have said; nothing depends on it
};

// The circumstances of a verdict.
struct RunContext {
  std::string id;  // unique to this gate run
  std::string environment;
  std::string analysis_run;  // empty outside of a cluster
  TraceContext trace;
  WallTime decided_at;
  Nanos took{0};
  Mode mode = Mode::kEnforce;
};

// A new run's id and trace; the rest is filled in when the run has ended.
RunContext BeginRun(const Config& config, Mode mode, Rng& rng);

// The audit record of one verdict, before it is sealed into a chain. The fields are listed in
// docs/records.md; all texts are bounded, so a record is at most some 12 KiB.
Json VerdictRecord(const Question& question, const Evaluation& evaluation,
                   const RunContext& context);

// The same in short, for the annotations of the AnalysisRun.
Json VerdictAnnotations(const Question& question, const Evaluation& evaluation,
                        const RunContext& context);

// One line for people: "shop-1.5.0 may not go past 20 %: evidence-false: ...".
std::string VerdictSentence(const Question& question, const Evaluation& evaluation, Mode mode);

}  // namespace gate::evaluate
