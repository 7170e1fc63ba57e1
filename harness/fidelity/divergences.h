#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/base/result.h"
#include "harness/fidelity/compare.h"

namespace drill {

// Where the simulator is known not to do what a real controller does.
struct Divergence {
  std::string scenario;
  std::string argo;    // minor version of the real controller: "1.10"
  std::string track;   // that differs (harness/fidelity/tracks.h)
  std::string reason;  // why it may
  std::string where;   // file:line:column
};

// A list in YAML, one element for each track of a scenario that differs:
//
//   - scenario: FID-101
//     argo: ["1.9", "1.10"]
//     track: events
//     reason: a sentence
//
// `file` is for messages. kInvalidArgument with a line for each mistake.
gate::Result<std::vector<Divergence>> ParseDivergences(std::string_view text,
                                                       const std::string& file);

// The same of a file; its errors are those of reports/file_io.h as well.
gate::Result<std::vector<Divergence>> LoadDivergences(const std::string& path);

// Where a comparison and the list do not go together, a line for each: a difference that is not
// listed, a listed one that is none (any more), and a scenario that could not be compared. None:
// the list tells the whole truth. Entries about scenarios or versions that do not occur in
// `agreements` do not matter.
std::vector<std::string> Contradictions(const std::vector<Agreement>& agreements,
                                        const std::vector<Divergence>& listed);

}  // namespace drill
