#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/base/time.h"
#include "gate/lint/objects.h"

// Which metrics are the gate, and what they ask it.
namespace gate::lint {

enum class GateKind { kNone, kWeb, kJob };

// kWeb: a web metric whose URL has the path /v1/verdicts. kJob: a Job with a container that runs
// `rollout-gate evaluate`, by name or as the image's own program, perhaps through a shell.
GateKind GateKindOf(const Metric& metric);

// The container of a Job that runs the gate; null if none does.
const Container* GateContainer(const JobProvider& job);

// The parts of a URL that matter. Empty for what is not there.
struct UrlParts {
  std::string scheme;
  std::string host;  // lower case, without port
  std::string path;  // without trailing slashes
};
UrlParts SplitUrl(std::string_view url);

// A host that only a cluster's own name service resolves: a single label, NAME.NAMESPACE.svc, or
// that with the cluster's domain after it.
bool IsInCluster(std::string_view host);

// The words of a container's command line, a shell's command text taken apart.
std::vector<Text> Words(const Container& container);
// The value of "--flag=value" or "--flag value".
std::optional<Text> FlagValue(const Container& container, std::string_view flag);

// What the gate is asked, with {{args...}} in it.
struct Question {
  std::optional<Text> release_id;
  std::optional<Text> stage;
  std::optional<Text> pod_hash;
};
Question QuestionOf(const Metric& gate);

// What a text of a template becomes.
struct Source {
  enum class Kind { kText, kField, kLatestHash, kStableHash, kSecret, kUnknown } kind;
  std::string text;  // kText, or the path of kField
  Place place;       // where that is written
};

// The values of a template's arguments in one use of it: those given, else those declared.
class ArgumentValues {
 public:
  ArgumentValues(const std::vector<Argument>& declared, const std::vector<Argument>& given);

  // A text that is one argument and nothing else takes its source. kUnknown: an argument that has
  // no value, or something else than a text inside a longer one.
  Source Resolve(const Text& text) const;
  // Declared arguments that have no value.
  std::vector<std::string> Missing() const;

 private:
  std::map<std::string, Argument> values_;
};

// The names of the arguments in a text: "x" of "{{args.x}}".
std::vector<std::string> ArgumentsIn(std::string_view text);

// How long the gate in this container holds a rollout (timing.hold): from its flags, its
// environment, or the configuration file if its ConfigMap is among the objects.
std::optional<Nanos> HoldOf(const Container& gate, const JobProvider& job, const std::string& ns,
                            const std::vector<ConfigMap>& config_maps);

}  // namespace gate::lint
