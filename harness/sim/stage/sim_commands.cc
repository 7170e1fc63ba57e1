#include "harness/sim/stage/sim_commands.h"

#include <utility>
#include <vector>

#include "harness/runner/rollout_patches.h"

namespace drill::sim {

using gate::Error;
using gate::ErrorCode;

gate::Result<gate::ProcessOutput> SimCommands::Run(const gate::ProcessRequest& request,
                                                   const gate::Deadline& deadline) {
  if (!process_.AtSeam("process.run", Process::Moment::kBefore)) {
    return Error{ErrorCode::kCancelled, "the process was killed"};
  }
  const std::vector<std::string>& argv = request.argv;
  const bool known =
      argv.size() == 5 && argv[0] == "helm" && argv[1] == "rollback" && argv[3] == "--namespace";
  if (!known) return Error{ErrorCode::kNotFound, gate::CommandText(request) + ": no such program"};
  const gate::Instant end = runtime_.Now() + kTakes;
  if (end > deadline.at) return Error{ErrorCode::kDeadlineExceeded, "helm took too long"};
  if (runtime_.Sleep({end, deadline.stop}) == gate::WaitResult::kStopped) {
    return Error{ErrorCode::kCancelled, "helm was stopped"};
  }
  const auto done = HelmRollback(argv[2], argv[4], deadline);
  process_.AtSeam("process.run", Process::Moment::kAfter);
  if (!done) return gate::ProcessOutput{1, "", "Error: " + done.error().message + "\n"};
  return gate::ProcessOutput{0, "Rollback was a success! Happy Helming!\n", ""};
}

gate::Result<void> SimCommands::HelmRollback(const std::string& rollout, const std::string& ns,
                                             const gate::Deadline& deadline) {
  const gate::KubeRef ref{gate::kube::kRollouts, ns, rollout};
  const auto present = kube_.Get(ref, deadline);
  if (!present) return present.error();
  const auto sets = kube_.List(gate::kube::kReplicaSets, ns, {}, deadline);
  if (!sets) return sets.error();
  auto undo = UndoPatch(*present, sets->items);
  if (!undo) return std::move(undo).error();
  if (undo->patch.is_null()) return {};
  gate::Json patch = std::move(undo->patch);
  if (!undo->release.empty()) patch["metadata"]["labels"]["release-id"] = undo->release;
  auto patched = kube_.MergePatch(ref, patch, gate::KubeSubresource::kNone, deadline);
  if (!patched) return std::move(patched).error();
  return {};
}

}  // namespace drill::sim
