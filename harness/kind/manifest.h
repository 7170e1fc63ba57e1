#pragma once

#include <map>
#include <string>
#include <string_view>

#include "gate/base/result.h"
#include "gate/base/strict_json.h"
#include "gate/seams/kube_api.h"

namespace drill {

// What ${NAME} stands for in a manifest, by NAME (upper-case letters, digits, underscores).
using Placeholders = std::map<std::string, gate::Json>;

// One Kubernetes object, and where it goes.
struct Manifest {
  gate::KubeRef ref;
  gate::Json object;
};

// Reads one strict YAML document and replaces the placeholders in its scalars. This is done on the
// parsed tree and not on the text, so that no value can change the structure around it:
//   replicas: ${REPLICAS}        an unquoted scalar that is one placeholder becomes the value as it
//                                is: a number, a list, ...
//   name: "${NAME}", a${NAME}b   else the value must be text, a number or a boolean, and is
//                                inserted as text
// Unknown placeholders and all other mistakes are reported at once as file:line:column.
gate::Result<gate::Json> RenderYaml(std::string_view text, std::string_view file,
                                    const Placeholders& placeholders);

// The same for a manifest: the document must be a Kubernetes object of a kind that the drills use,
// with a name, and a namespace unless it is cluster-scoped.
gate::Result<Manifest> RenderManifest(std::string_view text, std::string_view file,
                                      const Placeholders& placeholders);

}  // namespace drill
