#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gate/base/result.h"
#include "gate/base/rng.h"
#include "gate/base/strict_json.h"
#include "gate/seams/deadline.h"
#include "gate/seams/kube_api.h"
#include "gate/seams/runtime.h"

namespace gate::record {

// A ConfigMap that several processes write.
struct ConfigMapPlace {
  std::string ns;
  std::string name;
  Json labels = Json::object();  // set with every write
};

// As the API server shows it; an empty object if there is none.
Result<Json> ReadConfigMap(KubeApi& kube, const ConfigMapPlace& place, const Deadline& deadline);

// Its `data`, or an empty object if it has none.
Json DataOf(const Json& config_map);

// The lines of one of its texts, without empty ones.
std::vector<std::string> Lines(const std::string& text);

// What is to be written, given what is there (`data`, a JSON object of texts; empty if there is no
// ConfigMap yet): the keys to set, null for those to remove. Nothing: all is well as it is. Called
// anew for each attempt, and after a write of which the answer was lost: it must recognise its own.
using ConfigMapEdit = std::function<std::optional<Json>(const Json& data)>;

// Reads the ConfigMap, edits it, and writes it with optimistic concurrency; creates it if needed.
// Lost races, 429 (Retry-After is honoured) and passing failures are tried again, with jitter from
// `rng`, until the deadline; what no retry can cure returns at once. Returns the ConfigMap as it is
// now.
//
// `seen` is the ConfigMap as it was shown before. It saves the reading, and is a lost race if it
// has changed since.
Result<Json> UpdateConfigMap(KubeApi& kube, Runtime& runtime, Rng& rng, const ConfigMapPlace& place,
                             const ConfigMapEdit& edit, const Deadline& deadline,
                             std::optional<Json> seen = std::nullopt);

}  // namespace gate::record
