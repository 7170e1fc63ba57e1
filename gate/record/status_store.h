#pragma once

#include <string>

#include "gate/audit/chain.h"
#include "gate/base/result.h"
#include "gate/base/rng.h"
#include "gate/base/strict_json.h"
#include "gate/record/config_map.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"

namespace gate::record {

// Which Rollout's status.
struct StatusKey {
  std::string ns;
  std::string rollout;
};

// The name of the status ConfigMap: "rollout-gate-<rollout>".
std::string StatusConfigMapName(const std::string& rollout);

// Where it is, with the labels by which all of them are found: "rollout-gate/rollout" names it.
ConfigMapPlace StatusPlace(const StatusKey& key);

// The verdicts of one Rollout, kept in a ConfigMap beside it, with these data keys:
//   stage-<stage>  the last record of that stage
//   history        the last records of all stages, one JSON text a line, oldest first (bounded)
//   audit-head     "<seq> <hash>" of the last record
// The records form one hash chain per Rollout across all processes that ever judged it.
class StatusStore {
 public:
  // `rng` spreads the retries of writers that collide.
  StatusStore(KubeApi& kube, Runtime& runtime, Rng rng)
      : kube_(kube), runtime_(runtime), rng_(rng) {}

  // Seals `record` onto the Rollout's chain and stores it, exactly once even if a write's answer is
  // lost. `record` must have `stage`, and `id`, unique to it. Lost races, 429 and passing failures
  // are retried until the deadline; what no retry can cure returns at once.
  Result<audit::SealedRecord> Append(const StatusKey& key, const Json& record,
                                     const Deadline& deadline);

 private:
  KubeApi& kube_;
  Runtime& runtime_;
  Rng rng_;
};

// What a status ConfigMap holds after `record` was added to what it held before (`data`, its JSON
// object of texts; may be empty). Pure. If the chain found there is unreadable, a new one is begun
// and the record says so with `chainReset: true`.
struct StatusUpdate {
  Json data;  // the keys to write
  audit::SealedRecord sealed;
};
StatusUpdate AddToStatus(const Json& data, Json record);

// The record with this `id` in the history, if it is there.
std::optional<Json> FindInHistory(const Json& data, const std::string& id);

}  // namespace gate::record
