#pragma once

#include <string>
#include <vector>

#include "harness/fidelity/milestones.h"

namespace drill {

// One aspect of a trace as a list of texts that has to be the same in all runs of a scenario.
struct Track {
  std::string name;
  std::vector<std::string> entries;
  // More may have happened that the cluster did not show: entries that are missing at the end say
  // nothing.
  enum class End { kComplete, kCut } end = End::kComplete;
};

// The comparable form of a trace: always the same tracks in the same order. What two runs on the
// same real controller do not agree about is left out here (tests/fidelity/README.md says what and
// why):
//
//   rollout    phases with their messages, steps with their weights, pauses, promotions. What
//              Progressing waits for is left out, as it follows single pods
//   progress   deployments, what the timeline did, aborts, restorations and promotions
//   replicas   how many were asked for (stable, canary, older) when the timeline did something and
//              when a pause was about to end by itself, and with how many were available at the end
//   analysis   the phases of each AnalysisRun, with their messages; for inline ones also how many
//              replicas were asked for when they were about to end by themselves
//   events     of the Rollout, without those of scaling
//   run events of each AnalysisRun, each once
//   jobs       how Jobs ended
//   verdicts   those of the gate that pass or fail
std::vector<Track> Tracks(const MilestoneTrace& trace);

}  // namespace drill
