#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/time.h"
#include "harness/fidelity/milestones.h"

namespace drill {

// Where two runs of a scenario first disagree in one track.
struct Difference {
  std::string track;
  std::size_t index = 0;  // of the entry, from 0
  // Nothing: this run has no more entries.
  std::optional<std::string> a;
  std::optional<std::string> b;
};

struct Agreement {
  std::string scenario;
  // Minor version of the real controller: "1.10". Of B's if both runs had one; "" if none had.
  std::string argo;
  enum class Status {
    kAgree,
    kDiffer,
    kOnlyInA,
    kOnlyInB,
    kOtherFile,  // the scenario's file was not the same, so that nothing was compared
  };
  Status status = Status::kAgree;
  std::size_t compared = 0;             // entries that are the same in both
  std::vector<Difference> differences;  // the first of each track
  // From the deployment to the last milestone; for information only.
  gate::Nanos lasted_a{0};
  gate::Nanos lasted_b{0};
};

// Both ordered by scenario, each scenario at most once, as LoadTraces gives them.
std::vector<Agreement> CompareTraces(const std::vector<MilestoneTrace>& a,
                                     const std::vector<MilestoneTrace>& b);

bool AllAgree(const std::vector<Agreement>& agreements);

// A table with a line per scenario, below each that differs where it does, and as the last line
// how many agree.
std::string RenderAgreements(const std::vector<Agreement>& agreements);

// "1.10" of "quay.io/argoproj/argo-rollouts:v1.10.1", of "v1.10.1" and of "1.10"; "" if the image's
// tag is no version.
std::string MinorVersion(std::string_view image);

}  // namespace drill
